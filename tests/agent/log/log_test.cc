#include "postrider/agent/log/log.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/agent/log/escape.h"

namespace postrider::agent {
namespace {

std::string text_of(std::string_view value) {
  std::string out;
  append_text_value(value, out);
  return out;
}

std::string json_of(std::string_view value) {
  std::string out;
  append_json_string(value, out);
  return out;
}

struct Case {
  std::string value;
  std::string_view text;
  std::string_view json;
};

TEST(LogEscape, MakesOneSafeWordOfAnything) {
  const std::vector<Case> table{
      {"plain", "plain", "\"plain\""},
      {"a@example.org", "a@example.org", "\"a@example.org\""},
      {"", "\"\"", "\"\""},
      {"two words", "\"two words\"", "\"two words\""},
      {"a=b", "\"a=b\"", "\"a=b\""},
      {"say \"x\" \\", R"("say \"x\" \\")", R"("say \"x\" \\")"},
      {"a\r\nb\tc", R"("a\r\nb\tc")", R"("a\r\nb\tc")"},
      {std::string("\0\x1b\x7f", 3), R"("\x00\x1b\x7f")", R"("\u0000\u001b\u007f")"},
      {"\xc3\xa4", "\"\xc3\xa4\"", "\"\xc3\xa4\""},
      {"\xf0\x9f\x93\xa8", "\"\xf0\x9f\x93\xa8\"", "\"\xf0\x9f\x93\xa8\""},
      {"\xff\xc3", R"("\xff\xc3")", R"("\ufffd\ufffd")"},
      {"\xc0\xaf", R"("\xc0\xaf")", R"("\ufffd\ufffd")"},                // overlong
      {"\xed\xa0\x80", R"("\xed\xa0\x80")", R"("\ufffd\ufffd\ufffd")"},  // surrogate
      {"\xc2\x85", R"("\xc2\x85")", R"("\u0085")"},                      // C1: next line
      {"\xe2\x80\xa8", R"("\xe2\x80\xa8")", R"("\u2028")"},
  };
  for (const Case& each : table) {
    EXPECT_EQ(text_of(each.value), each.text);
    EXPECT_EQ(json_of(each.value), each.json);
  }
}

TEST(LogEscape, NoOctetStartsALineOrAField) {
  for (int octet = 0; octet < 256; ++octet) {
    const std::string value{'x', static_cast<char>(octet), 'y'};
    for (const std::string& out : {text_of(value), json_of(value)}) {
      for (const char c : out) EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) << octet;
    }
    if (octet == ' ' || octet == '=' || octet == '"') {
      EXPECT_EQ(text_of(value).front(), '"');
    }
  }
}

class LogTest : public testing::Test {
 protected:
  transport::ManualClock clock_{transport::SystemTime(std::chrono::milliseconds(1795300264120))};
  std::vector<std::string> lines_;
  Log log_{LogConfig{}, [this](std::string_view line) { lines_.emplace_back(line); }, clock_};
};

TEST_F(LogTest, WritesTextAndJson) {
  LogLine line(LogLevel::info, "message");
  line.add("session", "s-1")
      .add("from", "a b")
      .add("size", 1042U)
      .add("took", std::chrono::microseconds(1500));
  log_.write(line);
  log_.configure(LogConfig{LogFormat::json, LogLevel::info});
  log_.write(line);
  const std::vector<std::string> expected{
      "2026-11-21T22:31:04.120Z info message session=s-1 from=\"a b\" size=1042 took=0.001500",
      R"({"time":"2026-11-21T22:31:04.120Z","level":"info","event":"message","session":"s-1","from":"a b","size":1042,"took":0.001500})",
  };
  EXPECT_EQ(lines_, expected);
}

TEST_F(LogTest, LeavesOutWhatIsBelowItsLevel) {
  log_.write(LogLine(LogLevel::debug, "quiet"));
  log_.configure(LogConfig{LogFormat::text, LogLevel::error});
  EXPECT_FALSE(log_.enabled(LogLevel::warning));
  log_.write(LogLine(LogLevel::warning, "quiet"));
  log_.write(LogLine(LogLevel::error, "loud"));
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_NE(lines_[0].find("error loud"), std::string::npos);
}

}  // namespace
}  // namespace postrider::agent
