// Wakes one waiting task of the same loop.
//
// The task waits until notify() or until a time; a notify() without a waiter is kept for the next wait,
// several count as one. Also the way to sleep: wait(later(loop.now(), duration)) ends with error::timed_out.
#pragma once

#include <chrono>

#include <boost/asio/steady_timer.hpp>

#include "postrider/transport/deadlines.h"
#include "postrider/transport/error.h"
#include "postrider/transport/task.h"

namespace postrider::transport {

class Loop;

class Signal : private Deadlines::Entry {
 public:
  explicit Signal(Loop& loop);

  // No error when notified, error::timed_out at `until` (a tick or two late), error::operation_aborted after
  // cancel(). One waiter at a time.
  Task<error_code> wait(SteadyTime until = kNever);

  void notify() noexcept;
  // Ends a pending wait; without one it does nothing.
  void cancel() noexcept;

 private:
  void on_deadline() noexcept override;
  void wake() noexcept;

  boost::asio::steady_timer timer_;  // never expires: its cancellation is what resumes the waiter
  error_code outcome_;
  bool notified_ = false;
  bool waiting_ = false;
};

// Sleeps until `at`.
Task<void> sleep_until(Loop& loop, SteadyTime at);
// Sleeps to the millisecond, by a timer of its own: for tools that time what they write. In real time,
// whatever the loop's clock says.
Task<void> pause(Loop& loop, std::chrono::milliseconds wait);

}  // namespace postrider::transport
