#include "postrider/protocol/grammar/line_text.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace postrider::protocol {
namespace {

using namespace std::string_view_literals;

TEST(LineText, ALiteralIsCheckedByTheCompiler) {
  constexpr LineText text = "RSET";
  static_assert(text == "RSET"sv && text.size() == 4 && !text.empty());
  static_assert(LineText().empty());
}

// CVE-2025-7962, CVE-2025-59419, CVE-2015-9096 and their relatives all began with a CR or LF in an argument.
TEST(LineText, WhatWouldBreakALineIsNoLineText) {
  for (const std::string_view bad : {"a\rb"sv, "a\nb"sv, "a\r\nQUIT"sv, "\n"sv, "\r"sv, "a\0"sv, "\0"sv}) {
    EXPECT_FALSE(LineText::from(bad)) << ::testing::PrintToString(bad);
  }
}

TEST(LineText, EveryOtherOctetFits) {
  for (int o = 0; o < 256; ++o) {
    const std::string text = {'a', static_cast<char>(o), 'b'};
    const bool breaker = o == 0 || o == '\r' || o == '\n';
    EXPECT_EQ(LineText::from(text).has_value(), !breaker) << o;
  }
}

TEST(LineText, IsAViewOfWhatItWasMadeFrom) {
  const std::string text = "news@example.org";
  const std::optional<LineText> line = LineText::from(text);
  ASSERT_TRUE(line);
  EXPECT_EQ(line->view().data(), text.data());
  EXPECT_EQ(*line, text);
}

}  // namespace
}  // namespace postrider::protocol
