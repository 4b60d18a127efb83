#include "postrider/protocol/grammar/xtext.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "postrider/tests/protocol/support/exact_copy.h"

namespace postrider::protocol {
namespace {

using namespace std::string_view_literals;
using testing::ExactCopy;

std::string encode(std::string_view octets) {
  std::string out;
  xtext_encode(octets, out);
  return out;
}

std::string encode_utf8(std::string_view utf8) {
  std::string out = "utf-8;";
  return utf8_address_encode(utf8, out) ? out : "refused, left " + out;
}

Result<std::string> decode_utf8(std::string_view text) {
  std::array<char, 512> buffer;
  const ExactCopy copy(text);
  const Result<std::string_view> decoded = utf8_address_decode(copy.view(), buffer);
  if (!decoded) return std::unexpected(decoded.error());
  return std::string(*decoded);
}

TEST(Xtext, EveryOctetThereAndBack) {
  std::string octets;
  for (int o = 0; o < 256; ++o) octets.push_back(static_cast<char>(o));
  const std::string encoded = encode(octets);
  EXPECT_TRUE(is_xtext(encoded));
  std::array<char, 1024> buffer;
  const Result<std::string_view> decoded = xtext_decode(ExactCopy(encoded).view(), buffer);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(*decoded, octets);
}

TEST(Xtext, Examples) {
  EXPECT_EQ(encode("e=mc2@example.com"), "e+3Dmc2@example.com");  // RFC 4954 5
  EXPECT_EQ(encode("user+tag"), "user+2Btag");
  EXPECT_EQ(encode("a b\r\n"), "a+20b+0D+0A");
  EXPECT_EQ(encode(""), "");
}

TEST(Xtext, AHexcharHasTwoUpperCaseDigits) {
  for (const std::string_view bad : {"+", "+4", "a+4", "+4a", "+aB", "+G0", "+0G", "+ 1", "a=b", "a b",
                                     "a\tb", "\x7F", "\xC3\xA9", "++2B"}) {
    std::array<char, 64> buffer;
    EXPECT_FALSE(is_xtext(ExactCopy(bad).view())) << bad;
    const Result<std::string_view> decoded = xtext_decode(bad, buffer);
    ASSERT_FALSE(decoded) << bad;
    EXPECT_EQ(decoded.error().code, Errc::bad_xtext);
  }
}

TEST(Xtext, TheErrorNamesTheOctet) {
  std::array<char, 64> buffer;
  EXPECT_EQ(xtext_decode("abc+4", buffer).error().offset, 3);
}

TEST(Xtext, TheRecogniserTakesWhatIsXtext) {
  for (const auto& [text, taken] : {std::pair("abc def"sv, "abc"sv),
                                    {"a+2Bb+4"sv, "a+2Bb"sv},
                                    {"+4"sv, ""sv},
                                    {"="sv, ""sv},
                                    {""sv, ""sv}}) {
    const ExactCopy copy(text);
    Cursor cursor(copy.view());
    EXPECT_EQ(xtext(cursor), taken);
    EXPECT_EQ(cursor.offset(), taken.size());
  }
}

TEST(Xtext, ABufferThatMightBeTooSmallIsRefused) {
  std::array<char, 2> buffer;
  EXPECT_FALSE(xtext_decode("abc", buffer));
  EXPECT_FALSE(utf8_address_decode("abc", buffer));
}

TEST(Utf8Address, Forms) {
  // RFC 6533 3: utf-8-addr-xtext, utf-8-addr-unitext, and both mixed.
  EXPECT_EQ(decode_utf8("user@example.org"), "user@example.org");
  EXPECT_EQ(decode_utf8("\\x{E5}@example.org"), "\xC3\xA5@example.org");
  EXPECT_EQ(decode_utf8("\xC3\xA5@example.org"), "\xC3\xA5@example.org");
  EXPECT_EQ(decode_utf8("\xC3\xA5\\x{1F4EC}\\x{20AC}"), "\xC3\xA5\xF0\x9F\x93\xAC\xE2\x82\xAC");
  EXPECT_EQ(decode_utf8("a\\x{2B}b\\x{3D}c\\x{20}\\x{5C}"), "a+b=c \\");
  EXPECT_EQ(decode_utf8("\\x{10FFFF}"), "\xF4\x8F\xBF\xBF");
  EXPECT_EQ(decode_utf8("\\x{e5}"), "\xC3\xA5");  // some mail servers write lower case
}

TEST(Utf8Address, WhatIsNoHexpoint) {
  for (const std::string_view bad :
       {"",          "\\",        "\\x",         "\\x{",          "\\x{E5",       "\\x{}",    "\\x{5}",
        "\\x{41}",   "\\x{0A}",   "\\x{0D}",     "\\x{00}",       "\\x{1A}",      "\\x{0E5}", "\\x{00E5}",
        "\\x{D800}", "\\x{DFFF}", "\\x{110000}", "\\x{0010FFFF}", "\\x{1000000}", "\\x{G5}",  "\\y{E5}",
        "a+b",       "a=b",       "a b",         "\xC3",          "\xED\xA0\x80", "a\nb",     "\\x{7E}",
        "\\X{E5}"}) {
    EXPECT_FALSE(decode_utf8(bad)) << bad;
  }
}

TEST(Utf8Address, EveryCodePointThatMayBeEmbedded) {
  for (std::uint32_t code_point = 0x80; code_point <= 0x10FFFF; code_point += code_point < 0x1000 ? 1 : 251) {
    if (code_point >= 0xD800 && code_point <= 0xDFFF) continue;
    char form[16];
    std::snprintf(form, sizeof form, "\\x{%X}", code_point);
    const Result<std::string> decoded = decode_utf8(form);
    ASSERT_TRUE(decoded) << form;
    EXPECT_EQ(encode_utf8(*decoded), "utf-8;" + std::string(form));
  }
}

TEST(Utf8Address, Encodes) {
  EXPECT_EQ(encode_utf8("\xC3\xA5@r\xC3\xA4k.example"), "utf-8;\\x{E5}@r\\x{E4}k.example");
  EXPECT_EQ(encode_utf8("a+b"), "utf-8;a\\x{2B}b");
  EXPECT_EQ(encode_utf8(""), "utf-8;");
}

TEST(Utf8Address, RefusesToEncodeWhatCouldNotBeReadBack) {
  for (const std::string_view bad : {"ab\xC3"sv, "ab\r\n"sv, "ab\0"sv, "\xED\xA0\x80"sv}) {
    EXPECT_EQ(encode_utf8(bad), "refused, left utf-8;");
  }
}

}  // namespace
}  // namespace postrider::protocol
