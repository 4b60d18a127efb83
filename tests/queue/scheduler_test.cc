#include "postrider/queue/scheduler.h"

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "scheduler_fixture.h"
#include <gtest/gtest.h>

#include "postrider/queue/fetcher.h"

namespace postrider::queue {
namespace {

using namespace std::chrono_literals;
using namespace testing;

TEST(SchedulerTest, GivesWhatIsOfferedWithoutReadingTheSpool) {
  Queue queue;
  EXPECT_EQ(queue.next(), std::nullopt);
  const std::size_t readings = queue.spool.readings();
  for (std::uint64_t id = 1; id <= 1'000; ++id) {
    queue.now += 1ms;
    const Consignment one = queue.offer(consignment(id, "mx:example.org", queue.now));
    ASSERT_EQ(queue.next(), one);
    ASSERT_EQ(queue.next(), std::nullopt);
    queue.delivered(one);
  }
  EXPECT_EQ(queue.spool.readings(), readings);
  EXPECT_EQ(queue.scheduler.wake(queue.now), kNever);
}

TEST(SchedulerTest, FindsWhatIsInTheSpoolAfterARestart) {
  Queue queue;
  queue.spool.put(consignment(1, "a", kNow - 1h));
  queue.spool.put(consignment(2, "b", kNow));
  queue.spool.put(consignment(3, "a", kNow + 1h));
  EXPECT_EQ(queue.scheduler.wake(queue.now), queue.now);
  EXPECT_EQ(queue.ids(), (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(queue.scheduler.wake(queue.now), kNow + 1h);
  queue.now = kNow + 1h - 1ms;
  EXPECT_EQ(queue.ids(), std::vector<std::uint64_t>{});
  queue.now = kNow + 1h;
  EXPECT_EQ(queue.ids(), (std::vector<std::uint64_t>{3}));
}

TEST(SchedulerTest, WhatIsDueLaterIsGivenThen) {
  Queue queue;
  queue.ids();
  const Consignment held_until = queue.offer(consignment(1, "a", kNow + 90min));
  EXPECT_EQ(queue.next(), std::nullopt);
  EXPECT_EQ(queue.scheduler.wake(queue.now), kNow + 90min);
  queue.now = kNow + 90min;
  EXPECT_EQ(queue.next(), held_until);
  queue.deferred(held_until, Health::reached, queue.now + 5min);
  EXPECT_EQ(queue.next(), std::nullopt);
  EXPECT_EQ(queue.scheduler.wake(queue.now), queue.now + 5min);
  queue.now += 5min;
  EXPECT_EQ(queue.ids(), (std::vector<std::uint64_t>{1}));
}

TEST(SchedulerTest, OneThatIsNeverDueIsForgotten) {
  Queue queue;
  queue.offer(consignment(1, "a"));
  queue.scheduler.offer(consignment(1, "a", kNever), kNow);
  queue.spool.remove(consignment(1, "a"));
  EXPECT_EQ(queue.ids(), std::vector<std::uint64_t>{});
  EXPECT_EQ(queue.scheduler.wake(queue.now), kNever);
}

TEST(SchedulerTest, GivesNothingTwice) {
  Queue queue(small());
  const Consignment one = queue.offer(consignment(1, "a"));
  queue.scheduler.offer(one, kNow);
  ASSERT_EQ(queue.next(), one);
  queue.scheduler.offer(one, kNow);
  queue.now += 1h;
  queue.offer(consignment(2, "b", queue.now - 30min));
  EXPECT_EQ(queue.ids(), (std::vector<std::uint64_t>{2}));
  EXPECT_TRUE(queue.scheduler.in_flight(MessageId{1}));
  queue.delivered(one);
  EXPECT_FALSE(queue.scheduler.in_flight(MessageId{1}));
}

TEST(SchedulerTest, DestinationsOfOneMessageAreTriedEachByItself) {
  Queue queue;
  std::set<std::string> names;
  for (const char* name : {"a", "b", "c", "d"}) queue.offer(consignment(1, name));
  std::vector<Consignment> given = queue.all();
  ASSERT_EQ(given.size(), 4U);
  for (std::size_t i = 0; i < given.size(); ++i) {
    EXPECT_TRUE(queue.scheduler.in_flight(MessageId{1}));
    names.insert(given[i].destination);
    queue.delivered(given[i]);
  }
  EXPECT_EQ(names.size(), 4U);
  EXPECT_FALSE(queue.scheduler.in_flight(MessageId{1}));
}

TEST(SchedulerTest, ALineIsInOrderOfPriorityThenOfDueThenOfArrival) {
  SchedulerOptions with;
  with.initial_concurrency = 20;
  Queue queue(with);
  queue.next();
  queue.offer(consignment(5, "a", kNow));
  queue.offer(consignment(4, "a", kNow));
  queue.offer(consignment(3, "a", kNow - 1s));
  queue.offer(consignment(2, "a", kNow, 4));
  queue.offer(consignment(1, "a", kNow, -4));
  EXPECT_EQ(queue.ids(), (std::vector<std::uint64_t>{2, 3, 4, 5, 1}));
}

TEST(SchedulerTest, DestinationsTakeTurns) {
  Queue queue;
  queue.next();
  for (std::uint64_t id = 1; id <= 3; ++id) queue.offer(consignment(id, "a"));
  for (std::uint64_t id = 11; id <= 12; ++id) queue.offer(consignment(id, "b"));
  queue.offer(consignment(21, "c"));
  EXPECT_EQ(queue.ids(), (std::vector<std::uint64_t>{1, 11, 21, 2, 12, 3}));
}

TEST(SchedulerTest, KeepsTheLimitsOfADestinationAndOfAll) {
  SchedulerOptions with = small();
  with.in_flight = 5;
  Queue queue(with);
  for (std::uint64_t id = 1; id <= 40; ++id) {
    queue.offer(consignment(id, std::string(1, static_cast<char>('a' + id % 4))));
  }
  const std::vector<Consignment> given = queue.all();
  EXPECT_EQ(given.size(), 5U);
  std::map<std::string, int> by_destination;
  for (const Consignment& each : given) EXPECT_LE(++by_destination[each.destination], 2) << each.destination;
  EXPECT_EQ(queue.scheduler.wake(queue.now), kNever);
  queue.delivered(given[0]);
  EXPECT_EQ(queue.scheduler.wake(queue.now), queue.now);
  EXPECT_EQ(queue.all().size(), 1U);
}

TEST(SchedulerTest, ADestinationThatAnswersIsGivenMoreAtOnce) {
  SchedulerOptions with;
  with.concurrency = 4;
  with.initial_concurrency = 1;
  Queue queue(with);
  for (std::uint64_t id = 1; id <= 100; ++id) queue.offer(consignment(id, "a"));
  std::vector<std::size_t> at_once;
  for (int round = 0; round < 6; ++round) {
    const std::vector<Consignment> given = queue.all();
    at_once.push_back(given.size());
    for (const Consignment& each : given) queue.delivered(each);
  }
  EXPECT_EQ(at_once, (std::vector<std::size_t>{1, 2, 3, 4, 4, 4}));
}

TEST(SchedulerTest, ADestinationThatCannotBeReachedRestsAndIsProbed) {
  Queue queue(small());
  for (std::uint64_t id = 1; id <= 30; ++id) queue.offer(consignment(id, "dead"));
  for (const Consignment& each : queue.all()) queue.deferred(each, Health::unreachable, queue.now + 1h);
  EXPECT_EQ(queue.scheduler.counters().resting, 1U);
  EXPECT_EQ(queue.scheduler.counters().in_line, 0U) << "a dead destination fills the memory";
  EXPECT_EQ(queue.ids(), std::vector<std::uint64_t>{});
  // What comes during the rest waits like the others.
  queue.offer(consignment(31, "dead"));
  EXPECT_EQ(queue.scheduler.counters().in_line, 0U);
  const Time ends = queue.scheduler.wake(queue.now);
  EXPECT_GE(ends, kNow + 27s);
  EXPECT_LE(ends, kNow + 33s);
  queue.now = ends;
  std::vector<Consignment> given = queue.all();
  ASSERT_EQ(given.size(), 1U);
  EXPECT_EQ(given[0].id, MessageId{3});
  queue.deferred(given[0], Health::unreachable, queue.now + 1h);
  EXPECT_GE(queue.scheduler.wake(queue.now), ends + 54s);
  queue.now = queue.scheduler.wake(queue.now);
  given = queue.all();
  ASSERT_EQ(given.size(), 1U);
  queue.delivered(given[0]);
  EXPECT_EQ(queue.all().size(), 2U);
  EXPECT_EQ(queue.scheduler.counters().resting, 0U);
}

TEST(SchedulerTest, ARestEndsWhenSomebodyKnowsBetter) {
  for (const char* whom : {"dead", ""}) {
    Queue queue(small());
    for (std::uint64_t id = 1; id <= 30; ++id) queue.offer(consignment(id, "dead"));
    for (const Consignment& each : queue.all()) queue.deferred(each, Health::unreachable, queue.now + 1h);
    queue.scheduler.wake_up("other");
    EXPECT_EQ(queue.ids().size(), 0U);
    queue.scheduler.wake_up(whom);
    EXPECT_EQ(queue.scheduler.wake(queue.now), queue.now);
    EXPECT_EQ(queue.ids().size(), 1U) << "the probe";
  }
}

TEST(SchedulerTest, ARestIsRememberedWhileNothingIsDue) {
  Queue queue(small());
  const Consignment one = queue.offer(consignment(1, "dead"));
  ASSERT_EQ(queue.next(), one);
  queue.deferred(one, Health::unreachable, queue.now + 1h);
  EXPECT_EQ(queue.scheduler.counters().resting, 1U);
  queue.offer(consignment(2, "dead"));
  EXPECT_EQ(queue.ids().size(), 0U);
}

TEST(SchedulerTest, KeepsTheRateOfADestination) {
  SchedulerOptions with;
  with.per_second = 2;
  Queue queue(with);
  for (std::uint64_t id = 1; id <= 100; ++id) queue.offer(consignment(id, "a"));
  queue.offer(consignment(101, "b"));
  std::map<std::string, int> given;
  while (queue.now <= kNow + 10s) {
    for (const Consignment& each : queue.all()) {
      ++given[each.destination];
      queue.delivered(each);
    }
    ASSERT_GT(queue.scheduler.wake(queue.now), queue.now);
    queue.now = queue.scheduler.wake(queue.now);
  }
  EXPECT_EQ(given["a"], 21);
  EXPECT_EQ(given["b"], 1);
}

TEST(SchedulerTest, TheRateIsNotForWhatIsNoServer) {
  SchedulerOptions with;
  with.per_second = 1;
  with.without_rate = {"maildir"};
  Queue queue(with);
  for (std::uint64_t id = 1; id <= 5; ++id) queue.offer(consignment(id, "maildir"));
  EXPECT_EQ(queue.all().size(), 5U);
}

TEST(SchedulerTest, WhatIsForgottenIsNotGiven) {
  Queue queue;
  queue.next();
  const Consignment in_line = queue.offer(consignment(1, "a"));
  queue.offer(consignment(1, "b"));
  queue.offer(consignment(2, "a"));
  for (const char* name : {"a", "b"}) queue.spool.remove(consignment(1, name));
  queue.scheduler.forget(MessageId{1});
  EXPECT_EQ(queue.scheduler.counters().in_line, 1U);
  EXPECT_EQ(queue.scheduler.counters().destinations, 1U);
  EXPECT_EQ(queue.ids(), (std::vector<std::uint64_t>{2}));
  // Released.
  queue.offer(in_line);
  EXPECT_EQ(queue.ids(), (std::vector<std::uint64_t>{1}));
}

TEST(SchedulerTest, WhatIsForgottenInFlightIsTriedNoMore) {
  Queue queue;
  const Consignment one = queue.offer(consignment(1, "a"));
  ASSERT_EQ(queue.next(), one);
  queue.scheduler.forget(MessageId{1});
  EXPECT_TRUE(queue.scheduler.in_flight(MessageId{1}));
  queue.spool.remove(one);
  queue.scheduler.finished(one, Health::reached, "", kNow, kNow);
  EXPECT_FALSE(queue.scheduler.in_flight(MessageId{1}));
  EXPECT_EQ(queue.ids(), std::vector<std::uint64_t>{});
}

TEST(SchedulerTest, WhatIsReleasedInFlightIsTriedAgain) {
  Queue queue;
  const Consignment one = queue.offer(consignment(1, "a"));
  ASSERT_EQ(queue.next(), one);
  queue.scheduler.forget(MessageId{1});
  queue.scheduler.offer(one, kNow);
  queue.deferred(one, Health::reached, kNow + 1min);
  queue.now += 1min;
  EXPECT_EQ(queue.ids(), (std::vector<std::uint64_t>{1}));
}

TEST(SchedulerTest, WhatIsOfferedForAnotherTimeIsMoved) {
  Queue queue;
  queue.ids();
  // From later to now: an operator says so.
  queue.offer(consignment(1, "a", kNow + 1h));
  queue.spool.remove(consignment(1, "a", kNow + 1h));
  queue.offer(consignment(1, "a", kNow));
  EXPECT_EQ(queue.scheduler.counters().in_line, 1U);
  // From now to later.
  queue.spool.remove(consignment(1, "a", kNow));
  queue.offer(consignment(1, "a", kNow + 2h));
  EXPECT_EQ(queue.scheduler.counters().in_line, 0U);
  EXPECT_EQ(queue.ids(), std::vector<std::uint64_t>{});
  queue.now += 2h;
  EXPECT_EQ(queue.ids(), (std::vector<std::uint64_t>{1}));
  EXPECT_EQ(queue.scheduler.wake(queue.now), kNever);
}

TEST(SchedulerTest, AHigherPriorityPassesALineThatIsFull) {
  SchedulerOptions with = small();
  with.initial_concurrency = 1;
  Queue queue(with);
  for (std::uint64_t id = 1; id <= 100; ++id) queue.offer(consignment(id, "a"));
  queue.offer(consignment(101, "a", kNow, 5));
  EXPECT_EQ(queue.scheduler.counters().in_line, 8U);
  std::vector<std::uint64_t> order;
  for (;;) {
    const std::vector<Consignment> given = queue.all();
    if (given.empty()) break;
    for (const Consignment& each : given) {
      order.push_back(each.id.value);
      queue.delivered(each);
    }
  }
  ASSERT_EQ(order.size(), 101U);
  EXPECT_EQ(order[0], 101U);
  for (std::size_t i = 1; i < order.size(); ++i) EXPECT_EQ(order[i], i);
}

TEST(SchedulerTest, AFailingSpoolIsAskedAgainASecondLater) {
  Queue queue;
  queue.spool.put(consignment(1, "a", kNow - 2s));
  queue.spool.put(consignment(2, "b", kNow - 1s));
  queue.spool.fail_after(1);
  EXPECT_EQ(queue.ids(), (std::vector<std::uint64_t>{1}));
  const std::optional<SpoolFailure> failure = queue.scheduler.failure();
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->text, "broken on purpose");
  EXPECT_FALSE(queue.scheduler.failure());
  // Asked no sooner; meanwhile what is offered goes on.
  const std::size_t readings = queue.spool.readings();
  EXPECT_EQ(queue.scheduler.wake(queue.now), queue.now + Fetcher::kAfterFailure);
  queue.now += Fetcher::kAfterFailure - 1ms;
  queue.offer(consignment(3, "c", queue.now));
  EXPECT_EQ(queue.ids(), (std::vector<std::uint64_t>{3}));
  EXPECT_EQ(queue.spool.readings(), readings);
  queue.now += 1ms;
  EXPECT_EQ(queue.ids(), std::vector<std::uint64_t>{});
  EXPECT_TRUE(queue.scheduler.failure());
  EXPECT_EQ(queue.spool.readings(), readings + 1);
  queue.spool.work_again();
  queue.now += Fetcher::kAfterFailure;
  EXPECT_EQ(queue.ids(), (std::vector<std::uint64_t>{2}));
  EXPECT_FALSE(queue.scheduler.failure());
}

TEST(SchedulerTest, AFailureWhileALineIsRefilledLosesNothing) {
  SchedulerOptions with = small();
  with.in_memory = 8;
  Queue queue(with);
  for (std::uint64_t id = 1; id <= 60; ++id) queue.spool.put(consignment(id, id % 3 == 0 ? "b" : "a"));
  std::set<std::uint64_t> given;
  for (int round = 0; round < 500 && given.size() < 60; ++round) {
    round % 3 == 0 ? queue.spool.fail_after(static_cast<std::size_t>(round % 7)) : queue.spool.work_again();
    for (const Consignment& each : queue.all()) {
      EXPECT_TRUE(given.insert(each.id.value).second);
      queue.delivered(each);
    }
    queue.now += Fetcher::kAfterFailure;
  }
  EXPECT_EQ(given.size(), 60U);
}

TEST(SchedulerTest, AClockThatIsSetBackLosesNothing) {
  Queue queue;
  queue.now = kNow + 48h;
  queue.ids();
  const Consignment dead = queue.offer(consignment(1, "dead", queue.now));
  ASSERT_EQ(queue.next(), dead);
  queue.deferred(dead, Health::unreachable, queue.now);
  ASSERT_EQ(queue.scheduler.counters().resting, 1U);
  queue.now = kNow;
  // What is due then although the other clock said it was long past.
  queue.offer(consignment(2, "a", kNow + 1h));
  const Consignment tried = queue.offer(consignment(3, "b", kNow));
  ASSERT_EQ(queue.next(), tried);
  queue.deferred(tried, Health::reached, kNow + 5min);
  std::map<std::uint64_t, Time> given;
  while (queue.now < kNow + 49h && given.size() < 3) {
    for (const Consignment& each : queue.all()) {
      given.emplace(each.id.value, queue.now);
      queue.delivered(each);
    }
    ASSERT_GT(queue.scheduler.wake(queue.now), queue.now);
    queue.now = std::min(queue.scheduler.wake(queue.now), kNow + 49h);
  }
  EXPECT_EQ(given[2], kNow + 1h);
  EXPECT_EQ(given[3], kNow + 5min);
  EXPECT_EQ(given[1], kNow + 48h);
}

TEST(SchedulerTest, RemembersABoundedNumberOfQuietDestinations) {
  Queue queue(small());
  for (std::uint64_t id = 1; id <= 1'000; ++id) {
    const Consignment one = queue.offer(consignment(id, "mx:" + std::to_string(id)));
    ASSERT_EQ(queue.next(), one);
    id % 2 == 0 ? queue.delivered(one)
                : static_cast<void>(queue.deferred(one, Health::unreachable, queue.now + 1h));
    EXPECT_LE(queue.scheduler.counters().remembered, 10U);
    EXPECT_LE(queue.scheduler.counters().resting, 10U);
  }
}

TEST(SchedulerTest, WhatWaitedForADestinationThatWasForgottenIsFoundAgain) {
  SchedulerOptions with = small();
  with.remembered = 1;
  Queue queue(with);
  std::uint64_t id = 0;
  std::set<std::uint64_t> missing;
  for (const char* name : {"a", "b", "c", "d"}) {
    for (int i = 0; i < 10; ++i) queue.spool.put(consignment(++id, name));
  }
  for (std::uint64_t each = 1; each <= id; ++each) missing.insert(each);
  // The first that is tried fails everywhere; three of the four records go, and with them where the rest is.
  for (const Consignment& each : queue.all()) queue.deferred(each, Health::unreachable, queue.now + 1s);
  for (int round = 0; round < 10'000 && !missing.empty(); ++round) {
    for (const Consignment& each : queue.all()) {
      missing.erase(each.id.value);
      queue.delivered(each);
    }
    if (queue.scheduler.wake(queue.now) == kNever) break;
    queue.now = std::max(queue.now, queue.scheduler.wake(queue.now));
  }
  EXPECT_TRUE(missing.empty());
  EXPECT_LT(queue.now, kNow + 2min);
}

}  // namespace
}  // namespace postrider::queue
