// A few threads for what costs milliseconds of a processor, so that connections of a loop do not wait for the
// password of one.
//
//   const bool ran = co_await pool.run(loop, std::move(work));   // false: too many wait already
//
// The pool is destroyed before the loops whose tasks wait for it: it finishes the work in hand and drops the
// rest.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "postrider/transport/loop.h"
#include "postrider/transport/task.h"

namespace postrider::agent {

class HashingPool {
 public:
  // At most `most_waiting` pieces of work wait for a thread. Stops: a flood of logins that makes everybody
  // wait for minutes; they are told to try again instead.
  explicit HashingPool(std::size_t threads = 2, std::size_t most_waiting = 256);
  ~HashingPool();
  HashingPool(const HashingPool&) = delete;
  HashingPool& operator=(const HashingPool&) = delete;

  // Runs `work` on a thread of the pool, then resumes on `loop`. `work` may refer to what lives in the
  // awaiting coroutine; it does not throw.
  transport::Task<bool> run(transport::Loop& loop, std::move_only_function<void()> work);

 private:
  bool submit(std::move_only_function<void()> work);
  void serve();

  std::size_t most_waiting_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::move_only_function<void()>> waiting_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace postrider::agent
