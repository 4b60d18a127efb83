#include "postrider/fuzz/conformance/script.h"

#include <string>

#include <gtest/gtest.h>

namespace postrider::fuzz {
namespace {

std::string error_of(std::string_view script) {
  const auto read = parse_script(script);
  return read ? "none" : read.error();
}
std::vector<CodePattern> codes(std::string_view line) { return parse_script(line).value().front().codes; }

TEST(ConformanceScript, ReadsWhatIsSent) {
  const auto steps = parse_script("> NOOP\n>> a\\r\\x00\\n\n& RSET\n&& {x*3}").value();
  ASSERT_EQ(steps.size(), 4U);
  EXPECT_EQ(steps[0].text, "NOOP\r\n");
  EXPECT_FALSE(steps[0].waits);
  EXPECT_EQ(steps[1].text, std::string("a\r\0\n", 4));
  EXPECT_EQ(steps[2].text, "RSET\r\n");
  EXPECT_TRUE(steps[2].waits);
  EXPECT_EQ(steps[3].text, "{x*3}");
}

TEST(ConformanceScript, ReadsWhatIsExpected) {
  const auto steps =
      parse_script("?< 250 5\n~< 220\nsilent\nis status\noffers no STARTTLS\n?below 100\nbody 7").value();
  EXPECT_TRUE(steps[0].optional);
  EXPECT_TRUE(steps[1].enough);
  EXPECT_EQ(steps[2].kind, StepKind::silent);
  EXPECT_EQ(steps[3].text, "status");
  EXPECT_TRUE(steps[4].negative);
  EXPECT_EQ(steps[5].count, 100U);
  EXPECT_EQ(steps[6].count, 7U);
}

TEST(ConformanceScript, RepeatsOneStepOrSeveral) {
  EXPECT_EQ(parse_script("repeat 3 & RSET").value().size(), 3U);
  const auto steps = parse_script("repeat 2 > RSET | < 250").value();
  ASSERT_EQ(steps.size(), 4U);
  EXPECT_EQ(steps[2].kind, StepKind::send);
  EXPECT_EQ(steps[3].kind, StepKind::expect);
}

TEST(ConformanceScript, KnowsWhichCodesMatch) {
  EXPECT_TRUE(matches(codes("< 250 251"), 251));
  EXPECT_FALSE(matches(codes("< 250 251"), 252));
  EXPECT_TRUE(matches(codes("< 25"), 252));
  EXPECT_TRUE(matches(codes("< 5"), 599));
  EXPECT_FALSE(matches(codes("< 2 5 !500"), 500));
  EXPECT_TRUE(matches(codes("< 2 5 !500"), 501));
  EXPECT_TRUE(matches(codes("< !500"), 250));
  EXPECT_TRUE(matches(codes("< *"), 421));
}

TEST(ConformanceScript, SaysCodesInWords) {
  EXPECT_EQ(to_string(codes("< 250 25 5")), "250 or 25z or 5yz");
  EXPECT_EQ(to_string(codes("< !500 !502")), "anything but 500 or 502");
  EXPECT_EQ(to_string(codes("< 2 !250")), "2yz, but not 250");
  EXPECT_EQ(to_string(codes("< *")), "any reply");
}

TEST(ConformanceScript, SaysWhatIsWrong) {
  EXPECT_EQ(error_of(""), "the script is empty");
  EXPECT_EQ(error_of("hallo"), "'hallo' is no step");
  EXPECT_EQ(error_of("hello there"), "too much in 'hello there'");
  EXPECT_EQ(error_of("< 25x"), "a code that is none in '< 25x'");
  EXPECT_EQ(error_of("<"), "'<' without a code");
  EXPECT_EQ(error_of("> a\\q"), "an escape that is none in '> a\\q'");
  EXPECT_EQ(error_of("is"), "one name belongs into 'is'");
  EXPECT_EQ(error_of("repeat x > NOOP"), "a repeat without a number");
  EXPECT_EQ(error_of("repeat 100000 > NOOP"), "a repeat without a number");
}

}  // namespace
}  // namespace postrider::fuzz
