#include "postrider/transport/clock.h"

#include <gtest/gtest.h>

namespace postrider::transport {
namespace {

using std::chrono::seconds;

TEST(ClockTest, LaterStopsAtTheEndOfTime) {
  EXPECT_EQ(later(SteadyTime(seconds(5)), seconds(2)), SteadyTime(seconds(7)));
  EXPECT_EQ(later(SteadyTime(seconds(5)), Duration::max()), kNever);
  EXPECT_EQ(later(kNever, seconds(1)), kNever);
}

TEST(ClockTest, TheManualClockMovesWhenTold) {
  ManualClock clock(SystemTime(seconds(100)));
  const SteadyTime before = clock.steady_now();
  EXPECT_EQ(clock.steady_now(), before);
  clock.advance(seconds(3));
  EXPECT_EQ(clock.steady_now(), before + seconds(3));
  EXPECT_EQ(clock.system_now(), SystemTime(seconds(103)));
  EXPECT_FALSE(clock.runs_by_itself());
}

TEST(ClockTest, TheRealClockRuns) {
  Clock& clock = RealClock::instance();
  EXPECT_TRUE(clock.runs_by_itself());
  const SteadyTime before = clock.steady_now();
  const SteadyTime roughly = clock.roughly_now();
  EXPECT_LE(before, clock.steady_now());
  EXPECT_LE(roughly, clock.steady_now());
  EXPECT_GT(roughly, before - std::chrono::milliseconds(100));
  EXPECT_GT(clock.system_now(), SystemTime(std::chrono::hours(24 * 365 * 50)));
}

}  // namespace
}  // namespace postrider::transport
