#include "postrider/agent/route/route_table.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace postrider::agent {
namespace {

// Each route rejects with its own number, so that a match can be told by it.
RouteTable table_of(const std::vector<std::vector<std::string>>& routes) {
  std::vector<Route> out;
  for (std::size_t i = 0; i < routes.size(); ++i) out.push_back(Route{routes[i], Reject{std::to_string(i)}});
  return RouteTable(std::move(out));
}

// "0" for route 0 and a domain of ours, "0?" for somebody else's, "-" for no route.
std::string find(const RouteTable& table, std::string_view domain) {
  const auto match = table.find(domain);
  if (!match) return "-";
  return std::get<Reject>(*match->destination).reason + (match->ours ? "" : "?");
}

TEST(RouteTable, FirstMatchWins) {
  const RouteTable table = table_of({{"a.example"}, {"*.example"}, {"a.example", "b.other"}, {"*"}});
  EXPECT_EQ(find(table, "a.example"), "0");
  EXPECT_EQ(find(table, "x.example"), "1");
  EXPECT_EQ(find(table, "b.other"), "2");
  EXPECT_EQ(find(table, "c.other"), "3?");
}

TEST(RouteTable, AWildcardBeforeAnExactNameTakesIt) {
  const RouteTable table = table_of({{"*.example"}, {"a.example"}});
  EXPECT_EQ(find(table, "a.example"), "0");
}

TEST(RouteTable, WildcardsMatchEveryDepthAndNotTheDomainItself) {
  const RouteTable table = table_of({{"*.example.org"}, {"*.org"}});
  EXPECT_EQ(find(table, "a.example.org"), "0");
  EXPECT_EQ(find(table, "a.b.c.example.org"), "0");
  EXPECT_EQ(find(table, "example.org"), "1");
  EXPECT_EQ(find(table, "notexample.org"), "1");
  EXPECT_EQ(find(table, "org"), "-");
  EXPECT_EQ(find(table, "example.org.evil"), "-");
}

TEST(RouteTable, CaseAndTheFinalDotDoNotMatter) {
  const RouteTable table = table_of({{"Example.ORG"}, {"*.Sub.example"}});
  EXPECT_EQ(find(table, "eXAMPLE.org"), "0");
  EXPECT_EQ(find(table, "example.org."), "0");
  EXPECT_EQ(find(table, "A.SUB.EXAMPLE"), "1");
}

TEST(RouteTable, AddressLiteralsMatchAsWritten) {
  const RouteTable table = table_of({{"[127.0.0.1]"}, {"*.1]"}});
  EXPECT_EQ(find(table, "[127.0.0.1]"), "0");
  EXPECT_EQ(find(table, "[127.1.1.1]"), "-");
  EXPECT_EQ(find(table, "127.0.0.1"), "-");
}

TEST(RouteTable, WhatIsBehindTheCatchAllIsNotOurs) {
  const RouteTable table = table_of({{"a"}, {"b", "*"}, {"c"}});
  EXPECT_EQ(find(table, "a"), "0");
  EXPECT_EQ(find(table, "b"), "1");
  EXPECT_EQ(find(table, "c"), "1?");
}

TEST(RouteTable, AnEmptyTableMatchesNothing) {
  EXPECT_EQ(find(RouteTable(), "a"), "-");
  EXPECT_FALSE(RouteTable().names_a_domain());
  EXPECT_FALSE(table_of({{"*"}}).names_a_domain());
  EXPECT_TRUE(table_of({{"*.a"}}).names_a_domain());
}

TEST(RouteTable, PostmasterGoesToOurNameOrTheFirstDomain) {
  const RouteTable table = table_of({{"*.x", "First.example"}, {"mx.example"}, {"*"}, {"behind"}});
  EXPECT_EQ(table.postmaster_domain("mx.example"), "mx.example");
  EXPECT_EQ(table.postmaster_domain("other"), "first.example");
  EXPECT_EQ(table_of({{"*"}, {"behind"}}).postmaster_domain("behind"), std::nullopt);
}

TEST(RouteTable, ChecksPatterns) {
  for (const std::string_view good :
       {"*", "a", "example.org", "*.example.org", "[127.0.0.1]", "[IPv6:::1]", "xn--bcher-kva.example",
        "b\xc3\xbc"
        "cher.example",
        "_spf.example"}) {
    EXPECT_EQ(flaw_of_domain_pattern(good), "") << good;
  }
  for (const std::string& bad :
       std::vector<std::string>{"", ".", "a.", ".a", "a..b", "a b", "**", "*a", "a.*", "*.", "*.*.a", "a/b",
                                "[", "[]", "a@b", "a\nb", std::string(256, 'a')}) {
    EXPECT_NE(flaw_of_domain_pattern(bad), "") << bad;
  }
}

}  // namespace
}  // namespace postrider::agent
