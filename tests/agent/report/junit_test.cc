#include "postrider/agent/report/junit.h"

#include <string>

#include <gtest/gtest.h>

namespace postrider::agent {
namespace {

TEST(JunitReport, CountsEachSuiteAndTheWhole) {
  JunitReport report("all");
  report.suite("first", "1.500").passed({"a", "one"}).failed({"a", "two"}, "why", "more\nlines\n");
  report.suite("second").skipped({"b", "three"}, "not offered").error({"", "four"}, "refused");
  EXPECT_EQ(report.str(), R"(<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="all" tests="4" failures="1" errors="1" skipped="1">
  <testsuite name="first" tests="2" failures="1" errors="0" skipped="0" time="1.500">
    <testcase classname="a" name="one"/>
    <testcase classname="a" name="two">
      <failure message="why">more
lines
</failure>
    </testcase>
  </testsuite>
  <testsuite name="second" tests="2" failures="0" errors="1" skipped="1">
    <testcase classname="b" name="three">
      <skipped message="not offered"/>
    </testcase>
    <testcase name="four">
      <error message="refused"/>
    </testcase>
  </testsuite>
</testsuites>
)");
}

TEST(JunitReport, WithoutSuitesIsWholeToo) {
  EXPECT_EQ(
      JunitReport("none").str(),
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"none\" tests=\"0\" failures=\"0\" "
      "errors=\"0\" skipped=\"0\">\n</testsuites>\n");
}

TEST(JunitReport, EscapesWhateverAServerSaid) {
  JunitReport report("<&");
  report.suite("\"\x01").failed({"a\nb", "\xFF"}, "x\ny\x1B", "<\x01\xC3>\n&");
  const std::string text = report.str();
  EXPECT_NE(text.find("<testsuites name=\"&lt;&amp;\" "), std::string::npos) << text;
  EXPECT_NE(text.find("<testsuite name=\"&quot;\xEF\xBF\xBD\" "), std::string::npos) << text;
  EXPECT_NE(text.find("<testcase classname=\"a&#10;b\" name=\"\xEF\xBF\xBD\">"), std::string::npos) << text;
  EXPECT_NE(
      text.find("<failure message=\"x&#10;y\xEF\xBF\xBD\">&lt;\xEF\xBF\xBD\xEF\xBF\xBD&gt;\n&amp;</failure>"),
      std::string::npos)
      << text;
}

}  // namespace
}  // namespace postrider::agent
