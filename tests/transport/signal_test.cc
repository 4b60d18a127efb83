#include "postrider/transport/signal.h"

#include <optional>

#include <gtest/gtest.h>

#include "postrider/tests/support/run_task.h"
#include "postrider/transport/loop.h"

namespace postrider::transport {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using tests::run_task;
using tests::settle;

class SignalTest : public testing::Test {
 protected:
  void start(SteadyTime until = kNever) {
    outcome_.reset();
    loop_.spawn(tests::keep_result(signal_.wait(until), outcome_));
    settle(loop_);
  }

  ManualClock clock_;
  Loop loop_{clock_};
  Signal signal_{loop_};
  std::optional<error_code> outcome_;
};

TEST_F(SignalTest, NotifyWakesTheWaiter) {
  start();
  EXPECT_FALSE(outcome_);
  signal_.notify();
  EXPECT_FALSE(outcome_) << "the waiter runs later, not inside notify()";
  settle(loop_);
  EXPECT_EQ(outcome_, error_code());
}

TEST_F(SignalTest, AnEarlyNotifyIsKeptOnce) {
  signal_.notify();
  signal_.notify();
  start();
  EXPECT_EQ(outcome_, error_code());
  start();
  EXPECT_FALSE(outcome_);
  signal_.cancel();
  settle(loop_);
}

TEST_F(SignalTest, CancelEndsTheWait) {
  signal_.cancel();
  start();
  EXPECT_FALSE(outcome_) << "a cancel without a waiter is not kept";
  signal_.cancel();
  settle(loop_);
  EXPECT_EQ(outcome_, error_code(error::operation_aborted));
}

TEST_F(SignalTest, TheDeadlineEndsTheWait) {
  start(later(loop_.now(), seconds(10)));
  clock_.advance(seconds(9));
  loop_.expire();
  settle(loop_);
  EXPECT_FALSE(outcome_);
  clock_.advance(seconds(2));
  loop_.expire();
  settle(loop_);
  EXPECT_EQ(outcome_, error_code(error::timed_out));
}

TEST_F(SignalTest, TheFirstReasonCounts) {
  start(later(loop_.now(), seconds(1)));
  signal_.notify();
  clock_.advance(seconds(5));
  loop_.expire();
  signal_.cancel();
  settle(loop_);
  EXPECT_EQ(outcome_, error_code());
  start();
  EXPECT_FALSE(outcome_) << "the notification was used up";
  signal_.notify();
  settle(loop_);
}

TEST_F(SignalTest, ANotifyAfterTheDeadlineIsNotLost) {
  start(later(loop_.now(), seconds(1)));
  clock_.advance(seconds(5));
  loop_.expire();
  signal_.notify();
  settle(loop_);
  ASSERT_TRUE(outcome_);
  EXPECT_EQ(*outcome_, error_code());
}

TEST(SleepTest, SleepsInRealTime) {
  Loop loop;
  const SteadyTime before = loop.now();
  run_task(loop, sleep_until(loop, later(before, milliseconds(200))));
  EXPECT_GE(loop.now() - before, milliseconds(200));
}

}  // namespace
}  // namespace postrider::transport
