#include "postrider/queue/pace.h"

#include <chrono>
#include <deque>
#include <set>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace postrider::queue {
namespace {

using namespace std::chrono_literals;

constexpr Time kNow{std::chrono::hours(24 * 365 * 50)};

SchedulerOptions options() {
  SchedulerOptions out;
  out.concurrency = 8;
  out.initial_concurrency = 3;
  out.first_rest = 30s;
  out.longest_rest = 5min;
  return out;
}

struct UnderWay : std::deque<std::uint64_t> {
  std::uint64_t newest = 0;
};

// Plays `script`, a letter an event: s starts one; the oldest one under way is R reached, U unreachable,
// O overloaded, ? broken off; e ends the rest, w wakes up.
void play(Pace& pace, std::string_view script, UnderWay& under_way, Time now = kNow) {
  const auto finish = [&](Health health) {
    ASSERT_FALSE(under_way.empty()) << script;
    pace.finish(under_way.front(), under_way.newest, health, now);
    under_way.pop_front();
  };
  for (const char event : script) {
    switch (event) {
      case 's':
        pace.start(now);
        under_way.push_back(++under_way.newest);
        break;
      case 'R': finish(Health::reached); break;
      case 'U': finish(Health::unreachable); break;
      case 'O': finish(Health::overloaded); break;
      case '?': finish(Health::unknown); break;
      case 'e': pace.end_rest(); break;
      case 'w': pace.wake_up(); break;
      default: FAIL() << event;
    }
  }
}

struct Script {
  std::string events;
  std::size_t limit;
  bool resting;
};
const Script kScripts[] = {
    {"", 3, false},
    // Slow start: one more after a full window.
    {"sR", 3, false},
    {"sRsR", 3, false},
    {"sRsRsR", 4, false},
    {"sssRRR", 4, false},
    {"sRsRsR"
     "sRsRsR",
     4, false},
    {"sRsRsR"
     "sRsRsRsR",
     5, false},
    {"sRsRsR"
     "sRsRsRsR"
     "sRsRsRsRsR"
     "sRsRsRsRsRsR"
     "sRsRsRsRsRsRsR"
     "sRsRsRsRsRsRsRsR"
     "sRsRsRsRsRsRsRsR",
     8, false},
    // What was broken off shows nothing.
    {"s?s?s?s?", 3, false},
    {"sRsRs?", 3, false},
    // Halved, once for those that were under way.
    {"sO", 1, false},
    {"sssOOO", 1, false},
    {"sRsRsR"
     "ssssOOOO",
     2, false},
    {"sRsRsR"
     "ssssOOOO"
     "sO",
     1, false},
    {"sRsRsR"
     "ssssO"
     "s"
     "OOOO",
     1, false},
    // A window begins anew after that.
    {"sRsRsR"
     "sRsR"
     "sO"
     "sR",
     2, false},
    {"sRsRsR"
     "sRsR"
     "sO"
     "sRsR",
     3, false},
    // Less than one is a rest.
    {"sO"
     "sOsO",
     1, false},
    {"sO"
     "sOsOsO",
     1, true},
    {"sO"
     "sOsO"
     "sR"
     "sO",
     1, false},
    // Three in a row, or the last one under way.
    {"sssU", 3, false},
    {"sssUU", 3, false},
    {"sssUUU", 3, true},
    {"ssssUUU", 3, true},
    {"ssssUUR", 3, false},
    {"ssssUURU", 3, true},
    {"sssssUURUU", 3, true},
    {"ssssssUURUU", 3, false},
    {"sU", 3, true},
    {"ssU", 3, false},
    {"ssUU", 3, true},
    {"ssU?", 3, false},
    // The probe, and what comes of it.
    {"sU"
     "e",
     1, false},
    {"sU"
     "e"
     "sU",
     1, true},
    {"sU"
     "e"
     "sO",
     1, true},
    {"sU"
     "e"
     "s?",
     1, false},
    {"sU"
     "e"
     "sR",
     3, false},
    {"sU"
     "e"
     "sR"
     "sRsRsR",
     4, false},
    {"sU"
     "e"
     "sR"
     "ssU",
     3, false},
    {"sU"
     "w",
     1, false},
    {"sU"
     "w"
     "sU",
     1, true},
    {"w", 3, false},
    // One that began before the rest has reached the host.
    {"ssssUUU"
     "R",
     3, false},
    {"ssssUUU"
     "U",
     3, true},
    {"ssssUUU"
     "?",
     3, true},
};

TEST(PaceTest, TheLimitFollowsWhatAttemptsHaveShown) {
  for (const Script& each : kScripts) {
    const SchedulerOptions with = options();
    Pace pace(with, 1);
    UnderWay under_way;
    play(pace, each.events, under_way);
    EXPECT_EQ(pace.limit(), each.limit) << each.events;
    EXPECT_EQ(pace.resting(), each.resting) << each.events;
    EXPECT_EQ(pace.in_flight(), under_way.size()) << each.events;
  }
}

TEST(PaceTest, TakesOverWhatIsUnderWayElsewhere) {
  const SchedulerOptions with = options();
  Pace here(with, 1);
  Pace there(with, 2);
  UnderWay under_way;
  play(here,
       "sRsRsR"
       "ss",
       under_way);
  play(there, "sss", under_way);
  here.take_over(there, 2);
  EXPECT_EQ(here.in_flight(), 4U);
  EXPECT_EQ(there.in_flight(), 1U);
  EXPECT_EQ(here.next(kNow), kNever) << "beyond the limit";
  // All of them were under way when the first asked for patience.
  play(here, "OOOO", under_way);
  EXPECT_EQ(here.limit(), 2U);
}

TEST(PaceTest, AllowsAsManyAsTheLimit) {
  const SchedulerOptions with = options();
  Pace pace(with, 1);
  UnderWay under_way;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(pace.next(kNow), kNow);
    play(pace, "s", under_way);
  }
  EXPECT_EQ(pace.next(kNow), kNever);
  play(pace, "R", under_way);
  EXPECT_EQ(pace.next(kNow), kNow);
}

TEST(PaceTest, BeginsNoHigherThanItMayGo) {
  SchedulerOptions with = options();
  with.concurrency = 2;
  EXPECT_EQ(Pace(with, 1).limit(), 2U);
}

TEST(PaceTest, RestsDoubleUpToTheLongest) {
  const SchedulerOptions with = options();
  Pace pace(with, 1);
  UnderWay under_way;
  for (const Duration about : {30'000ms, 60'000ms, 120'000ms, 240'000ms, 300'000ms, 300'000ms}) {
    play(pace, "sU", under_way);
    ASSERT_TRUE(pace.resting());
    EXPECT_EQ(pace.next(kNow), pace.rest_ends());
    EXPECT_GE(pace.rest_ends() - kNow, about * 9 / 10);
    EXPECT_LE(pace.rest_ends() - kNow, about * 11 / 10);
    play(pace, "e", under_way);
  }
  play(pace,
       "sR"
       "sU",
       under_way);
  EXPECT_LE(pace.rest_ends() - kNow, 33s);
}

TEST(PaceTest, WakingUpMakesTheNextRestTheFirstAgain) {
  const SchedulerOptions with = options();
  Pace pace(with, 1);
  UnderWay under_way;
  play(pace,
       "sUesUesUesU"
       "w",
       under_way);
  EXPECT_EQ(pace.next(kNow), kNow);
  play(pace, "sU", under_way);
  EXPECT_LE(pace.rest_ends() - kNow, 33s);
}

TEST(PaceTest, AFailureDuringARestMakesItNoLonger) {
  const SchedulerOptions with = options();
  Pace pace(with, 1);
  UnderWay under_way;
  play(pace, "sssssUUU", under_way);
  const Time ends = pace.rest_ends();
  play(pace, "UU", under_way, kNow + 10s);
  EXPECT_EQ(pace.rest_ends(), ends);
}

TEST(PaceTest, DestinationsRestForDifferentTimes) {
  const SchedulerOptions with = options();
  std::set<Time> ends;
  for (std::uint64_t number = 0; number < 100; ++number) {
    Pace pace(with, number);
    UnderWay under_way;
    play(pace, "sU", under_way);
    ends.insert(pace.rest_ends());
  }
  EXPECT_GT(ends.size(), 90U);
}

TEST(PaceTest, AttemptsKeepTheRate) {
  struct Case {
    double per_second;
    Duration during;
    int least, most;  // attempts, the first of which may be a bucket full
  };
  const Case cases[] = {
      {1, 10s, 10, 11},         {0.1, 100s, 10, 11},        {5, 10s, 50, 51},
      {100, 10s, 1'000, 1'010}, {5'000, 2s, 9'990, 10'500}, {0.00001, 23h, 1, 1},
  };
  for (const Case& each : cases) {
    SchedulerOptions with = options();
    with.per_second = each.per_second;
    Pace pace(with, 1);
    int attempts = 0;
    int waits = 0;
    for (Time now = kNow; now <= kNow + each.during;) {
      const Time at = pace.next(now);
      if (at <= now) {
        pace.start(now);
        pace.finish(1, 1, Health::unknown, now);
        ++attempts;
      } else {
        ASSERT_NE(at, kNever);
        ++waits;
        now = at;
      }
    }
    EXPECT_GE(attempts, each.least) << each.per_second;
    EXPECT_LE(attempts, each.most) << each.per_second;
    EXPECT_LE(waits, 2 * attempts + 1) << each.per_second;
  }
}

TEST(PaceTest, AClockThatIsSetBackMakesNoRestLonger) {
  SchedulerOptions with = options();
  with.per_second = 1;
  Pace pace(with, 1);
  UnderWay under_way;
  play(pace, "sU", under_way);
  const Duration rest = pace.rest_ends() - kNow;
  pace.clock_set_back(24h);
  EXPECT_EQ(pace.rest_ends() - (kNow - 24h), rest);
  pace.end_rest();
  EXPECT_LE(pace.next(kNow - 24h), kNow - 24h + 1s);
}

}  // namespace
}  // namespace postrider::queue
