#include "postrider/agent/fuzz/fuzz_report.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

namespace postrider::agent {
namespace {

FuzzOptions options_for_two() {
  FuzzOptions options;
  options.servers = {HostPort{"127.0.0.1", 25}, HostPort{"127.0.0.1", 26}};
  options.seed = 7;
  return options;
}

FuzzReport one_finding() {
  FuzzReport report;
  report.progress = {.sessions = 10, .connections = 20, .replies = 30};
  report.time = std::chrono::milliseconds(1500);
  fuzz::FoundFault found;
  found.finding = {
      .fault = fuzz::Fault::bare_line_end, .clause = "RFC 5321 2.3.8", .what = "a bare LF <\"&\x01>"};
  found.session = 4;
  found.count = 2;
  found.shortened = true;
  found.transcript.events.push_back({fuzz::TranscriptTime(0), fuzz::TranscriptKind::client, "NOOP\n"});
  report.found.push_back(found);
  report.files.push_back("");
  return report;
}

TEST(FuzzReport, TextNamesTheClauseAndHowToSeeItAgain) {
  const std::string text = one_finding().to_text(options_for_two());
  EXPECT_TRUE(text.starts_with("bare-line-end  RFC 5321 2.3.8  ")) << text;
  EXPECT_NE(text.find("in 2 sessions, first in number 4; made short"), std::string::npos) << text;
  EXPECT_NE(text.find("postrider fuzz 127.0.0.1:25 --seed 7 --session 4\n"), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with("10 sessions on 20 connections, 30 replies, 1.500 s, seed 7: 1 finding\n"))
      << text;
}

TEST(FuzzReport, JsonHasTheTranscript) {
  const std::string json = one_finding().to_json(options_for_two());
  EXPECT_NE(json.find("\"clause\":\"RFC 5321 2.3.8\""), std::string::npos) << json;
  EXPECT_NE(json.find("postrider-transcript 1\\n"), std::string::npos) << json;
  EXPECT_NE(json.find("\"file\":null"), std::string::npos) << json;
}

TEST(FuzzReport, JunitEscapesAndHasATestForEachKind) {
  const std::string xml = one_finding().to_junit(options_for_two());
  EXPECT_NE(xml.find("a bare LF &lt;&quot;&amp;\xEF\xBF\xBD&gt;"), std::string::npos) << xml;
  EXPECT_NE(xml.find("tests=\"14\" failures=\"1\""), std::string::npos) << xml;
  EXPECT_NE(xml.find("name=\"crash\"/>"), std::string::npos) << xml;
}

TEST(FuzzReport, FindingsAreWrittenUnderTheirFaultAndClause) {
  FuzzOptions options = options_for_two();
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "fuzz_report_findings";
  std::filesystem::remove_all(folder);
  options.findings = folder / "deep";
  FuzzReport report = one_finding();
  ASSERT_TRUE(write_findings(options, report));
  const std::filesystem::path file = folder / "deep" / "bare-line-end-rfc-5321-2-3-8.transcript";
  EXPECT_EQ(report.files.front(), file.string());
  std::ifstream in(file);
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  EXPECT_EQ(text, fuzz::write_transcript(report.found.front().transcript));
  std::filesystem::remove_all(folder);
}

TEST(ComparisonReport, SaysWhoAnsweredWhat) {
  ComparisonReport report;
  report.sessions = 5;
  report.disagreements.push_back({.owner = "MAIL",
                                  .state = "mail",
                                  .clause = "RFC 5321 4.1.1.2",
                                  .answers = {"2xx", "5xx"},
                                  .count = 3,
                                  .session = 1,
                                  .line = "MAIL FROM:<>",
                                  .codes = {"250", "503"}});
  const FuzzOptions options = options_for_two();
  const std::string text = report.to_text(options);
  EXPECT_NE(
      text.find("MAIL in state mail  RFC 5321 4.1.1.2  3 sessions\n  127.0.0.1:25 2xx, 127.0.0.1:26 5xx\n"),
      std::string::npos)
      << text;
  EXPECT_NE(report.to_json(options).find("\"codes\":[\"250\",\"503\"]"), std::string::npos);
  EXPECT_NE(report.to_junit(options).find("failures=\"1\""), std::string::npos);
}

}  // namespace
}  // namespace postrider::agent
