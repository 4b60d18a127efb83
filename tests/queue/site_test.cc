// Destinations that go to the same hosts: one pace and one turn for all of them.
#include "postrider/queue/site.h"

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "scheduler_fixture.h"
#include <gtest/gtest.h>

namespace postrider::queue {
namespace {

using namespace std::chrono_literals;
using namespace testing;

constexpr std::string_view kSite = "mx1.example.net,mx2.example.net:25";
constexpr std::string_view kOther = "mx.example.com:25";

class SiteTest : public ::testing::Test {
 protected:
  explicit SiteTest(SchedulerOptions with = small()) : queue(std::move(with)) {}

  void offer(const std::string& destination, int count) {
    for (int i = 0; i < count; ++i) queue.offer(consignment(++id_, destination, queue.now));
  }
  // Each delivers one message, and has learned where it goes to.
  void learn(const std::vector<std::string>& destinations, std::string_view site) {
    for (const std::string& each : destinations) {
      offer(each, 1);
      const std::optional<Consignment> one = queue.next();
      ASSERT_TRUE(one);
      ASSERT_EQ(one->destination, each);
      queue.delivered(*one, site);
    }
  }
  // Fails with all that it gives until it gives nothing more.
  void fail_all(std::string_view site) {
    for (const Consignment& each : queue.all()) {
      queue.deferred(each, Health::unreachable, queue.now + 10h, site);
    }
  }
  std::map<std::string, int> given() {
    std::map<std::string, int> out;
    for (const Consignment& each : queue.all()) ++out[each.destination];
    return out;
  }
  SchedulerCounters counters() const { return queue.scheduler.counters(); }

  Queue queue;

 private:
  std::uint64_t id_ = 0;
};

// ---- One pace ----

TEST_F(SiteTest, DestinationsShareItsLimit) {
  learn({"a", "b"}, kSite);
  EXPECT_EQ(counters().sites, 1U);
  offer("a", 10);
  offer("b", 10);
  // Two have reached it, as many as could at once: one more.
  EXPECT_EQ(given(), (std::map<std::string, int>{{"a", 2}, {"b", 1}}));
}

TEST_F(SiteTest, WithoutANameADestinationIsASiteByItself) {
  learn({"a", "b"}, "");
  EXPECT_EQ(counters().sites, 2U);
  offer("a", 10);
  offer("b", 10);
  EXPECT_EQ(given(), (std::map<std::string, int>{{"a", 2}, {"b", 2}}));
}

TEST_F(SiteTest, WhatWasLearnedBeforeItHadANameIsKept) {
  for (int round = 0; round < 4; ++round) {
    offer("a", 4);
    for (const Consignment& each : queue.all()) queue.delivered(each);
  }
  offer("a", 10);
  std::vector<Consignment> under_way = queue.all();
  ASSERT_EQ(under_way.size(), 4U) << "the limit has grown";
  queue.delivered(under_way[0], kSite);
  EXPECT_EQ(queue.all().size(), 1U) << "and is as high";
}

TEST_F(SiteTest, TheRestOfOneIsTheRestOfAll) {
  learn({"a", "b", "c"}, kSite);
  for (const char* each : {"a", "b"}) offer(each, 10);
  fail_all(kSite);
  EXPECT_EQ(counters().resting, 3U) << "lines";
  EXPECT_EQ(counters().in_line, 0U) << "a dead site fills the memory";
  EXPECT_EQ(given().size(), 0U);
  for (const char* each : {"a", "b", "c"}) offer(each, 1);
  EXPECT_EQ(given().size(), 0U);
  EXPECT_EQ(counters().in_line, 0U);
  const Time ends = queue.scheduler.wake(queue.now);
  EXPECT_GE(ends, kNow + 27s);
  EXPECT_LE(ends, kNow + 33s);

  queue.now = ends;
  std::vector<Consignment> probe = queue.all();
  ASSERT_EQ(probe.size(), 1U) << "for all of them";
  queue.deferred(probe[0], Health::unreachable, queue.now + 10h, kSite);
  EXPECT_GE(queue.scheduler.wake(queue.now), ends + 54s);
  EXPECT_EQ(counters().resting, 3U);

  queue.now = queue.scheduler.wake(queue.now);
  probe = queue.all();
  ASSERT_EQ(probe.size(), 1U);
  queue.delivered(probe[0], kSite);
  EXPECT_EQ(counters().resting, 0U);
  EXPECT_EQ(queue.all().size(), 2U) << "slow start";
}

TEST_F(SiteTest, ADestinationThatIsFoundToGoToARestingSiteRestsWithIt) {
  learn({"a"}, kSite);
  offer("a", 10);
  offer("b", 10);
  const std::vector<Consignment> under_way = queue.all();
  ASSERT_EQ(under_way.size(), 4U);
  for (const Consignment& each : under_way) {
    if (each.destination == "a") queue.deferred(each, Health::unreachable, queue.now + 10h, kSite);
  }
  ASSERT_EQ(counters().resting, 1U);
  for (const Consignment& each : under_way) {
    if (each.destination == "b") queue.deferred(each, Health::unreachable, queue.now + 10h, kSite);
  }
  EXPECT_EQ(counters().resting, 2U);
  EXPECT_EQ(counters().in_line, 0U);
  EXPECT_EQ(given().size(), 0U);
}

TEST_F(SiteTest, OneThatReachesItEndsTheRestOfAll) {
  learn({"a", "b"}, kSite);
  offer("a", 10);
  offer("c", 10);
  std::vector<Consignment> of_c;
  for (const Consignment& each : queue.all()) {
    if (each.destination == "c") of_c.push_back(each);
    if (each.destination == "a") queue.deferred(each, Health::unreachable, queue.now + 10h, kSite);
  }
  offer("b", 10);
  ASSERT_EQ(counters().resting, 2U);
  // Nobody knew that this would go there.
  queue.delivered(of_c.at(0), kSite);
  EXPECT_EQ(counters().resting, 0U);
  EXPECT_EQ(counters().sites, 1U);
  EXPECT_EQ(queue.all().size(), 1U) << "with the other one of c";
}

TEST_F(SiteTest, WakingUpOneWakesUpAll) {
  learn({"a", "b"}, kSite);
  offer("a", 10);
  fail_all(kSite);
  offer("b", 10);
  ASSERT_EQ(counters().resting, 2U);
  queue.scheduler.wake_up("b");
  EXPECT_EQ(counters().resting, 0U);
  EXPECT_EQ(queue.all().size(), 1U) << "the probe";
}

TEST_F(SiteTest, WhatIsForgottenIsGivenToNoneOfItsLines) {
  learn({"a", "b"}, kSite);
  for (const char* each : {"a", "b"}) queue.offer(consignment(100, each));
  queue.offer(consignment(101, "b"));
  for (const char* each : {"a", "b"}) queue.spool.remove(consignment(100, each));
  queue.scheduler.forget(MessageId{100});
  EXPECT_EQ(queue.ids(), (std::vector<std::uint64_t>{101}));
}

TEST_F(SiteTest, ItsRestEndsAsItWouldHaveWhenTheClockIsSetBack) {
  queue.now = kNow + 48h;
  learn({"a", "b"}, kSite);
  offer("a", 10);
  fail_all(kSite);
  ASSERT_EQ(counters().resting, 2U);
  queue.now = kNow;
  queue.offer(consignment(1'000, "b", queue.now));
  EXPECT_EQ(given().size(), 0U);
  queue.now = kNow + 34s;
  EXPECT_EQ(queue.ids(), (std::vector<std::uint64_t>{1'000}));
}

class SiteRateTest : public SiteTest {
 protected:
  static SchedulerOptions with_rate() {
    SchedulerOptions out;
    out.per_second = 2;
    return out;
  }
  SiteRateTest() : SiteTest(with_rate()) {}
};

TEST_F(SiteRateTest, DestinationsShareItsRate) {
  learn({"a", "b"}, kSite);
  offer("a", 100);
  offer("b", 100);
  std::map<std::string, int> sum;
  while (queue.now <= kNow + 10s) {
    for (const Consignment& each : queue.all()) {
      ++sum[each.destination];
      queue.delivered(each, kSite);
    }
    ASSERT_GT(queue.scheduler.wake(queue.now), queue.now);
    queue.now = queue.scheduler.wake(queue.now);
  }
  EXPECT_EQ(sum["a"] + sum["b"], 20) << "and one before";
  EXPECT_EQ(sum["a"], sum["b"]);
}

// ---- One turn ----

class SiteTurnTest : public SiteTest {
 protected:
  static SchedulerOptions wide() {
    SchedulerOptions out;
    out.concurrency = out.initial_concurrency = 1'000;
    out.in_flight = 10'000;
    return out;
  }
  SiteTurnTest() : SiteTest(wide()) {}
};

TEST_F(SiteTurnTest, AThousandDomainsOfASiteHaveTheTurnOfOne) {
  std::vector<std::string> domains;
  for (int i = 0; i < 1'000; ++i) domains.push_back("of-many-" + std::to_string(i));
  learn(domains, kSite);
  learn({"alone"}, kOther);
  for (const std::string& each : domains) offer(each, 1);
  offer("alone", 100);
  const std::vector<Consignment> order = queue.all();
  ASSERT_EQ(order.size(), 1'100U);
  for (std::size_t i = 0; i < 200; ++i) EXPECT_EQ(order[i].destination == "alone", i % 2 == 1) << i;
}

TEST_F(SiteTurnTest, TheLinesOfASiteTakeTurns) {
  learn({"a", "b", "c"}, kSite);
  offer("a", 3);
  offer("b", 2);
  offer("c", 1);
  std::string order;
  for (const Consignment& each : queue.all()) order += each.destination;
  EXPECT_EQ(order, "abcaba");
}

TEST_F(SiteTest, ALongLineLeavesPlacesToTheOthersOfItsSite) {
  learn({"a", "b"}, kSite);
  offer("a", 1'000);
  offer("b", 1);
  const std::map<std::string, int> each = given();
  EXPECT_EQ(each.at("b"), 1);
}

TEST_F(SiteTest, ASiteLeavesPlacesToOthers) {
  std::vector<std::string> domains;
  for (int i = 0; i < 10; ++i) domains.push_back("of-many-" + std::to_string(i));
  learn(domains, kSite);
  for (const std::string& each : domains) offer(each, 100);
  EXPECT_LE(counters().in_line, 20U) << "half of all places";
  offer("alone", 1);
  EXPECT_EQ(given().at("alone"), 1);
}

// ---- Moving ----

TEST_F(SiteTest, WhatIsInFlightMovesAlong) {
  learn({"b"}, kSite);
  offer("b", 5);
  offer("a", 5);
  std::vector<Consignment> of_a;
  for (const Consignment& each : queue.all()) {
    if (each.destination == "a") of_a.push_back(each);
  }
  ASSERT_EQ(of_a.size(), 2U);
  ASSERT_EQ(counters().in_flight, 4U);
  queue.delivered(of_a[0], kSite);
  EXPECT_EQ(counters().sites, 1U);
  EXPECT_EQ(given().size(), 0U) << "three are under way, and so many may be";
  queue.delivered(of_a[1], kSite);
  EXPECT_EQ(queue.all().size(), 1U);
}

TEST_F(SiteTest, ADomainThatHasChangedItsHostsMovesAgain) {
  learn({"a", "b"}, kSite);
  EXPECT_EQ(counters().sites, 1U);
  learn({"a"}, kOther);
  EXPECT_EQ(counters().sites, 2U);
  offer("a", 5);
  offer("b", 5);
  const std::map<std::string, int> each = given();
  EXPECT_EQ(each.at("a"), 2) << "slow start at the other hosts";
  EXPECT_EQ(each.at("b"), 3);
}

TEST_F(SiteTest, ASiteWithoutLinesGoes) {
  learn({"a", "b"}, kSite);
  learn({"a", "b"}, kOther);
  EXPECT_EQ(counters().sites, 1U);
  for (int i = 0; i < 1'000; ++i) {
    learn({"mx:" + std::to_string(i)}, "site-" + std::to_string(i / 3));
    ASSERT_LE(counters().remembered, 10U);
    ASSERT_LE(counters().sites, counters().remembered);
  }
  EXPECT_EQ(counters().sites, 4U);
}

TEST_F(SiteTest, ADestinationThatFailsByItselfLeavesItsSiteAndComesBack) {
  learn({"a", "b"}, kSite);
  offer("a", 5);
  const std::vector<Consignment> under_way = queue.all();
  ASSERT_EQ(under_way.size(), 3U);
  // Its lookup fails, and nothing is known of the hosts.
  for (const Consignment& each : under_way) queue.deferred(each, Health::unreachable, queue.now + 10h);
  EXPECT_EQ(counters().sites, 2U);
  EXPECT_EQ(counters().resting, 1U);
  offer("b", 5);
  EXPECT_EQ(given(), (std::map<std::string, int>{{"b", 3}}));
  queue.now += 34s;
  const std::vector<Consignment> probe = queue.all();
  ASSERT_EQ(probe.size(), 1U);
  ASSERT_EQ(probe[0].destination, "a");
  queue.delivered(probe[0], kSite);
  EXPECT_EQ(counters().sites, 1U);
  EXPECT_EQ(counters().resting, 0U);
}

TEST_F(SiteTest, AnAttemptThatWasBrokenOffMovesNothing) {
  learn({"a", "b"}, kSite);
  offer("a", 1);
  const std::vector<Consignment> under_way = queue.all();
  queue.deferred(under_way.at(0), Health::unknown, queue.now + 10h);
  EXPECT_EQ(counters().sites, 1U);
}

}  // namespace
}  // namespace postrider::queue
