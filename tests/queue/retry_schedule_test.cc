#include "postrider/queue/retry_schedule.h"

#include <chrono>
#include <set>

#include <gtest/gtest.h>

#include "postrider/queue/jitter.h"

namespace postrider::queue {
namespace {

using namespace std::chrono_literals;

constexpr Time kNow{std::chrono::hours(24 * 365 * 50)};

RetryOptions options(std::vector<std::chrono::seconds> waits) {
  RetryOptions out;
  out.waits = std::move(waits);
  return out;
}

TEST(JitterTest, StaysWithinATenthAndReachesBothEnds) {
  Duration least = 1h;
  Duration most = 0s;
  for (std::uint64_t which = 0; which < 10'000; ++which) {
    const Duration wait = jittered(1'000ms, 7, which);
    least = std::min(least, wait);
    most = std::max(most, wait);
  }
  EXPECT_EQ(least, 900ms);
  EXPECT_EQ(most, 1'100ms);
}

TEST(JitterTest, LeavesWhatIsTooShortForATenthAsItIs) {
  for (const Duration wait : {0ms, 1ms, 9ms}) EXPECT_EQ(jittered(wait, 1, 2), wait);
}

TEST(JitterTest, IsTheSameForTheSameArgumentsAndOtherForOthers) {
  EXPECT_EQ(jittered(1h, 1, 2), jittered(1h, 1, 2));
  std::set<Duration> seen;
  for (std::uint64_t which = 0; which < 100; ++which) seen.insert(jittered(1h, 1, which));
  for (std::uint64_t seed = 2; seed < 102; ++seed) seen.insert(jittered(1h, seed, 0));
  EXPECT_GT(seen.size(), 190U);
}

TEST(RetryScheduleTest, EveryAttemptHasItsWaitAndTheLastOneRepeats) {
  struct Case {
    std::vector<std::chrono::seconds> waits;
    std::uint32_t attempts;
    std::chrono::seconds about;
  };
  const std::vector<std::chrono::seconds> three = {1min, 5min, 1h};
  const Case cases[] = {
      {three, 0, 1min},  {three, 1, 1min},   {three, 2, 5min},        {three, 3, 1h},
      {three, 4, 1h},    {three, 1'000, 1h}, {three, UINT32_MAX, 1h}, {{2min}, 1, 2min},
      {{2min}, 9, 2min}, {{}, 1, 30min},     {{0s}, 1, 0s},           {{-5s}, 1, 0s},
  };
  for (const Case& each : cases) {
    const RetrySchedule schedule(options(each.waits));
    for (std::uint64_t id = 1; id <= 50; ++id) {
      const Duration wait = schedule.wait(MessageId{id}, each.attempts);
      EXPECT_GE(wait, each.about * 9 / 10) << each.attempts << " attempts, message " << id;
      EXPECT_LE(wait, each.about * 11 / 10) << each.attempts << " attempts, message " << id;
    }
  }
}

TEST(RetryScheduleTest, MessagesOfOneMomentComeBackAtDifferentOnes) {
  const RetrySchedule schedule(options({1h}));
  std::set<Duration> waits;
  for (std::uint64_t id = 1; id <= 100; ++id) waits.insert(schedule.wait(MessageId{id}, 1));
  EXPECT_GT(waits.size(), 95U);
  EXPECT_NE(schedule.wait(MessageId{1}, 1), schedule.wait(MessageId{1}, 2));
}

TEST(RetryScheduleTest, TheSeedMakesTheWaitsOtherAndTheSameAgain) {
  RetryOptions other = options({1h});
  other.seed = 1;
  EXPECT_EQ(RetrySchedule(options({1h})).wait(MessageId{1}, 1),
            RetrySchedule(options({1h})).wait(MessageId{1}, 1));
  EXPECT_NE(RetrySchedule(options({1h})).wait(MessageId{1}, 1), RetrySchedule(other).wait(MessageId{1}, 1));
}

TEST(RetryScheduleTest, NoAttemptIsPlannedBehindTheEnd) {
  const RetrySchedule schedule(options({1h}));
  struct Case {
    Duration expires_in;
    Duration earliest, latest;
  };
  const Case cases[] = {
      {5h, 54min, 66min}, {66min, 54min, 66min}, {30min, 30min, 30min}, {0s, 0s, 0s}, {-1h, 0s, 0s},
  };
  for (const Case& each : cases) {
    const Time next = schedule.next_attempt(MessageId{5}, 1, kNow, kNow + each.expires_in);
    EXPECT_GE(next - kNow, each.earliest) << each.expires_in.count();
    EXPECT_LE(next - kNow, each.latest) << each.expires_in.count();
  }
  EXPECT_LE(schedule.next_attempt(MessageId{5}, 1, kNow, kNever), kNow + 66min);
  EXPECT_EQ(schedule.next_attempt(MessageId{5}, 1, kNever - 1s, kNever), kNever);
}

TEST(RetryScheduleTest, SaysWhenAMessageIsGivenUpAndWhenItsSenderIsWarned) {
  struct Case {
    std::chrono::seconds expire, warn;
    Time expires, warns;
  };
  const Case cases[] = {
      {120h, 4h, kNow + 120h, kNow + 4h},
      {120h, 0s, kNow + 120h, kNever},
      {120h, -1s, kNow + 120h, kNever},
      {4h, 4h, kNow + 4h, kNever},
      {1h, 4h, kNow + 1h, kNever},
      {0s, 0s, kNow, kNever},
      {-1h, 0s, kNow, kNever},
  };
  for (const Case& each : cases) {
    RetryOptions with = options({1h});
    with.expire = each.expire;
    with.warn = each.warn;
    EXPECT_EQ(RetrySchedule(with).expires(kNow), each.expires)
        << each.expire.count() << "/" << each.warn.count();
    EXPECT_EQ(RetrySchedule(with).warns(kNow), each.warns) << each.expire.count() << "/" << each.warn.count();
  }
}

TEST(RetryScheduleTest, WaitsWithoutEndAreNoOverflow) {
  RetryOptions endless = options({std::chrono::seconds::max()});
  endless.expire = std::chrono::seconds::max();
  const RetrySchedule schedule(endless);
  EXPECT_GT(schedule.wait(MessageId{1}, 1), std::chrono::years(800));
  EXPECT_GT(schedule.expires(kNow), kNow + std::chrono::years(800));
  EXPECT_EQ(schedule.expires(kNever - 1h), kNever);
}

}  // namespace
}  // namespace postrider::queue
