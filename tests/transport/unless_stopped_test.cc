#include "postrider/transport/unless_stopped.h"

#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "postrider/tests/support/run_task.h"

namespace postrider::transport {
namespace {

using std::chrono::seconds;

class UnlessStoppedTest : public testing::Test {
 protected:
  Task<std::string> work() {
    co_await sleep_until(loop_, later(loop_.now(), seconds(10)));
    ++ended_;
    co_return std::string("done");
  }
  static Task<std::string> at_once() { co_return std::string("at once"); }

  void begin(Task<std::string> task) {
    loop_.spawn(tests::keep_result(unless_stopped(loop_, std::move(task), stop_.get_token()), result_));
    tests::settle(loop_);
  }
  void pass(seconds time) {
    clock_.advance(time);
    loop_.expire();
    tests::settle(loop_);
  }

  ManualClock clock_;
  Loop loop_{clock_};
  std::stop_source stop_;
  int ended_ = 0;
  std::optional<std::optional<std::string>> result_;
};

TEST_F(UnlessStoppedTest, WaitsForTheTask) {
  begin(work());
  EXPECT_FALSE(result_);
  pass(seconds(11));
  ASSERT_TRUE(result_);
  EXPECT_EQ(*result_, "done");
}

TEST_F(UnlessStoppedTest, HandsOutWhatIsThereAtOnce) {
  begin(at_once());
  ASSERT_TRUE(result_);
  EXPECT_EQ(*result_, "at once");
}

TEST_F(UnlessStoppedTest, EndsAtAStopAndLetsTheTaskGoOn) {
  begin(work());
  stop_.request_stop();
  tests::settle(loop_);
  ASSERT_TRUE(result_);
  EXPECT_EQ(*result_, std::nullopt);
  EXPECT_EQ(ended_, 0);
  pass(seconds(11));
  EXPECT_EQ(ended_, 1);
}

TEST_F(UnlessStoppedTest, BeginsNothingAfterAStop) {
  stop_.request_stop();
  begin(work());
  ASSERT_TRUE(result_);
  EXPECT_EQ(*result_, std::nullopt);
  pass(seconds(11));
  EXPECT_EQ(ended_, 0);
}

TEST_F(UnlessStoppedTest, ATaskThatIsStillUnderWayGoesWithTheLoop) {
  begin(work());
  stop_.request_stop();
  tests::settle(loop_);
  EXPECT_TRUE(result_);
}

}  // namespace
}  // namespace postrider::transport
