#include "postrider/agent/alias/alias_table.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace postrider::agent {
namespace {

// example.org, example.net, and all below sub.example are ours; gone.example refuses, and is ours too.
RouteTable routes() {
  std::vector<Route> all{{{"example.org", "example.net", "*.sub.example"}, Discard{}},
                         {{"gone.example"}, Reject{"Gone"}},
                         {{"*"}, ToMx{}}};
  return RouteTable(std::move(all));
}

AliasTable table(std::string_view text, std::string tag = "") {
  auto lines = parse_aliases(text, "aliases");
  if (lines) return AliasTable(*std::move(lines), std::move(tag));
  for (const ConfigProblem& problem : lines.error()) ADD_FAILURE() << problem.to_text();
  return {};
}

// "a@x b@y", "" where the address stays, or "! why".
std::string expand(const AliasTable& aliases, std::string_view address) {
  const std::size_t at = address.rfind('@');
  const auto targets = aliases.expand(address.substr(0, at), address.substr(at + 1), routes());
  if (!targets) return "! " + std::string(to_string(targets.error()));
  std::string out;
  for (const AliasAddress& each : *targets) out += (out.empty() ? "" : " ") + each.text();
  return out;
}

struct Case {
  std::string_view address;
  std::string_view targets;
};

void check(const AliasTable& aliases, const std::vector<Case>& cases) {
  for (const Case& each : cases) EXPECT_EQ(expand(aliases, each.address), each.targets) << each.address;
}

TEST(AliasTable, FindsTheNearestLine) {
  check(table("a@example.org: one\n"
              "a: two@else.example, Three\n"
              "@example.org: rest\n"),
        {{"a@example.org", "one@example.org"},
         {"A@EXAMPLE.org", "one@EXAMPLE.org"},
         {"a@example.net", "two@else.example Three@example.net"},
         {"a@x.sub.example", "two@else.example Three@x.sub.example"},
         {"b@example.org", "rest@example.org"},
         {"b@example.net", ""},
         {"rest@example.org", ""}});
}

TEST(AliasTable, LeavesDomainsAloneThatAreNotOurs) {
  check(table("a: b\na@else.example: b\n@else.example: b\n", "+"),
        {{"a@else.example", ""}, {"c@else.example", ""}, {"c+tag@else.example", ""}});
  check(table("c: a@else.example\na: b\n"), {{"c@example.org", "a@else.example"}});
}

TEST(AliasTable, TakesATagOffWhereNothingNamesIt) {
  const AliasTable aliases = table(
      "news+daily: dan\n"
      "news: nora\n"
      "@example.net: rest\n",
      "+");
  check(aliases, {{"user+tag@example.org", "user@example.org"},
                  {"User+a+b@example.org", "User@example.org"},
                  {"user+@example.org", "user@example.org"},
                  {"+tag@example.org", ""},
                  {"user@example.org", ""},
                  {"news+daily@example.org", "dan@example.org"},
                  {"NEWS+Daily@example.org", "dan@example.org"},
                  {"news+weekly@example.org", "nora@example.org"},
                  {"user+tag@example.net", "rest@example.net"},
                  {"rest+tag@example.net", "rest@example.net"}});
  check(table("a: b+x, c+y@else.example\n", "+"), {{"a@example.org", "b@example.org c+y@else.example"}});
  check(table("a: b\n"), {{"user+tag@example.org", ""}});
  check(table("a: b\n", "--"), {{"a--x@example.org", "b@example.org"}, {"a-x@example.org", ""}});
}

TEST(AliasTable, ExpandsTargetsInTurnAndEachOnce) {
  check(table("all: staff, boss, friend@else.example\n"
              "staff: bob, carol, Bob\n"
              "boss: carol@example.net, bob\n"),
        {{"all@example.org",
          "bob@example.org carol@example.org Bob@example.org carol@example.net friend@else.example"}});
}

TEST(AliasTable, TheCatchAllLeavesAloneWhatStandsOnTheRight) {
  check(table("info: bob\n"
              "x@example.net: carol@example.org\n"
              "@example.org: rest\n"
              "@example.net: \"rest\"@example.org, dan\n",
              "+"),
        {{"info@example.org", "bob@example.org"},
         {"Bob@example.org", ""},
         {"bob@example.net", ""},
         {"carol@example.org", ""},
         {"carol+x@example.org", "carol@example.org"},
         {"carol@example.net", "rest@example.org dan@example.net"},
         {"dan@example.org", "rest@example.org"},
         {"rest@example.org", ""},
         {"x@example.net", "carol@example.org"}});
}

TEST(AliasTable, AnAddressThatItsOwnLineNamesIsAMailbox) {
  check(table("bob: bob, carol@else.example\n"
              "dan: dan\n"
              "info: info@example.org\n"
              "@example.net: rest, more\n"),
        {{"bob@example.org", "bob@example.org carol@else.example"},
         {"dan@example.org", ""},
         {"Dan@example.org", ""},
         {"info@example.net", "info@example.org"},
         {"info@example.org", ""},
         {"x@example.net", "rest@example.net more@example.net"},
         {"rest@example.net", ""},
         {"more@example.net", ""}});
}

TEST(AliasTable, SeesCircles) {
  constexpr std::string_view kCircle = "! lead in a circle";
  check(table("a: b\nb: c, x@else.example\nc: a\n"
              "d: a\n"
              "e@example.org: f\nf: e@example.org\n"
              "@example.net: g\ng: h\n"),
        {{"a@example.org", kCircle},
         {"c@example.org", kCircle},
         {"d@example.org", kCircle},
         {"f@x.sub.example", kCircle},
         {"y@example.net", "h@example.net"},
         {"g@example.org", "h@example.org"}});
}

TEST(AliasTable, GoesTenDeep) {
  std::string text;
  for (int i = 0; i < 12; ++i) text += "a" + std::to_string(i) + ": a" + std::to_string(i + 1) + "\n";
  check(table(text), {{"a2@example.org", "a12@example.org"},
                      {"a1@example.org", "! lead to one another more than 10 times"}});
}

TEST(AliasTable, RefusesToExpandBeyondItsBounds) {
  std::string text = "all: g0, g1\ntwice: g0, g0\n";
  for (int group = 0; group < 2; ++group) {
    text += "g" + std::to_string(group) + ":";
    for (int i = 0; i < 600; ++i) text += " u" + std::to_string(group * 600 + i) + ",\n";
    text += " last\n";
  }
  const AliasTable aliases = table(text);
  EXPECT_EQ(expand(aliases, "all@example.org"), "! lead to more than 1000 addresses");
  EXPECT_TRUE(expand(aliases, "twice@example.org").starts_with("u0@example.org u1@example.org "));
  // Each of them leads to all of the next: 300^3 ways, and no result until the end.
  std::string wide;
  for (int level = 0; level < 3; ++level) {
    for (int i = 0; i < 300; ++i) {
      wide += "l" + std::to_string(level) + "." + std::to_string(i) + ":";
      for (int next = 0; next < 300; ++next) {
        wide += " l" + std::to_string(level + 1) + "." + std::to_string(next) + ",\n";
      }
      wide += " x\n";
    }
  }
  EXPECT_EQ(expand(table(wide), "l0.0@example.org"), "! lead to more than 1000 addresses");
}

std::vector<std::string> flaws(std::string_view text) {
  std::vector<std::string> out;
  for (const ConfigProblem& each : table(text).flaws("aliases", routes(), "mx.example.org")) {
    out.push_back(each.to_text());
  }
  return out;
}

TEST(AliasTable, FindsFlawsBeforeMailComes) {
  const std::vector<std::string> expected{
      "aliases:2: \"else.example\" is not ours, so the line would never count; name the domain in a "
      "[[route]] "
      "before the one for \"*\"",
      "aliases:3: \"sub.example\" is not ours, so the line would never count; name the domain in a [[route]] "
      "before the one for \"*\"",
      "aliases:4: its targets lead in a circle", "aliases:5: its targets lead in a circle",
      "aliases:7: its targets lead in a circle"};
  EXPECT_EQ(flaws("a@example.org: b@else.example\n"
                  "a@else.example: b\n"
                  "@sub.example: b\n"
                  "c: d\n"
                  "d: c\n"
                  "e@gone.example: e@example.org\n"
                  "@example.net: c@example.org\n"
                  "f@x.sub.example: f, g\n"
                  "@gone.example: x\n"),
            expected);
  EXPECT_EQ(flaws("").size(), 0U);
}

TEST(AliasTable, FindsTargetsThatNoRouteTakes) {
  const RouteTable closed(std::vector<Route>{{{"example.org"}, Discard{}}});
  const auto problems =
      table("a: b@else.example, c@example.org, d\n").flaws("aliases", closed, "mx.example.org");
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].to_text(), "aliases:1: no [[route]] takes mail for \"b@else.example\"");
}

TEST(AliasTable, SaysNothingWithoutLines) {
  check(table(""), {{"a@example.org", ""}, {"a+b@example.org", ""}});
}

}  // namespace
}  // namespace postrider::agent
