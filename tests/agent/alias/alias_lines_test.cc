#include "postrider/agent/alias/alias_lines.h"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace postrider::agent {
namespace {

// A line as "number name: target, target"; '=' before what is folded.
std::vector<std::string> read(std::string_view text) {
  std::vector<std::string> out;
  const auto lines = parse_aliases(text, "aliases");
  if (!lines) {
    for (const ConfigProblem& problem : lines.error()) out.push_back("! " + problem.to_text());
    return out;
  }
  for (const AliasLine& line : *lines) {
    std::string shown = std::to_string(line.number) + " ";
    shown += line.name.local;
    if (line.names != AliasLine::Names::everywhere) shown += "@" + line.name.domain;
    shown += ":";
    for (const AliasAddress& target : line.targets) {
      shown += " " + target.local + (target.domain.empty() ? "" : "@" + target.domain);
    }
    out.push_back(shown);
  }
  return out;
}

using Lines = std::vector<std::string>;

// The one problem of a text, without "aliases:LINE: ".
std::string problem(std::string_view text) {
  const Lines found = read(text);
  if (found.size() != 1 || !found[0].starts_with("! aliases:")) return "none, or several";
  const std::string& line = found[0];
  return line.substr(line.find(": ", 10) + 2);
}

TEST(AliasLines, ReadsNamesAndTargets) {
  const Lines expected{"1 info@example.org: alice bob@example.net", "2 postmaster: alice",
                       "3 @example.org: Carol@example.com"};
  EXPECT_EQ(read("Info@Example.ORG: alice, bob@example.net\nPOSTMASTER:alice\n @Example.org : x\n").size(),
            1U)
      << "white space goes on with the line before";
  EXPECT_EQ(
      read("Info@Example.ORG: alice, bob@example.net\nPOSTMASTER:alice\n@Example.org : Carol@example.com"),
      expected);
}

TEST(AliasLines, LeavesCommentsOutAndGoesOnInLinesThatBeginWithWhiteSpace) {
  const Lines expected{"2 a: b c d e@x.example", "9 f#g: h#i", "10 j: #k"};
  EXPECT_EQ(read("# aliases\n"
                 "a: b, # the first\r\n"
                 "\tc\n"
                 "\n"
                 "# in between\n"
                 "   # and this\n"
                 "  , d,\n"
                 " e@x.example\n"
                 "f#g: h#i\n"
                 "j: \"#k\"\n"),
            expected);
  EXPECT_TRUE(read("").empty());
  EXPECT_TRUE(read("\n#x\n   \n\t# y").empty());
}

TEST(AliasLines, TakesQuotesLiteralsAndUtf8) {
  const Lines expected{"1 a:b, c: d@[IPv6:2001:db8::1]", "2 x@[ipv6:2001:db8::2]: y,z",
                       "3 b\xc3\xb6"
                       "b: x@m\xc3\xbcnchen.example"};
  EXPECT_EQ(read("\"a:b, \\c\": d@[IPv6:2001:db8::1]\n"
                 "x@[IPv6:2001:db8::2]: \"y,z\"\n"
                 "b\xc3\xb6"
                 "b: x@m\xc3\xbcnchen.example\n"),
            expected);
}

TEST(AliasLines, SaysWhatToDoAboutWhatIsRefused) {
  const struct {
    std::string_view text;
    std::string_view words;
  } kCases[] = {
      {"a: |/usr/bin/vacation", "\"|/usr/bin/vacation\" is a command, and none is run; let a program take"},
      {"a: \"|vacation a b\"", "is a command"},
      {"a: /var/mail/a", "\"/var/mail/a\" is a file; write an address"},
      {"a: \"/dev/null\"", "is a file"},
      {"a: :include:/etc/list", "\":include:/etc/list\" is not read; write the addresses themselves"},
      {"a: \":include:/etc/list\"", "is not read"},
      {"a: \\a", "has a backslash, which is not needed"},
      {"a", "has no ':'; write \"address: target, target\""},
      {"a:", "names nobody"},
      {"a: # b", "names nobody"},
      {"a: b,,c", "has a comma with no address before it"},
      {"a: b c", "\"b c\" is no address; write local@domain, or local"},
      {"a: b@", "is no address"},
      {"a: <b@x.example>", "is no address"},
      {"a: b@x..example", "is no address"},
      {"a b: c", "\"a b\" is no address; write local@domain, local for every domain of ours, or @domain"},
      {": c", "is no address"},
      {"@: c", "is no address"},
      {"@x@y: c", "is no address"},
      {"  a: b", "begins with white space, and there is no line before"},
  };
  for (const auto& each : kCases) {
    EXPECT_TRUE(problem(each.text).starts_with(each.words) ||
                problem(each.text).find(each.words) != std::string::npos)
        << each.text << ": " << problem(each.text);
  }
}

TEST(AliasLines, NamesTheLineOfEveryProblem) {
  const Lines expected{"! aliases:2: \"|x\" is a command", "! aliases:3: \"/y\" is a file",
                       "! aliases:5: names", "! aliases:6: \"A@B.example\" stands in line 1 already"};
  const Lines found = read("a@b.example: c\nd: |x,\n  /y,\n  z\ne:\nA@B.example: f\n  |z\n");
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_TRUE(found[i].starts_with(expected[i])) << found[i];
}

TEST(AliasLines, TellsTheThreeKindsOfNamesApart) {
  EXPECT_EQ(read("a: x\na@b.example: x\n@b.example: x\n\"\"@b.example: x\n\"\": x\n").size(), 5U);
}

TEST(AliasLines, HasBounds) {
  const std::string long_line = "a: b@x.example" + std::string(kLongestAliasLine, ' ') + "\n  c\nd: e\n";
  EXPECT_TRUE(problem(long_line).starts_with("is longer than 65536 octets")) << problem(long_line);
  std::string many = "list:\n";
  for (std::size_t i = 0; i < kMostAliasTargets; ++i) many += "  u" + std::to_string(i) + "\n";
  EXPECT_EQ(read(many).size(), 1U);
  EXPECT_EQ(problem(many + "  one.more\n  and.more\n"), "has more than 1000 targets");
  std::string bad;
  for (int i = 0; i < 1000; ++i) bad += "no colon here\n";
  EXPECT_EQ(read(bad).size(), kMostAliasProblems);
}

TEST(AliasLines, EveryTargetCanBeWrittenIntoACommand) {
  const auto lines =
      parse_aliases("a: b@x.example, \"c d\"@x.example, \"\\e\"@x.example, \"\"@x.example", "aliases");
  ASSERT_TRUE(lines);
  std::vector<std::string> texts;
  for (const AliasAddress& each : lines->front().targets) texts.push_back(each.text());
  EXPECT_EQ(texts, (Lines{"b@x.example", "\"c d\"@x.example", "e@x.example", "\"\"@x.example"}));
  EXPECT_EQ(AliasAddress("a\nb", "x.example").text(), "");
}

// Whatever it is, each line is either read or a problem, and none of it is kept that no address can have.
TEST(AliasLines, BearsGarbage) {
  constexpr std::string_view kAlphabet("ab@.:,\"\\#[] \t\r\n|/+\0\x80\xc3\xa9", 22);
  std::mt19937 random(5);  // the same in every run
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (auto size = random() % 40; size != 0; --size) text += kAlphabet[random() % kAlphabet.size()];
    const auto lines = parse_aliases(text, "aliases");
    if (!lines) {
      EXPECT_FALSE(lines.error().empty());
      continue;
    }
    for (const AliasLine& line : *lines) {
      EXPECT_FALSE(line.targets.empty()) << text;
      for (const AliasAddress& target : line.targets) {
        EXPECT_NE(AliasAddress(target.local, "x.example").text(), "") << text;
      }
    }
  }
}

TEST(AliasLines, BearsEveryPrefix) {
  const std::string whole = "\"a b\"@[IPv6:2001:db8::1]: \"c\\\"d\"@x.example, e # f\n  , g\n@h.example: i\n";
  ASSERT_EQ(read(whole).size(), 2U);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto lines = parse_aliases(std::string_view(whole).substr(0, size), "aliases");
    EXPECT_TRUE(lines || !lines.error().empty()) << size;
  }
}

}  // namespace
}  // namespace postrider::agent
