#include "postrider/queue/report/report_field.h"

#include <string>

#include <gtest/gtest.h>

namespace postrider::queue {
namespace {

using protocol::Utf8;

TEST(CleanTextTest, IsOneLineWithoutControls) {
  EXPECT_EQ(clean_text(" a\r\n\t b\x01\x7F " + std::string(1, '\0'), Utf8::no), "a b?? ?");
  EXPECT_EQ(clean_text("caf\xC3\xA9 \xC3", Utf8::yes), "caf\xC3\xA9 ?");
  EXPECT_EQ(clean_text("caf\xC3\xA9", Utf8::no), "caf??");
  EXPECT_EQ(clean_text("\r\n \t", Utf8::no), "");
}

TEST(CleanTextTest, HasItsBounds) {
  const std::string text = clean_text(std::string(10'000, 'x'), Utf8::no);
  EXPECT_LE(text.size(), kMaxFieldText);
  EXPECT_EQ(text.find(' '), kMaxFieldWord);
  std::string wide;
  while (wide.size() < 10'000) wide += "\xF0\x9F\x98\x80";
  for (std::size_t shift = 0; shift < 4; ++shift) {
    const std::string cut = clean_text(std::string(shift, 'x') + wide, Utf8::yes);
    EXPECT_LE(cut.size(), kMaxFieldText);
    EXPECT_EQ(clean_text(cut, Utf8::yes), cut);
  }
}

TEST(CleanAddressTest, KeepsSpaces) {
  EXPECT_EQ(clean_address("\"a  b\"@example.org", Utf8::no), "\"a  b\"@example.org");
  EXPECT_EQ(clean_address("a\r\nb", Utf8::no), "a??b");
  EXPECT_EQ(clean_address(std::string(2'000, 'x'), Utf8::no).size(), kMaxFieldAddress);
}

TEST(FieldWriterTest, FoldsAtSpaces) {
  std::string out;
  FieldWriter fields(out, Utf8::no);
  fields.text("Name", std::string(30, 'a') + " " + std::string(60, 'b') + " c");
  EXPECT_EQ(out, "Name: " + std::string(30, 'a') + "\r\n " + std::string(60, 'b') + " c\r\n");
  out.clear();
  fields.text("Name", std::string(100, 'a'));
  EXPECT_EQ(out, "Name: " + std::string(100, 'a') + "\r\n");
  out.clear();
  fields.text("Name", "");
  EXPECT_EQ(out, "Name: \r\n");
}

TEST(WrapTest, BreaksLinesAtSpaces) {
  std::string out;
  wrap("one two three", "> ", 9, out);
  EXPECT_EQ(out, "> one two\r\n> three\r\n");
}

}  // namespace
}  // namespace postrider::queue
