#include "postrider/agent/accounts/hashing_pool.h"

#include <future>
#include <thread>

#include <gtest/gtest.h>

#include "postrider/tests/support/run_task.h"

namespace postrider::agent {
namespace {

using transport::Loop;
using transport::Task;

Task<void> count(HashingPool& pool, Loop& loop, int& ran, int& refused) {
  std::move_only_function<void()> work = [] {};
  const bool taken = co_await pool.run(loop, std::move(work));
  ++(taken ? ran : refused);
}

TEST(HashingPool, RunsElsewhereAndResumesHere) {
  Loop loop;
  HashingPool pool(1);
  std::thread::id there;
  EXPECT_TRUE(tests::run_task(loop, pool.run(loop, [&] { there = std::this_thread::get_id(); })));
  EXPECT_NE(there, std::this_thread::get_id());
}

TEST(HashingPool, RefusesWhenTooMuchWaits) {
  Loop loop;
  int ran = 0;
  int refused = 0;
  std::promise<void> begun;
  std::promise<void> go_on;
  {
    HashingPool pool(1, 4);
    int held = 0;
    int none = 0;
    bool done = false;
    loop.spawn(tests::note_end(count(pool, loop, held, none), done));
    tests::run_until(loop, [&] { return done; });
    std::optional<bool> blocked;
    loop.spawn(tests::keep_result(pool.run(loop,
                                           [&] {
                                             begun.set_value();
                                             go_on.get_future().wait();
                                           }),
                                  blocked));
    tests::settle(loop);
    begun.get_future().wait();
    for (int i = 0; i < 10; ++i) loop.spawn(count(pool, loop, ran, refused));
    tests::run_until(loop, [&] { return refused == 6; });
    EXPECT_EQ(ran, 0);
    go_on.set_value();
    tests::run_until(loop, [&] { return ran == 4; });
  }
  EXPECT_EQ(refused, 6);
}

TEST(HashingPool, DropsWhatWaitsWhenItEnds) {
  Loop loop;
  int ran = 0;
  int refused = 0;
  {
    HashingPool pool(1);
    for (int i = 0; i < 100; ++i) loop.spawn(count(pool, loop, ran, refused));
    tests::settle(loop);
  }
  EXPECT_EQ(refused, 0);
  EXPECT_LE(ran, 100);
}

}  // namespace
}  // namespace postrider::agent
