#include "postrider/protocol/sasl/prepare.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace postrider::protocol::sasl {
namespace {

using namespace std::string_view_literals;

TEST(IsPrepared, TakesAsciiButControls) {
  EXPECT_TRUE(is_prepared(""));
  for (int c = 0; c < 128; ++c) {
    const std::string text = "a" + std::string(1, static_cast<char>(c)) + "b";
    EXPECT_EQ(is_prepared(text), c >= 0x20 && c != 0x7F) << c;
  }
}

TEST(IsPrepared, TakesOtherTextAsItIs) {
  for (const std::string_view text :
       {"pässwörd"sv, "пароль"sv, "密码"sv, "😀"sv, "\xC2\xA1"sv, "\xC2\xBA"sv}) {
    EXPECT_TRUE(is_prepared(text)) << text;
  }
}

TEST(IsPrepared, RefusesWhatSaslprepProhibitsOrMaps) {
  struct Row {
    std::string_view text;
    std::string_view what;
  };
  const Row rows[] = {
      {"\xC2\x80", "C1 control"},
      {"\xC2\x9F", "C1 control"},
      {"\xC2\xA0", "no-break space"},
      {"a\xC2\xAD", "soft hyphen"},
      {"\xE2\x80\x8B", "zero width"},
      {"\xE2\x80\xAE", "right-to-left override"},
      {"\xE3\x80\x80", "wide space"},
      {"\xEE\x80\x80", "private use"},
      {"\xEF\xB7\x90", "no character"},
      {"\xEF\xBB\xBF", "byte order mark"},
      {"\xEF\xBF\xBD", "replacement"},
      {"\xEF\xBF\xBE", "no character"},
      {"\xF0\x9F\xBF\xBE", "no character"},
      {"\xF3\xA0\x80\x81", "language tag"},
      {"\xF3\xB0\x80\x80", "private use"},
      {"\xF4\x8F\xBF\xBF", "no character"},
      {"\xCD\x8F", "grapheme joiner"},
      {"\xEF\xB8\x8F", "variation selector"},
      {"\xFF", "no UTF-8"},
      {"\xC0\xAF", "overlong"},
      {"\xED\xA0\x80", "surrogate"},
      {"a\xE2\x82", "cut short"},
  };
  for (const Row& row : rows) EXPECT_FALSE(is_prepared(row.text)) << row.what;
}

}  // namespace
}  // namespace postrider::protocol::sasl
