#include "postrider/client/mx_site.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/client/mx_fixture.h"

namespace postrider::client::testing {
namespace {

resolver::MxPlan plan_of(const std::vector<std::string>& hosts) {
  resolver::MxPlan plan;
  plan.verdict = resolver::MxVerdict::hosts;
  for (const std::string& each : hosts) {
    plan.hosts.push_back(resolver::MxHost{10, *resolver::DomainName::parse(each)});
  }
  return plan;
}

TEST(MxSiteTest, IsTheSameForTheSameHostsInAnyOrderAndCase) {
  EXPECT_EQ(mx_site(plan_of({"mx1.example.net"}), 25), "mx1.example.net:25");
  EXPECT_EQ(mx_site(plan_of({"MX2.example.net", "mx1.Example.net."}), 25),
            mx_site(plan_of({"mx1.example.net", "mx2.example.net"}), 25));
}

TEST(MxSiteTest, IsAnotherForOtherHostsAndForAnotherPort) {
  const std::string site = mx_site(plan_of({"mx1.example.net", "mx2.example.net"}), 25);
  EXPECT_NE(mx_site(plan_of({"mx1.example.net"}), 25), site);
  EXPECT_NE(mx_site(plan_of({"mx1.example.net", "mx3.example.net"}), 25), site);
  EXPECT_NE(mx_site(plan_of({"mx1.example.net", "mx2.example.net"}), 2525), site);
}

TEST(MxSiteTest, IsNoneWithoutHostsOrForALiteral) {
  for (const auto verdict :
       {resolver::MxVerdict::literal, resolver::MxVerdict::permanent, resolver::MxVerdict::temporary}) {
    resolver::MxPlan plan;
    plan.verdict = verdict;
    EXPECT_EQ(mx_site(plan, 25), "");
  }
}

TEST(MxSiteTest, IsNoneOfAListThatMayHaveBeenCut) {
  std::vector<std::string> hosts;
  for (std::size_t host = 1; host < resolver::kMostHosts; ++host) hosts.push_back("h" + std::to_string(host));
  EXPECT_NE(mx_site(plan_of(hosts), 25), "");
  hosts.emplace_back("last");
  EXPECT_EQ(mx_site(plan_of(hosts), 25), "");
}

TEST(MxSiteTest, IsNoneBeyondItsBound) {
  std::vector<std::string> hosts;
  std::size_t octets = std::string_view(":25").size();
  while (octets + 20 <= kLongestSite) {
    const std::string number = std::to_string(100 + hosts.size());
    hosts.push_back("mx" + number + ".example.org.");  // 17 octets without the dot, and a comma
    octets += hosts.size() > 1 ? 18U : 17U;
  }
  EXPECT_EQ(mx_site(plan_of(hosts), 25).size(), octets);
  const std::size_t left = kLongestSite - octets - 1;
  hosts.push_back(std::string(left, 'x'));
  EXPECT_EQ(mx_site(plan_of(hosts), 25).size(), kLongestSite);
  hosts.back() += 'x';
  EXPECT_EQ(mx_site(plan_of(hosts), 25), "");
}

// ---- What a delivery says of it ----

class SiteOfADeliveryTest : public MxTest {};

TEST_F(SiteOfADeliveryTest, IsTheSameForTwoDomainsWithTheSameHosts) {
  zone(R"($ORIGIN example.net.
one    MX 10 mx1
       MX 20 mx2
two    MX 10 mx2
       MX 10 mx1
other  MX 10 mx1
mx1    A 192.0.2.1
mx2    A 192.0.2.2
)");
  host(kFirst);
  host(kSecond);
  const MxReport one = deliver("one.example.net");
  EXPECT_TRUE(one.all_delivered());
  EXPECT_EQ(one.site, "mx1.example.net,mx2.example.net:25");
  EXPECT_EQ(deliver("two.example.net").site, one.site);
  EXPECT_EQ(deliver("other.example.net").site, "mx1.example.net:25");
}

TEST_F(SiteOfADeliveryTest, IsToldWhenItsHostsCannotBeReached) {
  EXPECT_EQ(deliver().site, "mx1.example.net,mx2.example.net,mx3.example.net:25");
}

TEST_F(SiteOfADeliveryTest, IsNotToldWhereTheDomainAloneIsAtFault) {
  host(kFirst);
  backend->set_fault(name("example.net"), resolver::LookupFault::server_failure);
  EXPECT_EQ(deliver().site, "") << "no hosts";
  EXPECT_EQ(deliver("missing.example.net").site, "") << "no domain";
  backend->set_fault(name("example.net"), resolver::LookupFault::none);
  for (const std::string each : {"mx1", "mx2", "mx3"}) {
    backend->set_fault(name(each + ".example.net"), resolver::LookupFault::server_failure);
  }
  resolver->clear();
  EXPECT_EQ(deliver().site, "") << "no addresses";
}

TEST_F(SiteOfADeliveryTest, IsNotToldWhereAPolicyAlonePreventsDelivery) {
  use_tls();
  TlsDecision skip;
  skip.verdict = TlsVerdict::skip_host;
  skip.text = "not listed";
  options.decide = [skip](const TlsInputs&) { return skip; };
  EXPECT_EQ(deliver().site, "");
  options.decide = decide_tls;
  options.level = TlsLevel::verify;
  for (const char* address : {kFirst, kSecond, kThird}) host_with_tls(address, "other.example");
  EXPECT_EQ(deliver().site, "") << "wrong certificates, which most would not mind";
}

TEST_F(SiteOfADeliveryTest, IsNoneOfAFixedHostOrALiteral) {
  host(kFirst);
  EXPECT_TRUE(deliver("[192.0.2.1]").site.empty());
  EXPECT_TRUE(deliver_to(FixedHost("192.0.2.1", 25)).site.empty());
}

}  // namespace
}  // namespace postrider::client::testing
