// Runs one task to its end on a loop, for tests.
//
//   const error_code failure = run_task(loop, stream->write_all("EHLO there\r\n"));
//
// Gives up, with an exception, when the task is not done within `most` of real time.
#pragma once

#include <chrono>
#include <optional>
#include <stdexcept>
#include <utility>

#include "postrider/transport/loop.h"
#include "postrider/transport/task.h"

namespace postrider::tests {

template <class T>
transport::Task<void> keep_result(transport::Task<T> task, std::optional<T>& result) {
  T value = co_await std::move(task);
  result.emplace(std::move(value));
}

inline transport::Task<void> note_end(transport::Task<void> task, bool& done) {
  co_await std::move(task);
  done = true;
}

template <class Done>
void run_until(transport::Loop& loop, Done done, std::chrono::seconds most = std::chrono::seconds(20)) {
  const auto limit = std::chrono::steady_clock::now() + most;
  while (!done()) {
    loop.context().restart();
    loop.context().run_one_until(limit);
    if (std::chrono::steady_clock::now() >= limit)
      throw std::runtime_error("the loop did not get there in time");
  }
}

template <class T>
T run_task(transport::Loop& loop, transport::Task<T> task) {
  std::optional<T> result;
  loop.spawn(keep_result(std::move(task), result));
  run_until(loop, [&] { return result.has_value(); });
  return std::move(*result);
}

inline void run_task(transport::Loop& loop, transport::Task<void> task) {
  bool done = false;
  loop.spawn(note_end(std::move(task), done));
  run_until(loop, [&] { return done; });
}

// Handles events until nothing is ready any more. With a manual clock: until everybody waits.
inline void settle(transport::Loop& loop) {
  while (loop.poll()) {
  }
}

}  // namespace postrider::tests
