#include "postrider/agent/conform/conform_report.h"

#include <string>

#include <gtest/gtest.h>

namespace postrider::agent {
namespace {

using fuzz::Check;
using fuzz::CheckResult;
using fuzz::ConformanceReport;
using fuzz::Level;
using fuzz::TranscriptKind;
using fuzz::Verdict;

constexpr Check kMust{"one-must", "RFC 5321 4.1", Level::must, "A <first> & \"quoted\" title", "", "hello"};
constexpr Check kShould{"two-should", "RFC 5321 4.2", Level::should, "Second", "", "hello"};
constexpr Check kOther{"three-must", "RFC 1870 3", Level::must, "Third", "SIZE", "hello"};

ConformanceReport report(Verdict first, Verdict second, Verdict third) {
  ConformanceReport out;
  out.offers.greeting = "220 mx";
  out.offers.in_clear = {"SIZE 100", "\x1B[2J"};
  out.results.push_back(CheckResult{&kMust, first, "expected 250 & <it>", {}});
  out.results.push_back(CheckResult{&kShould, second, "", {}});
  out.results.push_back(CheckResult{&kOther, third, "SIZE is not offered", {}});
  for (CheckResult& result : out.results) {
    result.transcript.events.push_back({fuzz::TranscriptTime(1), TranscriptKind::client, "NOOP \x01\r\n"});
  }
  return out;
}

TEST(ConformReport, AMustThatFailsOrGetsStuckIsWhatCounts) {
  EXPECT_TRUE(conforms(report(Verdict::passed, Verdict::failed, Verdict::not_offered)));
  EXPECT_FALSE(conforms(report(Verdict::failed, Verdict::passed, Verdict::passed)));
  EXPECT_FALSE(conforms(report(Verdict::stuck, Verdict::passed, Verdict::passed)));
  EXPECT_TRUE(conforms(report(Verdict::needs_option, Verdict::stuck, Verdict::not_applicable)));
}

TEST(ConformReport, CountsWhatCameOfThem) {
  const ConformCounts counts = count(report(Verdict::failed, Verdict::failed, Verdict::not_offered));
  EXPECT_EQ(counts.passed, 0U);
  EXPECT_EQ(counts.failed_must, 1U);
  EXPECT_EQ(counts.failed_should, 1U);
  EXPECT_EQ(counts.not_tried, 1U);
}

TEST(ConformReport, TextHasATranscriptOfEachFailure) {
  const std::string text =
      to_text(report(Verdict::failed, Verdict::passed, Verdict::not_offered), {"mx:25", false});
  EXPECT_NE(text.find("failed         MUST   one-must: A <first>"), text.npos) << text;
  EXPECT_NE(
      text.find("    expected 250 & <it>\n    postrider-transcript 1\n    0.000001 C: NOOP \\x01\\r\\n\n"),
      text.npos);
  EXPECT_NE(text.find("\n1 passed; failed: 1 MUST, 0 SHOULD; 0 stuck; 1 not tried\n"), text.npos) << text;
  EXPECT_EQ(text.find('\x1B'), text.npos) << "what a server offers reaches no terminal";
  const std::string all = to_text(report(Verdict::passed, Verdict::passed, Verdict::passed), {"mx:25", true});
  EXPECT_NE(all.find("C: NOOP"), all.npos);
}

TEST(ConformReport, NobodyThereIsOneLine) {
  ConformanceReport none;
  none.unreachable = "cannot be connected to: Connection refused";
  EXPECT_EQ(to_text(none, {"mx:25", false}),
            "mx:25: the server cannot be connected to: Connection refused\n");
  EXPECT_NE(to_junit(none, {"mx:25", false}).find("<error message=\"cannot be connected to"),
            std::string::npos);
}

TEST(ConformReport, JsonHasEveryCheck) {
  const std::string json =
      to_json(report(Verdict::failed, Verdict::passed, Verdict::not_offered), {"mx:25", false});
  EXPECT_NE(
      json.find(
          R"("id":"three-must","clause":"RFC 1870 3","level":"MUST","title":"Third","verdict":"not offered")"),
      json.npos)
      << json;
  EXPECT_NE(json.find(R"("failed_must":1)"), json.npos);
  EXPECT_TRUE(json.ends_with("\n"));
}

TEST(ConformReport, MarkupIsEscaped) {
  for (const std::string& text :
       {to_html(report(Verdict::failed, Verdict::passed, Verdict::passed), {"<b>:25", false}),
        to_junit(report(Verdict::failed, Verdict::passed, Verdict::passed), {"<b>:25", false})}) {
    EXPECT_NE(text.find("&lt;b&gt;:25"), text.npos) << text;
    EXPECT_EQ(text.find("<b>"), text.npos);
    EXPECT_NE(text.find("expected 250 &amp; &lt;it&gt;"), text.npos);
    EXPECT_EQ(text.find('\x1B'), text.npos);
  }
}

TEST(ConformReport, JunitHasASuiteForEachRfcAndShouldIsNoFailure) {
  const std::string text =
      to_junit(report(Verdict::failed, Verdict::failed, Verdict::passed), {"mx:25", false});
  EXPECT_NE(text.find("<testsuite name=\"RFC 5321\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"1\">"),
            text.npos)
      << text;
  EXPECT_NE(text.find("<testsuite name=\"RFC 1870\" tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\">"),
            text.npos);
  EXPECT_NE(text.find("name=\"two-should\">\n      <skipped"), text.npos);
}

TEST(ConformReport, TheCatalogueIsALineACheck) {
  EXPECT_EQ(catalogue_text({&kShould}), "SHOULD RFC 5321 4.2        two-should: Second\n");
  EXPECT_NE(catalogue_json({&kOther}).find(R"("needs":"SIZE","script":"hello")"), std::string::npos);
}

}  // namespace
}  // namespace postrider::agent
