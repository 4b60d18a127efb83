#include "postrider/transport/loop.h"

#include <atomic>
#include <latch>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/support/run_task.h"
#include "postrider/transport/signal.h"

namespace postrider::transport {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

Task<void> count_up(int& count) {
  ++count;
  co_return;
}

Task<void> wait_for(Signal& signal, bool& woken) {
  const error_code failure = co_await signal.wait();
  woken = !failure;
}

Task<void> fail() {
  throw std::logic_error("a bug");
  co_return;
}

TEST(LoopTest, RunReturnsWhenStoppedAndDone) {
  Loop loop;
  int count = 0;
  loop.spawn(count_up(count));
  loop.spawn(count_up(count));
  EXPECT_EQ(loop.tasks(), 2U);
  loop.stop();
  loop.run();
  EXPECT_EQ(count, 2);
  EXPECT_EQ(loop.tasks(), 0U);
}

TEST(LoopTest, StopLetsTasksFinish) {
  Loop loop;
  Signal signal(loop);
  bool woken = false;
  loop.spawn(wait_for(signal, woken));
  loop.stop();
  std::latch running(1);
  loop.post([&] { running.count_down(); });
  std::jthread other([&] {
    running.wait();
    loop.post([&] { signal.notify(); });
  });
  loop.run();
  EXPECT_TRUE(woken);
}

TEST(LoopTest, HaltLeavesTasksBehind) {
  Loop loop;
  Signal signal(loop);
  bool woken = false;
  loop.spawn(wait_for(signal, woken));
  loop.halt();
  loop.run();
  EXPECT_FALSE(woken);
  EXPECT_EQ(loop.tasks(), 1U);
}

TEST(LoopTest, PendingDeadlinesDoNotHoldUpAStop) {
  Loop loop;
  Signal signal(loop);
  bool woken = false;
  loop.spawn(wait_for(signal, woken));
  loop.post([&] { signal.notify(); });
  const SteadyTime before = loop.now();
  loop.spawn(sleep_until(loop, later(loop.now(), milliseconds(1))));
  loop.stop();
  loop.run();
  EXPECT_LT(loop.now() - before, seconds(5));
}

TEST(LoopTest, AnExceptionOutOfATaskLeavesRun) {
  Loop loop;
  loop.spawn(fail());
  EXPECT_THROW(loop.run(), std::logic_error);
}

Task<void> note_order(Loop& loop, int turns, int name, std::vector<int>& order) {
  for (int turn = 0; turn < turns; ++turn) {
    order.push_back(name);
    co_await loop.yield();
  }
}

TEST(LoopTest, YieldGivesOthersTheirTurn) {
  Loop loop;
  std::vector<int> order;
  loop.spawn(note_order(loop, 3, 1, order));
  loop.spawn(note_order(loop, 3, 2, order));
  loop.stop();
  loop.run();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 1, 2, 1, 2}));
}

TEST(LoopTest, AManualClockFiresWhenAsked) {
  ManualClock clock;
  Loop loop(clock);
  bool done = false;
  loop.spawn(tests::note_end(sleep_until(loop, later(loop.now(), minutes(5))), done));
  tests::settle(loop);
  clock.advance(minutes(4));
  loop.expire();
  tests::settle(loop);
  EXPECT_FALSE(done);
  EXPECT_EQ(loop.deadlines().next(), loop.now() + minutes(1));
  clock.advance(minutes(1));
  loop.expire();
  tests::settle(loop);
  EXPECT_TRUE(done);
}

Task<void> note_thread(std::mutex& mutex, std::set<std::thread::id>& threads) {
  const std::lock_guard lock(mutex);
  threads.insert(std::this_thread::get_id());
  co_return;
}

TEST(LoopsTest, RunEachLoopOnItsOwnThread) {
  Loops loops(3);
  std::mutex mutex;
  std::set<std::thread::id> threads;
  for (std::size_t index = 0; index < loops.size(); ++index) loops[index].spawn(note_thread(mutex, threads));
  loops.stop();
  loops.run();
  EXPECT_EQ(threads.size(), 3U);
  EXPECT_TRUE(threads.contains(std::this_thread::get_id()));
}

TEST(LoopsTest, ZeroMeansOneForEachProcessor) {
  EXPECT_EQ(Loops(0).size(), std::max(1U, std::thread::hardware_concurrency()));
}

TEST(LoopsTest, PostReachesEveryLoopFromAnyThread) {
  Loops loops(2);
  std::atomic<int> count = 0;
  std::jthread other([&] {
    for (int round = 0; round < 1000; ++round) {
      for (std::size_t index = 0; index < loops.size(); ++index) loops[index].post([&] { ++count; });
    }
    loops.stop();
  });
  loops.run();
  EXPECT_EQ(count, 2000);
}

}  // namespace
}  // namespace postrider::transport
