#include "postrider/resolver/mx_selection.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postrider::resolver {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

DomainName name(std::string_view text) { return DomainName::parse(text).value(); }
MailDomain domain(std::string_view text = "example.org") { return MailDomain::parse(text).value(); }

using Listed = std::vector<std::pair<std::uint16_t, std::string_view>>;

Answer found(const Listed& listed, std::string_view canonical = "example.org") {
  Answer answer;
  answer.outcome = Answer::Outcome::found;
  answer.security = Security::secure;
  answer.canonical = name(canonical);
  for (const auto& [preference, host] : listed) {
    Record record;
    record.owner = answer.canonical;
    record.type = RecordType::mx;
    record.data = {static_cast<char>(preference >> 8), static_cast<char>(preference & 0xff)};
    record.data += name(host).wire();
    answer.records.push_back(record);
  }
  return answer;
}

Answer without_records(Answer::Outcome outcome, std::string_view canonical = "example.org") {
  Answer answer;
  answer.outcome = outcome;
  answer.security = Security::insecure;
  answer.canonical = name(canonical);
  return answer;
}

MxPlan select(const Answer& answer, const std::vector<DomainName>& own = {}, std::uint64_t seed = 1) {
  return select_mx(domain(), answer, own, seed);
}

std::vector<std::string> names(const MxPlan& plan) {
  std::vector<std::string> out;
  for (const MxHost& host : plan.hosts) out.push_back(host.name.text());
  return out;
}

// "permanent 556 5.1.10"
std::string verdict(const MxPlan& plan) {
  switch (plan.verdict) {
    case MxVerdict::hosts: return "hosts";
    case MxVerdict::literal: return "literal";
    case MxVerdict::permanent: return "permanent " + std::to_string(plan.code) + " " + plan.status;
    case MxVerdict::temporary: return "temporary " + std::to_string(plan.code) + " " + plan.status;
  }
  return "none of them";
}

TEST(MxSelection, OrdersHostsByPreference) {
  const MxPlan plan =
      select(found({{20, "b.example"}, {5, "c.example"}, {65535, "d.example"}, {10, "a.example"}}));
  EXPECT_EQ(verdict(plan), "hosts");
  EXPECT_THAT(names(plan), ElementsAre("c.example", "a.example", "b.example", "d.example"));
  EXPECT_EQ(plan.hosts[3].preference, 65535);
  EXPECT_FALSE(plan.implicit);
  EXPECT_EQ(plan.security, Security::secure);
  EXPECT_EQ(plan.canonical, name("example.org"));
  EXPECT_EQ(plan.code, 0);
  EXPECT_THAT(plan.notes, IsEmpty());
}

TEST(MxSelection, GivesTheSameOrderForTheSameSeedWhateverTheOrderOfTheRecords) {
  Listed listed = {
      {10, "a.example"}, {10, "b.example"}, {10, "c.example"}, {10, "d.example"}, {20, "e.example"}};
  const auto first = names(select(found(listed), {}, 4711));
  // Written down, so that another machine or library that orders in another way is noticed.
  EXPECT_THAT(first, ElementsAre("a.example", "d.example", "b.example", "c.example", "e.example"));
  std::ranges::reverse(listed);
  EXPECT_EQ(names(select(found(listed), {}, 4711)), first);
}

TEST(MxSelection, ShufflesEqualsEvenlyAndNobodyElse) {
  const Answer answer = found({{10, "a.example"}, {10, "b.example"}, {10, "c.example"}, {5, "z.example"}});
  std::map<std::vector<std::string>, int> orders;
  for (std::uint64_t seed = 0; seed < 6000; ++seed) ++orders[names(select(answer, {}, seed))];
  ASSERT_EQ(orders.size(), 6U);
  for (const auto& [order, times] : orders) {
    EXPECT_EQ(order.front(), "z.example");
    EXPECT_GT(times, 850);
    EXPECT_LT(times, 1150);
  }
}

TEST(MxSelection, KeepsTheBestPlaceOfAHostThatIsListedTwice) {
  const MxPlan plan =
      select(found({{20, "a.example"}, {10, "A.example"}, {15, "b.example"}, {10, "a.example"}}));
  EXPECT_THAT(names(plan), ElementsAre("a.example", "b.example"));
  EXPECT_EQ(plan.hosts[0].preference, 10);
}

TEST(MxSelection, BouncesMailForANullMx) {
  for (const std::uint16_t preference : std::vector<std::uint16_t>{0, 10}) {
    const MxPlan plan = select(found({{preference, "."}}));
    EXPECT_EQ(verdict(plan), "permanent 556 5.1.10");
    EXPECT_EQ(plan.text, "example.org does not accept mail (null MX)");
    EXPECT_THAT(plan.hosts, IsEmpty());
  }
}

TEST(MxSelection, IgnoresANullMxThatDoesNotStandAlone) {
  const MxPlan plan = select(found({{0, "."}, {10, "a.example"}}));
  EXPECT_EQ(verdict(plan), "hosts");
  EXPECT_THAT(names(plan), ElementsAre("a.example"));
  EXPECT_THAT(plan.notes, ElementsAre(HasSubstr("null MX")));
}

TEST(MxSelection, TakesTheDomainItselfWhenThereIsNoMxRecord) {
  const MxPlan plan = select(without_records(Answer::Outcome::no_data));
  EXPECT_EQ(verdict(plan), "hosts");
  EXPECT_TRUE(plan.implicit);
  EXPECT_EQ(plan.security, Security::insecure);
  EXPECT_THAT(names(plan), ElementsAre("example.org"));
  EXPECT_EQ(plan.hosts[0].preference, 0);
}

TEST(MxSelection, BouncesMailForADomainThatDoesNotExist) {
  const MxPlan plan = select(without_records(Answer::Outcome::no_name));
  EXPECT_EQ(verdict(plan), "permanent 550 5.1.2");
  EXPECT_EQ(plan.text, "there is no domain example.org");
  const MxPlan alias = select(without_records(Answer::Outcome::no_name, "gone.example"));
  EXPECT_EQ(alias.text, "there is no domain example.org (an alias of gone.example)");
}

TEST(MxSelection, TriesLaterWhenNobodyKnows) {
  struct Case {
    LookupFault fault;
    std::string_view expected;
  };
  for (const Case& each : {Case{LookupFault::timed_out, "temporary 451 4.4.3"},
                           {LookupFault::unreachable, "temporary 451 4.4.3"},
                           {LookupFault::server_failure, "temporary 451 4.4.3"},
                           {LookupFault::malformed, "temporary 451 4.4.3"},
                           {LookupFault::too_many, "temporary 451 4.4.3"},
                           {LookupFault::cancelled, "temporary 451 4.4.3"},
                           {LookupFault::bogus, "temporary 451 4.7.5"}}) {
    const MxPlan plan = select(Answer::failed(each.fault, "what went wrong"));
    EXPECT_EQ(verdict(plan), each.expected);
    EXPECT_THAT(plan.text, HasSubstr("what went wrong"));
    EXPECT_THAT(plan.text, HasSubstr("example.org"));
    EXPECT_EQ(plan.canonical, name("example.org"));
    EXPECT_THAT(plan.hosts, IsEmpty());
  }
}

TEST(MxSelection, TakesNothingFromABogusAnswer) {
  for (Answer answer :
       {found({{10, "a.example"}}), found({{0, "."}}), without_records(Answer::Outcome::no_data),
        without_records(Answer::Outcome::no_name)}) {
    answer.security = Security::bogus;
    EXPECT_EQ(verdict(select(answer)), "temporary 451 4.7.5");
  }
}

TEST(MxSelection, DropsItselfAndWhateverIsNotPreferred) {
  const Answer answer =
      found({{10, "best.example"}, {20, "us.example"}, {20, "equal.example"}, {30, "worse.example"}});
  EXPECT_THAT(names(select(answer, {name("US.example")})), ElementsAre("best.example"));
  EXPECT_THAT(names(select(answer, {name("else.example")})).size(), 4U);
  // The best of our names counts.
  EXPECT_THAT(names(select(answer, {name("worse.example")})),
              ElementsAre("best.example", testing::_, testing::_));
  const MxPlan loop = select(answer, {name("worse.example"), name("best.example")});
  EXPECT_EQ(verdict(loop), "permanent 554 5.4.6");
  EXPECT_THAT(loop.text, HasSubstr("this host"));
  EXPECT_THAT(loop.hosts, IsEmpty());
}

TEST(MxSelection, NoticesThatTheDomainItselfIsThisHost) {
  EXPECT_EQ(verdict(select(without_records(Answer::Outcome::no_data), {name("example.org")})),
            "permanent 554 5.4.6");
  EXPECT_EQ(verdict(select(without_records(Answer::Outcome::no_data, "us.example"), {name("us.example")})),
            "permanent 554 5.4.6");
}

TEST(MxSelection, SkipsAddressesInThePlaceOfNames) {
  const MxPlan plan = select(found({{5, "192.0.2.1"}, {10, "a.example"}, {20, "mx.12"}}));
  EXPECT_THAT(names(plan), ElementsAre("a.example"));
  EXPECT_THAT(plan.notes, UnorderedElementsAre("192.0.2.1 is an address, and no host's name",
                                               "mx.12 is an address, and no host's name"));
  EXPECT_THAT(names(select(found({{5, "192.0.2.1.example"}}))), ElementsAre("192.0.2.1.example"));
}

TEST(MxSelection, DoesNotFallBackToTheDomainWhenNoRecordIsUsable) {
  const MxPlan plan = select(found({{5, "192.0.2.1"}, {5, "."}}));
  EXPECT_EQ(verdict(plan), "permanent 550 5.4.4");
  EXPECT_FALSE(plan.implicit);
}

TEST(MxSelection, TriesLaterWhenAllRecordsAreMalformed) {
  Answer answer = found({{10, "a.example"}});
  answer.records[0].data = "\x01";
  EXPECT_EQ(verdict(select(answer)), "temporary 451 4.4.3");
}

TEST(MxSelection, StopsAtFiftyHosts) {
  std::vector<std::string> texts;
  for (int i = 0; i < 300; ++i) texts.push_back("mx" + std::to_string(i) + ".example");
  Listed listed;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    listed.emplace_back(static_cast<std::uint16_t>(300 - i), texts[i]);
  }
  const MxPlan plan = select(found(listed));
  ASSERT_EQ(plan.hosts.size(), kMostHosts);
  EXPECT_EQ(plan.hosts.front().name.text(), "mx299.example");
  EXPECT_EQ(plan.hosts.back().name.text(), "mx250.example");
  EXPECT_THAT(plan.notes, ElementsAre("300 hosts are listed; the first 50 are tried"));
}

TEST(MxSelection, TellsWhereTheRecordsOfAnAliasStand) {
  const MxPlan plan = select(found({{10, "a.example"}}, "real.example"));
  EXPECT_EQ(plan.canonical, name("real.example"));
  EXPECT_EQ(select(found({{0, "."}}, "real.example")).text,
            "example.org (an alias of real.example) does not accept mail (null MX)");
  const MxPlan implicit = select(without_records(Answer::Outcome::no_data, "real.example"));
  EXPECT_EQ(implicit.canonical, name("real.example"));
  EXPECT_THAT(names(implicit), ElementsAre("example.org"));
}

TEST(MxSelection, AsksNobodyAboutAnAddressLiteral) {
  const MxPlan plan = select_mx(domain("[192.0.2.1]"), Answer(), {}, 1);
  EXPECT_EQ(verdict(plan), "literal");
  EXPECT_THAT(plan.hosts, IsEmpty());
}

Address ipv4(std::uint8_t last) {
  Address address;
  address.octets = {192, 0, 2, last};
  return address;
}
Address ipv6(std::uint8_t last) {
  Address address;
  address.family = Address::Family::ipv6;
  address.octets = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last};
  return address;
}

TEST(Interleave, AlternatesBetweenTheFamiliesAndBeginsWithIpv6) {
  const std::vector<Address> a = {ipv4(1), ipv4(2), ipv4(3)};
  const std::vector<Address> aaaa = {ipv6(1), ipv6(2)};
  EXPECT_THAT(interleave(a, aaaa, Families::both), ElementsAre(ipv6(1), ipv4(1), ipv6(2), ipv4(2), ipv4(3)));
  EXPECT_THAT(interleave({ipv4(1)}, {ipv6(1), ipv6(2), ipv6(3)}, Families::both),
              ElementsAre(ipv6(1), ipv4(1), ipv6(2), ipv6(3)));
  EXPECT_THAT(interleave(a, {}, Families::both), ElementsAre(ipv4(1), ipv4(2), ipv4(3)));
  EXPECT_THAT(interleave({}, {}, Families::both), IsEmpty());
}

TEST(Interleave, LeavesOutAFamily) {
  EXPECT_THAT(interleave({ipv4(1)}, {ipv6(1)}, Families::ipv4), ElementsAre(ipv4(1)));
  EXPECT_THAT(interleave({ipv4(1)}, {ipv6(1)}, Families::ipv6), ElementsAre(ipv6(1)));
  EXPECT_THAT(interleave({ipv4(1)}, {}, Families::ipv6), IsEmpty());
}

TEST(Interleave, HasEachAddressOnce) {
  EXPECT_THAT(interleave({ipv4(1), ipv4(1), ipv4(2)}, {ipv6(1), ipv6(1), ipv6(2)}, Families::both),
              ElementsAre(ipv6(1), ipv4(1), ipv6(2), ipv4(2)));
}

TEST(Interleave, StopsAtTwentyAddresses) {
  std::vector<Address> a;
  std::vector<Address> aaaa;
  for (std::uint8_t i = 0; i < 200; ++i) {
    a.push_back(ipv4(i));
    aaaa.push_back(ipv6(i));
  }
  const std::vector<Address> both = interleave(a, aaaa, Families::both);
  ASSERT_EQ(both.size(), kMostAddresses);
  EXPECT_EQ(both.back(), ipv4(9));
  EXPECT_EQ(interleave(a, aaaa, Families::ipv4).size(), kMostAddresses);
}

}  // namespace
}  // namespace postrider::resolver
