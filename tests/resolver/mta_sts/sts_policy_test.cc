#include "postrider/resolver/mta_sts/sts_policy.h"

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

namespace postrider::resolver {
namespace {

using std::chrono::seconds;

DomainName name(std::string_view text) { return DomainName::parse(text).value(); }

std::string error(std::string_view text) {
  const auto policy = StsPolicy::parse(text);
  return policy ? "none" : policy.error();
}

constexpr std::string_view kExample =  // RFC 8461 3.2
    "version: STSv1\n"
    "mode: enforce\n"
    "mx: mail.example.com\n"
    "mx: *.example.net\n"
    "mx: backupmx.example.com\n"
    "max_age: 604800\n";

TEST(StsPolicy, ReadsTheExampleOfTheRfc) {
  const auto policy = StsPolicy::parse(kExample);
  ASSERT_TRUE(policy) << policy.error();
  EXPECT_EQ(policy->mode, StsMode::enforce);
  EXPECT_EQ(policy->max_age, seconds(604800));
  ASSERT_EQ(policy->mx.size(), 3U);
  EXPECT_EQ(policy->mx[0].text(), "mail.example.com");
  EXPECT_EQ(policy->mx[1].text(), "*.example.net");
  EXPECT_TRUE(policy->mx[1].wildcard);
  EXPECT_EQ(policy->text(),
            "version: STSv1\nmode: enforce\nmx: mail.example.com\nmx: *.example.net\n"
            "mx: backupmx.example.com\nmax_age: 604800\n");
}

TEST(StsPolicy, LineEndsOrderAndSpaceDoNotMatter) {
  const auto expected = StsPolicy::parse(kExample);
  std::string crlf;
  for (const char c : kExample) crlf += c == '\n' ? "\r\n" : std::string(1, c);
  EXPECT_EQ(StsPolicy::parse(crlf), expected);
  EXPECT_EQ(StsPolicy::parse(crlf.substr(0, crlf.size() - 2)), expected);
  EXPECT_EQ(StsPolicy::parse("max_age:604800 \n\nmode:\tenforce\nmx: MAIL.example.com\nversion:STSv1\n"
                             "mx: *.Example.net\nfuture-key: a: b\nmx:backupmx.example.com.\n\n"),
            expected);
}

TEST(StsPolicy, TheFirstOfAFieldCounts) {
  const auto policy = StsPolicy::parse(
      "version: STSv1\nversion: STSv2\nmode: testing\nmode: enforce\nmx: a\nmax_age: 1\nmax_age: x\n");
  ASSERT_TRUE(policy) << policy.error();
  EXPECT_EQ(policy->mode, StsMode::testing);
  EXPECT_EQ(policy->max_age, seconds(1));
}

TEST(StsPolicy, ModeNoneNeedsNoHosts) {
  const auto policy = StsPolicy::parse("version: STSv1\nmode: none\nmax_age: 0\n");
  ASSERT_TRUE(policy) << policy.error();
  EXPECT_TRUE(policy->mx.empty());
  EXPECT_EQ(policy->max_age, seconds(0));
}

TEST(StsPolicy, AgesAreCutToAYear) {
  const auto age = [](std::string_view text) {
    const auto policy = StsPolicy::parse("version: STSv1\nmode: none\nmax_age: " + std::string(text) + "\n");
    return policy ? policy->max_age.count() : -1;
  };
  EXPECT_EQ(age("31557600"), 31557600);
  EXPECT_EQ(age("31557601"), 31557600);
  EXPECT_EQ(age("9999999999"), 31557600);
  EXPECT_EQ(age("0000000001"), 1);
  for (const char* bad : {"", "-1", "+1", "1.5", "1 2", "0x10", "99999999999", "1d"})
    EXPECT_EQ(age(bad), -1) << bad;
}

TEST(StsPolicy, SaysWhatIsWrong) {
  EXPECT_EQ(error(""), "has no version");
  EXPECT_EQ(error("mode: none\nmax_age: 1\n"), "has no version");
  EXPECT_EQ(error("version: STSv2\nmode: none\nmax_age: 1\n"), "has a version that is not STSv1");
  EXPECT_EQ(error("version: STSv1\nmax_age: 1\n"), "has no mode");
  EXPECT_EQ(error("version: STSv1\nmode: none\n"), "has no max_age");
  EXPECT_EQ(error("version: STSv1\nmode: Enforce\nmx: a\nmax_age: 1\n"),
            "has a mode that is not enforce, testing or none");
  EXPECT_EQ(error("version: STSv1\nmode: enforce\nmax_age: 1\n"), "lists no mx");
  EXPECT_EQ(error("<!DOCTYPE html>\n<html>\n"), "has a line without a colon");
  EXPECT_EQ(error(std::string("version: STSv1\0\n", 16)), "has control characters");
  EXPECT_EQ(error("version: STSv1\rmode: none\nmax_age: 1\n"), "has control characters");
  EXPECT_EQ(error(std::string(StsPolicy::kMaxOctets + 1, '\n')), "is larger than 64 KiB");
  for (const char* bad :
       {"", ".", "*.", "*", "a..b", "*.*.example.org", "mx.*.example.org", "a b", "mail\\.example.org",
        "b\xC3\xBC"
        "cher.example",
        "192.0.2.1:25", "[192.0.2.1]"}) {
    EXPECT_EQ(error("version: STSv1\nmode: enforce\nmx: " + std::string(bad) + "\nmax_age: 1\n"),
              "has an mx that is no host name and no *. with a domain")
        << bad;
  }
}

TEST(StsPolicy, AWildcardStandsForExactlyOneLabel) {
  StsPattern pattern;
  pattern.name = name("example.com");
  EXPECT_TRUE(pattern.matches(name("EXAMPLE.com.")));
  EXPECT_FALSE(pattern.matches(name("mail.example.com")));
  pattern.wildcard = true;  // RFC 8461 4.1
  EXPECT_TRUE(pattern.matches(name("mail.example.com")));
  EXPECT_TRUE(pattern.matches(name("MAIL.Example.Com")));
  EXPECT_FALSE(pattern.matches(name("example.com")));
  EXPECT_FALSE(pattern.matches(name("foo.bar.example.com")));
  EXPECT_FALSE(pattern.matches(name("mail.example.org")));
  EXPECT_FALSE(pattern.matches(name("mailexample.com")));
  EXPECT_FALSE(pattern.matches(DomainName()));
}

TEST(StsPolicy, TellsWhatItMeansForAHost) {
  auto policy = StsPolicy::parse(kExample).value();
  EXPECT_EQ(sts_match(policy, name("mail.example.com")), StsMatch::enforce_listed);
  EXPECT_EQ(sts_match(policy, name("a.example.net")), StsMatch::enforce_listed);
  EXPECT_EQ(sts_match(policy, name("example.net")), StsMatch::enforce_unlisted);
  policy.mode = StsMode::testing;
  EXPECT_EQ(sts_match(policy, name("mail.example.com")), StsMatch::testing_listed);
  EXPECT_EQ(sts_match(policy, name("evil.example.com")), StsMatch::testing_unlisted);
  policy.mode = StsMode::none;
  EXPECT_EQ(sts_match(policy, name("mail.example.com")), StsMatch::no_policy);
  EXPECT_EQ(sts_match(policy, name("evil.example.com")), StsMatch::no_policy);
}

// Cut anywhere, a policy is either refused or a policy of fewer hosts; nothing crashes.
TEST(StsPolicy, StandsTruncatedAndMutatedText) {
  for (std::size_t cut = 0; cut < kExample.size() - 7; ++cut)
    EXPECT_FALSE(StsPolicy::parse(kExample.substr(0, cut))) << cut;
  std::uint32_t state = 1;
  const auto random = [&] { return state = state * 1664525U + 1013904223U, state >> 8; };
  std::size_t read = 0;
  for (int round = 0; round < 4000; ++round) {
    std::string text(kExample);
    for (std::uint32_t i = 0; i <= random() % 3; ++i)
      text[random() % text.size()] = static_cast<char>(random() % 256);
    const auto policy = StsPolicy::parse(text);
    if (!policy) continue;
    ++read;
    EXPECT_EQ(StsPolicy::parse(policy->text()), policy);
  }
  EXPECT_GT(read, 0U);
}

}  // namespace
}  // namespace postrider::resolver
