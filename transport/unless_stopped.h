// Waits for a task that cannot be cancelled, or until somebody wants to stop.
//
//   Task<Answer> lookup = resolver.lookup(question, deadline);
//   const std::optional<Answer> answer = co_await unless_stopped(loop, std::move(lookup), stop);
//   if (!answer) co_return;                            // stopped: nobody waits for the lookup any more
//
// After a stop the task goes on by itself and its result is dropped, so it may refer only to what outlives
// every task of the loop: its parameters by value, and what the loop's owner keeps. A stop is requested from
// the loop's thread.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

#include "postrider/transport/loop.h"
#include "postrider/transport/signal.h"
#include "postrider/transport/task.h"

namespace postrider::transport {

namespace unless_stopped_detail {

template <class T>
struct Awaited {
  explicit Awaited(Loop& loop) : ended(loop) {}

  Signal ended;  // or stopped
  std::optional<T> result;
};

template <class T>
Task<void> carry_out(Task<T> task, std::shared_ptr<Awaited<T>> awaited) {
  T result = co_await std::move(task);
  awaited->result.emplace(std::move(result));
  awaited->ended.notify();
}

}  // namespace unless_stopped_detail

// nullopt: stopped. A result that is there at the same time is handed out.
template <class T>
Task<std::optional<T>> unless_stopped(Loop& loop, Task<T> task, std::stop_token stop) {
  if (stop.stop_requested()) co_return std::optional<T>();
  auto awaited = std::make_shared<unless_stopped_detail::Awaited<T>>(loop);
  loop.spawn(unless_stopped_detail::carry_out(std::move(task), awaited));
  unless_stopped_detail::Awaited<T>* const shared = awaited.get();
  const std::stop_callback on_stop(stop, [shared] { shared->ended.notify(); });
  if (!shared->result) {
    [[maybe_unused]] const error_code woken = co_await shared->ended.wait();
  }
  co_return std::move(shared->result);
}

}  // namespace postrider::transport
