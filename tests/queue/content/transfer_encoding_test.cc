#include "postrider/queue/content/transfer_encoding.h"

#include <string>

#include <gtest/gtest.h>

#include "postrider/queue/content/transfer_decoding.h"

namespace postrider::queue {
namespace {

TEST(QuotedPrintableTest, KeepsTextReadable) {
  EXPECT_EQ(quoted_printable("A line, and another.\r\nEnd"), "A line, and another.\r\nEnd");
  EXPECT_EQ(quoted_printable("1 + 1 = 2\r\ncaf\xC3\xA9"), "1 + 1 =3D 2\r\ncaf=C3=A9");
}

TEST(QuotedPrintableTest, EncodesWhatRelaysChange) {
  EXPECT_EQ(quoted_printable("end \r\ntab\t\r\n"), "end=20\r\ntab=09\r\n");
  EXPECT_EQ(quoted_printable("last "), "last=20");
  EXPECT_EQ(quoted_printable(".\r\nFrom a\r\n--b\r\n"), "=2E\r\n=46rom a\r\n=2D-b\r\n");
}

TEST(QuotedPrintableTest, EncodesWhatIsNoLineEnd) {
  EXPECT_EQ(quoted_printable("a\nb\rc \r"), "a=0Ab=0Dc=20=0D");
}

TEST(QuotedPrintableTest, BreaksLongLines) {
  EXPECT_EQ(quoted_printable(std::string(80, 'x')), std::string(75, 'x') + "=\r\nxxxxx");
  EXPECT_EQ(quoted_printable(std::string(74, 'x') + "\xE9"), std::string(74, 'x') + "=\r\n=E9");
  EXPECT_EQ(quoted_printable(std::string(75, 'x') + "."), std::string(75, 'x') + "=\r\n=2E");
}

TEST(Base64LinesTest, HasLinesOf76Octets) {
  EXPECT_EQ(base64_lines(""), "");
  EXPECT_EQ(base64_lines("a"), "YQ==\r\n");
  const std::string line = "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4";
  EXPECT_EQ(base64_lines(std::string(57, 'x')), line + "\r\n");
  EXPECT_EQ(base64_lines(std::string(58, 'x')), line + "\r\neA==\r\n");
}

TEST(TransferDecodingTest, UndoesEncodingWhereverItIsCut) {
  std::string octets;
  for (int each = 0; each < 600; ++each) octets += static_cast<char>(each * 7);
  octets += "\r\n \r\n\t\r\n=\r\n\r\r\n\n";
  for (std::size_t cut = 0; cut <= octets.size(); ++cut) {
    QuotedPrintable quoted;
    Base64Lines base64;
    std::string text;
    std::string lines;
    for (const std::string_view slice :
         {std::string_view(octets).substr(0, cut), std::string_view(octets).substr(cut)}) {
      quoted.put(slice, text);
      base64.put(slice, lines);
    }
    quoted.finish(text);
    base64.finish(lines);
    EXPECT_EQ(text, quoted_printable(octets));
    EXPECT_EQ(lines, base64_lines(octets));
    EXPECT_EQ(decode_quoted_printable(text), octets);
    EXPECT_EQ(decode_base64(lines), octets);
  }
}

TEST(TransferDecodingTest, ReadsWhatIsWrittenWithoutCare) {
  EXPECT_EQ(decode_base64(" Y\nW*J=ignored"), "ab");
  EXPECT_EQ(decode_quoted_printable("a=3d  \nb=\nc=4=zz= \t\r\nd="), "a=\nbc=4=zzd");
}

}  // namespace
}  // namespace postrider::queue
