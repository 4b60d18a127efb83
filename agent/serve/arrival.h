// The result of somebody else's thread on its way to a task.
//
//   auto arrival = std::make_shared<Arrival<int>>(loop);
//   store.work(announcer(arrival, loop));                      // called with the result, on any thread
//   const error_code late = co_await arrival->signal.wait(until);
//   if (!late) use(arrival->value);
//
// The worker hands its share over to the loop with the news, so that the signal is touched and destroyed on
// the loop's thread alone.
#pragma once

#include <memory>
#include <utility>

#include "postrider/transport/loop.h"
#include "postrider/transport/signal.h"

namespace postrider::agent {

template <class T>
struct Arrival {
  explicit Arrival(transport::Loop& loop) : signal(loop) {}
  transport::Signal signal;
  T value{};
};

template <class T>
auto announcer(std::shared_ptr<Arrival<T>> arrival, transport::Loop& loop) {
  return [arrival = std::move(arrival), &loop](T value) mutable {
    loop.post([arrival = std::move(arrival), value = std::move(value)]() mutable {
      arrival->value = std::move(value);
      arrival->signal.notify();
    });
  };
}

}  // namespace postrider::agent
