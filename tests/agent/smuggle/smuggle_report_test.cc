#include "postrider/agent/smuggle/smuggle_report.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace postrider::agent {
namespace {

using fuzz::Received;
using fuzz::Sent;
using fuzz::SmugglingCase;
using fuzz::SmugglingSums;

SmuggleOptions options() {
  SmuggleOptions out;
  out.inbound = HostPort{"127.0.0.1", 25};
  out.outbound = HostPort{"127.0.0.1", 2600};
  return out;
}

SmugglingCase a_case(std::string_view name, Received received, Sent sent = Sent::nothing) {
  SmugglingCase out;
  out.variant = fuzz::find_variant(name);
  EXPECT_NE(out.variant, nullptr) << name;
  out.probe = fuzz::make_probe(*out.variant, "run-0001", "a@example.org", "b@example.net");
  out.verdict.received = received;
  out.verdict.sent = sent;
  return out;
}
SmugglingCase accepted(SmugglingCase each) {
  each.said.replies.push_back({250, "250 Ok"});
  each.verdict.reply = "250 Ok";
  return each;
}

// Two messages of an end are right.
SmugglingCase good_end() { return accepted(a_case("crlf-dot-crlf", Received::ended, Sent::two)); }
SmugglingCase smuggled() {
  SmugglingCase out = accepted(a_case("lf-dot-lf", Received::ended, Sent::two));
  out.verdict.smuggled = true;
  return out;
}
SmugglingCase leaking() {
  SmugglingCase out = accepted(a_case("cr-dot-cr", Received::content, Sent::as_it_came));
  out.verdict.left = "\r.\r";
  out.verdict.leaks = {"\r.\r"};
  return out;
}
SmugglingCase end_lost() {
  SmugglingCase out = accepted(a_case("crlf-dot-crlf", Received::content, Sent::as_it_came));
  out.verdict.lost_end = true;
  return out;
}
SmugglingCase not_sent(std::string_view name) {
  SmugglingCase out = a_case(name, Received::unknown);
  out.verdict.problem = "RCPT: 550 5.1.1 Nobody";
  return out;
}
SmugglingSums two_found() {
  SmugglingSums out;
  out.smuggled = out.leaks = 1;
  return out;
}

TEST(SmuggleReport, TheLastColumnSaysTheWorst) {
  SmugglingCase both = smuggled();
  both.verdict.leaks = {"\n.\n"};
  EXPECT_EQ(word_of(both), "SMUGGLED");
  EXPECT_EQ(word_of(leaking()), "LEAKS");
  EXPECT_EQ(word_of(end_lost()), "END LOST");
  EXPECT_EQ(word_of(good_end()), "ok");
  EXPECT_EQ(word_of(a_case("lf-dot-lf", Received::refused)), "ok");
  EXPECT_EQ(word_of(a_case("lf-dot-lf", Received::no_reply)), "ok");
  EXPECT_EQ(word_of(not_sent("lf-dot-lf")), "unknown");
  EXPECT_EQ(word_of(a_case("bdat-lf-dot-lf", Received::not_offered)), "unknown");
}

TEST(SmuggleReport, TextIsATableAndAListOfWhatIsWrong) {
  const std::string text = smuggle_text(options(), {good_end(), smuggled(), leaking()}, two_found());
  EXPECT_TRUE(text.starts_with("relay 127.0.0.1:25, next server 127.0.0.1:2600\n\nvariant ")) << text;
  EXPECT_NE(text.find("\ncrlf-dot-crlf (an end)  \\r\\n.\\r\\n  ended data   two messages"), text.npos)
      << text;
  EXPECT_NE(text.find("\nlf-dot-lf: "), text.npos) << text;
  EXPECT_NE(text.find("(RFC 5321 4.1.1.4); reply: 250 Ok\n"), text.npos) << text;
  EXPECT_NE(text.find("; left: \\r.\\r\n"), text.npos) << text;
  EXPECT_EQ(text.find("\ncrlf-dot-crlf: "), text.npos) << "what is right needs no sentence: " << text;
  EXPECT_TRUE(
      text.ends_with("3 variants: 1 smuggled, 1 left as what lenient readers take for an end, 0 with "
                     "the end lost, 0 unknown\n"))
      << text;
}

TEST(SmuggleReport, ColumnsStandInLineAndNoLineEndsInSpaces) {
  const std::string text = smuggle_text(options(), {good_end(), smuggled(), leaking()}, {});
  const std::size_t begin = text.find("variant ");
  const std::string table = text.substr(begin, text.find("\n\n", begin) - begin);
  const std::size_t column = table.find("verdict");
  std::size_t rows = 0;
  for (std::string_view rest = table; !rest.empty(); ++rows) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    ASSERT_GT(line.size(), column) << line;
    EXPECT_EQ(line[column - 1], ' ') << line;
    EXPECT_NE(line[column], ' ') << line;
    EXPECT_NE(line.back(), ' ') << line;
  }
  EXPECT_EQ(rows, 4U);
}

TEST(SmuggleReport, SaysOnceWhyNothingWasSent) {
  SmugglingSums sums;
  sums.unknown = 2;
  const std::string text = smuggle_text(options(), {not_sent("lf-dot-lf"), not_sent("cr-dot-cr")}, sums);
  const std::string_view reason = "not sent: RCPT: 550 5.1.1 Nobody\n";
  const std::size_t at = text.find(reason);
  ASSERT_NE(at, text.npos) << text;
  EXPECT_EQ(text.find(reason, at + 1), text.npos) << text;
  EXPECT_TRUE(text.ends_with("0 with the end lost, 2 unknown\n")) << text;
}

TEST(SmuggleReport, OneVariantIsNotSeveral) {
  EXPECT_NE(smuggle_text(options(), {good_end()}, {}).find("\n1 variant: "), std::string::npos);
}

TEST(SmuggleReport, TextHasNoOctetThatATerminalObeys) {
  SmugglingCase odd = leaking();
  odd.verdict.left = "\x1B[2J\r.\r";
  odd.verdict.leaks = {"\x1B\r.\r"};
  const std::string text = smuggle_text(options(), {odd}, {});
  EXPECT_TRUE(std::ranges::none_of(text, [](char c) { return c != '\n' && c < ' ' && c >= 0; })) << text;
}

TEST(SmuggleReport, JsonHasEveryCaseAndTheSums) {
  SmugglingSums sums = two_found();
  sums.unknown = 1;
  sums.reached = sums.arrived = true;
  const std::string json =
      smuggle_json(options(), {smuggled(), leaking(), good_end(), not_sent("bdat-lf-dot-lf")}, sums);
  for (const std::string_view part :
       {R"({"relay":"127.0.0.1:25","next":"127.0.0.1:2600","variants":4,"smuggled":1,"leaking":1,)",
        R"("ends_lost":0,"unknown":1,"reached":true,"accepted":false,"arrived":true,"cases":[)",
        R"({"name":"lf-dot-lf",)", R"("sequence":"\\n.\\n","by":"DATA","is_end":false,"in":"ended data",)",
        R"("left":"\\r.\\r","leaks":["\\r.\\r"],"smuggled":false,"end_lost":false,"disagreement":true})",
        R"("is_end":true,"in":"ended data","replies":["250 Ok"],"problem":null,"out":"two messages")",
        R"("by":"BDAT","is_end":false,"in":"not sent","replies":[],"problem":"RCPT: 550 5.1.1 Nobody",)"}) {
    EXPECT_NE(json.find(part), json.npos) << part << "\nis not in " << json;
  }
  EXPECT_TRUE(json.ends_with("\n]}\n")) << json;
  EXPECT_TRUE(smuggle_json(options(), {}, {}).ends_with("\"cases\":[]}\n"));
}

TEST(SmuggleReport, TheCatalogueHasEveryVariant) {
  const std::string text = variants_text();
  const std::string json = variants_json();
  EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(text, '\n')), fuzz::variants().size());
  for (const fuzz::Variant& each : fuzz::variants()) {
    EXPECT_NE(("\n" + text).find("\n" + each.name + " "), std::string::npos) << each.name;
    EXPECT_NE(json.find("\n{\"name\":\"" + each.name + "\","), std::string::npos) << each.name;
  }
  EXPECT_TRUE(json.starts_with("[\n") && json.ends_with("\n]\n"));
}

}  // namespace
}  // namespace postrider::agent
