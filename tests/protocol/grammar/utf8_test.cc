#include "postrider/protocol/grammar/utf8.h"

#include <cstdint>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace postrider::protocol {
namespace {

// The encoding as RFC 3629 3 describes it, with no regard to which code points are allowed.
std::string encode(std::uint32_t code_point, std::size_t length) {
  std::string out(length, '\0');
  for (std::size_t i = length; i-- > 1;) {
    out[i] = static_cast<char>(0x80 | (code_point & 0x3F));
    code_point >>= 6;
  }
  const unsigned mark[] = {0, 0, 0xC0, 0xE0, 0xF0};
  out[0] = static_cast<char>(mark[length] | code_point);
  return out;
}

std::size_t shortest(std::uint32_t code_point) {
  return code_point < 0x80 ? 1 : code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
}

TEST(Utf8, EveryCodePointInItsShortestForm) {
  for (std::uint32_t code_point = 0; code_point <= 0x1FFFFF; ++code_point) {
    const bool valid = code_point <= 0x10FFFF && (code_point < 0xD800 || code_point > 0xDFFF);
    const std::string text = encode(code_point, shortest(code_point));
    ASSERT_EQ(utf8_sequence(text), valid ? text.size() : 0) << std::hex << code_point;
    if (valid) {
      ASSERT_EQ(utf8_code_point(text, text.size()), code_point);
    }
  }
}

TEST(Utf8, OverlongFormsAreRefused) {
  for (std::uint32_t code_point = 0; code_point < 0x10000; ++code_point) {
    for (std::size_t length = shortest(code_point) + 1; length <= 4; ++length) {
      ASSERT_EQ(utf8_sequence(encode(code_point, length)), 0u) << std::hex << code_point << " in " << length;
    }
  }
}

TEST(Utf8, ASequenceCutShortIsRefused) {
  for (const std::string_view text : {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x93\xAC"}) {
    EXPECT_EQ(utf8_sequence(text), text.size());
    for (std::size_t n = 0; n < text.size(); ++n) EXPECT_EQ(utf8_sequence(text.substr(0, n)), 0u) << n;
  }
}

TEST(Utf8, EveryTailIsLookedAt) {
  for (const std::string_view good : {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x93\xAC"}) {
    for (std::size_t i = 1; i < good.size(); ++i) {
      for (int o = 0; o < 256; ++o) {
        if (o >= 0x80 && o <= 0xBF) continue;
        std::string text(good);
        text[i] = static_cast<char>(o);
        EXPECT_EQ(utf8_sequence(text), 0u) << i << ": " << o;
      }
    }
  }
}

TEST(Utf8, WholeTexts) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("plain"));
  EXPECT_TRUE(is_utf8("p\xC3\xA5l@r\xC3\xA4ksm\xC3\xB6rg\xC3\xA5s"));
  EXPECT_FALSE(is_utf8("p\xC3"));
  EXPECT_FALSE(is_utf8("\xA9 alone"));
  EXPECT_FALSE(is_utf8("Latin-1: \xE9"));
  EXPECT_FALSE(is_utf8("\xED\xA0\x80"));  // a surrogate
}

}  // namespace
}  // namespace postrider::protocol
