#include "postrider/queue/content/seven_bit.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include <gtest/gtest.h>

namespace postrider::queue {
namespace {

// The converted message, or in brackets why not; the slices end at `cut`, and where they would be longer than
// `longest`.
std::string convert_sliced(std::string_view message, ContentTarget target, std::size_t cut,
                           std::size_t longest) {
  const auto sliced = [&](const auto& each) {
    for (std::size_t at = 0; at < message.size();) {
      const std::size_t end = std::min(at < cut ? cut : message.size(), at + longest);
      each(message.substr(at, end - at));
      at = std::min(end, message.size());
    }
  };
  SevenBitScan scan(target);
  sliced([&scan](std::string_view slice) { scan.put(slice); });
  auto plan = scan.finish();
  if (!plan) return "(" + std::string(to_string(plan.error())) + ")";
  const bool identity = plan->is_identity();
  SevenBitConverter converter(std::move(*plan));
  std::string out;
  sliced([&](std::string_view slice) { converter.put(slice, out); });
  converter.finish(out);
  EXPECT_TRUE(!identity || out == message);
  return out;
}

std::string convert(std::string_view message, ContentTarget target = ContentTarget::seven_bit) {
  const std::string out = convert_sliced(message, target, message.size(), message.size() + 1);
  for (std::size_t cut = 0; cut < message.size(); ++cut) {
    EXPECT_EQ(convert_sliced(message, target, cut, message.size() + 1), out) << "cut at " << cut;
  }
  EXPECT_EQ(convert_sliced(message, target, message.size(), 1), out) << "octet by octet";
  return out;
}

std::string refusal(ConversionRefusal refusal) { return "(" + std::string(to_string(refusal)) + ")"; }

TEST(SevenBitTest, LeavesAsciiAlone) {
  for (const std::string_view message :
       {std::string_view(""), std::string_view("\r\n"), std::string_view("Subject: a"),
        std::string_view("Subject: a\r\n\r\n--x\r\ntext"),
        std::string_view(
            "Content-Type: multipart/mixed; boundary=x\r\n\r\npreamble\r\n--x\r\n\r\none\r\n--x \t\r\n"
            "Content-Type: text/html\r\n\r\n--x--\r\nepilogue"),
        std::string_view("Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nA: b\r\n--x\r\nA: b"),
        std::string_view(
            "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n-\r\n--\r\n--y\r\n--x--y\r\n--x--"),
        std::string_view("A: b\r\nno field\r\n c\r\n\r\n.\r\n\r\n")}) {
    EXPECT_EQ(convert(message), message);
    EXPECT_EQ(convert(message, ContentTarget::eight_bit), message);
  }
}

TEST(SevenBitTest, LeavesEightBitAloneForWhoTakesIt) {
  const std::string message = "Content-Transfer-Encoding: 8bit\r\nSubject: \xC3\xA9\r\n\r\n\xC3\xA9\r\n";
  EXPECT_EQ(convert(message, ContentTarget::eight_bit), message);
}

TEST(SevenBitTest, MakesTextQuotedPrintable) {
  EXPECT_EQ(convert("MIME-Version: 1.0\r\nContent-Transfer-Encoding: 8bit\r\n"
                    "Content-Type: text/plain; charset=utf-8\r\nSubject: a\r\n\r\ncaf\xC3\xA9 = 1 \r\nend"),
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nSubject: a\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n\r\ncaf=C3=A9 =3D 1=20\r\nend");
}

TEST(SevenBitTest, SaysThatWhatHasNoMimeFieldsIsUnknown) {
  EXPECT_EQ(convert("Subject: a\r\n\r\n\xE9\r\n"),
            "Subject: a\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=unknown-8bit\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n\r\n=E9\r\n");
}

TEST(SevenBitTest, MakesOtherContentBase64) {
  EXPECT_EQ(
      convert(
          "MIME-Version: 1.0\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xFF\r\n"),
      "MIME-Version: 1.0\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n/w0K\r\n");
}

TEST(SevenBitTest, ConvertsPartsAndNotTheirMultipart) {
  EXPECT_EQ(
      convert("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"x y\"\r\n"
              "Content-Transfer-Encoding: 8bit\r\n\r\npre\xFF\r\n--x y\r\n\r\n\xFF\r\n--x y\r\n"
              "Content-Type: application/x\r\n\r\n\xFF\r\n--x y\r\nContent-Type: text/html\r\n"
              "Content-Transfer-Encoding: 8bit\r\n\r\n7 bits\r\n--x y--\r\n\xFF"),
      "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"x y\"\r\n"
      "Content-Transfer-Encoding: 7bit\r\n\r\npre?\r\n--x y\r\n"
      "Content-Type: text/plain; charset=unknown-8bit\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
      "=FF\r\n--x y\r\nContent-Type: application/x\r\nContent-Transfer-Encoding: base64\r\n\r\n/w==\r\n\r\n"
      "--x y\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: 7bit\r\n\r\n7 bits\r\n--x y--\r\n?");
}

// RFC 2046 5.2.1
TEST(SevenBitTest, GoesIntoMessagesInside) {
  EXPECT_EQ(
      convert("MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
              "Subject: inside\r\n\r\n\xFF\r\n"),
      "MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
      "Subject: inside\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=unknown-8bit\r\n"
      "Content-Transfer-Encoding: quoted-printable\r\n\r\n=FF\r\n");
}

// RFC 2046 5.1.5
TEST(SevenBitTest, KnowsThatADigestHasMessages) {
  EXPECT_EQ(convert("MIME-Version: 1.0\r\nContent-Type: multipart/digest; boundary=x\r\n\r\n--x\r\n\r\n"
                    "Subject: inside\r\nMIME-Version: 1.0\r\n\r\n\xFF\r\n--x--\r\n"),
            "MIME-Version: 1.0\r\nContent-Type: multipart/digest; boundary=x\r\n\r\n--x\r\n\r\n"
            "Subject: inside\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=unknown-8bit\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n\r\n=FF\r\n--x--\r\n");
}

TEST(SevenBitTest, EncodesAMessageInUtf8AsAWhole) {
  EXPECT_EQ(convert("MIME-Version: 1.0\r\nContent-Type: message/global\r\n\r\nSubject: \xC3\xA9\r\n\r\n"),
            "MIME-Version: 1.0\r\nContent-Type: message/global\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            "U3ViamVjdDogw6kNCg0K\r\n");
}

TEST(SevenBitTest, RefusesAHeaderWithEightBits) {
  EXPECT_EQ(convert("Subject: \xC3\xA9\r\n\r\ntext\r\n"), refusal(ConversionRefusal::eight_bit_header));
  EXPECT_EQ(
      convert("Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: a/b; name=\xC3\xA9\r\n"
              "\r\n--x--"),
      refusal(ConversionRefusal::eight_bit_header));
  EXPECT_EQ(status_of(ConversionRefusal::eight_bit_header), (protocol::EnhancedStatus{5, {6, 9}}));
}

TEST(SevenBitTest, LeavesWhatIsSignedAlone) {
  const std::string head =
      "Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n"
      "Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\nContent-Transfer-Encoding: 8bit\r\n\r\n";
  const std::string tail =
      "\r\n--s\r\nContent-Type: application/pgp-signature\r\n\r\nabc\r\n--s--\r\n--o\r\n\r\n";
  EXPECT_EQ(convert(head + "7 bits" + tail + "end\r\n--o--\r\n"),
            head + "7 bits" + tail + "end\r\n--o--\r\n");
  EXPECT_EQ(convert(head + "\xFF" + tail + "end\r\n--o--\r\n"), refusal(ConversionRefusal::signed_content));
  // Signed parts lie before and behind it; this one is none.
  EXPECT_NE(convert(head + "7 bits" + tail + "\xFF\r\n--o--\r\n").find("\r\n=FF\r\n--o--"),
            std::string::npos);
  EXPECT_EQ(status_of(ConversionRefusal::signed_content), (protocol::EnhancedStatus{5, {6, 3}}));
}

TEST(SevenBitTest, RefusesWhatIsNotEncodedAsItSays) {
  for (const char* encoding : {"base64", "quoted-printable", "x-uuencode"}) {
    EXPECT_EQ(convert("Content-Transfer-Encoding: " + std::string(encoding) + "\r\n\r\n\xFF\r\n"),
              refusal(ConversionRefusal::bad_encoding));
  }
}

TEST(SevenBitTest, RefusesWhatHasNoEncoding) {
  EXPECT_EQ(convert("Content-Type: message/partial; id=1; number=1\r\n\r\n\xFF\r\n"),
            refusal(ConversionRefusal::no_encoding));
}

// RFC 3030 3
TEST(SevenBitTest, MakesBinaryContentBase64) {
  for (const ContentTarget target : {ContentTarget::seven_bit, ContentTarget::eight_bit}) {
    EXPECT_EQ(convert("MIME-Version: 1.0\r\nContent-Type: text/plain\r\n"
                      "Content-Transfer-Encoding: binary\r\n\r\na\nb\rc" +
                          std::string(1, '\0') + "\r\n\r",
                      target),
              "MIME-Version: 1.0\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n"
              "YQpiDWMADQoN\r\n");
  }
  EXPECT_EQ(convert("MIME-Version: 1.0\r\nContent-Transfer-Encoding: binary\r\n\r\nline\xFF\r\n",
                    ContentTarget::eight_bit),
            "MIME-Version: 1.0\r\nContent-Transfer-Encoding: 8bit\r\n\r\nline\xFF\r\n");
}

TEST(SevenBitTest, BreaksLongLinesOfWhatHasNoLines) {
  const std::string head = "MIME-Version: 1.0\r\nContent-Type: text/plain\r\n";
  const std::string out = convert(
      head + "Content-Transfer-Encoding: binary\r\n\r\n" + std::string(1'200, 'x'), ContentTarget::eight_bit);
  EXPECT_EQ(out.find(std::string(77, 'x')), std::string::npos);
  EXPECT_NE(out.find("quoted-printable"), std::string::npos);
}

TEST(SevenBitTest, RefusesTooManyParts) {
  std::string message = "Content-Type: multipart/mixed; boundary=x\r\n\r\n";
  for (std::size_t part = 0; part < kMaxMimeParts; ++part) message += "--x\r\n\r\n";
  EXPECT_EQ(convert_sliced(message, ContentTarget::seven_bit, 0, 4096),
            refusal(ConversionRefusal::too_complex));
}

TEST(SevenBitTest, RefusesTooLongAHeader) {
  const std::string message = "A: " + std::string(kMaxPartHeader, 'x') + "\r\n\r\n";
  EXPECT_EQ(convert_sliced(message, ContentTarget::seven_bit, 0, 4096),
            refusal(ConversionRefusal::too_complex));
}

TEST(SevenBitTest, LooksIntoPartsAsDeepAsTheBound) {
  std::string message = "Content-Type: multipart/mixed; boundary=0\r\n\r\n";
  for (std::size_t level = 0; level <= kMaxMimeDepth; ++level) {
    message += "--" + std::to_string(level) +
               "\r\nContent-Type: multipart/mixed; boundary=" + std::to_string(level + 1) + "\r\n\r\n";
  }
  EXPECT_EQ(convert_sliced(message, ContentTarget::seven_bit, 0, 4096), message);
  EXPECT_EQ(convert_sliced(message + "\xFF", ContentTarget::seven_bit, 0, 4096),
            refusal(ConversionRefusal::too_complex));
}

// What comes out is lines of ASCII, whatever went in; and nothing is left to convert.
TEST(SevenBitTest, OfChangedMessagesIsSevenBitOrRefused) {
  const std::string message =
      "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\nContent-Transfer-Encoding: "
      "8bit\r\n\r\n--x\r\n"
      "Content-Type: multipart/alternative; boundary=y\r\n\r\n--y\r\n\r\ncaf\xC3\xA9\r\n--y\r\n"
      "Content-Type: text/html\r\n\r\n<p>\xC3\xA9\r\n--y--\r\n\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n"
      "Subject: a\r\n\r\n\xFF\r\n--x--\r\n";
  std::uint64_t random = 1;
  const auto next = [&random](std::size_t bound) {
    random = random * 6364136223846793005U + 1442695040888963407U;
    return static_cast<std::size_t>(random >> 33) % std::max<std::size_t>(bound, 1);
  };
  int converted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string changed = message;
    for (std::size_t change = next(4); change-- > 0;) {
      const std::size_t at = next(changed.size() + 1);
      const std::size_t kind = next(4);
      if (kind == 0 && at < changed.size()) changed[at] = static_cast<char>(next(256));
      if (kind == 1) changed.erase(at, 1 + next(30));
      if (kind == 2) changed.insert(at, changed.substr(next(changed.size()), next(40)));
      if (kind == 3) changed.resize(at);
    }
    const std::string out = convert_sliced(changed, ContentTarget::seven_bit, next(changed.size()), 4096);
    EXPECT_EQ(convert_sliced(changed, ContentTarget::seven_bit, 0, 1), out);
    if (out.starts_with('(')) continue;
    ++converted;
    for (const char c : out) ASSERT_LT(static_cast<unsigned char>(c), 128);
    ASSERT_EQ(convert_sliced(out, ContentTarget::seven_bit, 0, 4096), out);
  }
  EXPECT_GT(converted, 10'000);
}

}  // namespace
}  // namespace postrider::queue
