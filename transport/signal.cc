#include "postrider/transport/signal.h"

#include <cassert>
#include <tuple>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>

#include "postrider/transport/loop.h"

namespace postrider::transport {

Signal::Signal(Loop& loop) : Deadlines::Entry(loop.deadlines()), timer_(loop.context(), kNever) {}

Task<error_code> Signal::wait(SteadyTime until) {
  if (std::exchange(notified_, false)) co_return error_code();
  assert(!waiting_ && "one waiter at a time");
  set_deadline(until);
  outcome_ = error::operation_aborted;
  waiting_ = true;
  [[maybe_unused]] const auto ended =
      co_await timer_.async_wait(boost::asio::as_tuple(boost::asio::deferred));
  waiting_ = false;
  set_deadline(kNever);
  if (!outcome_) notified_ = false;
  co_return outcome_;
}

void Signal::notify() noexcept {
  notified_ = true;
  if (!waiting_) return;
  outcome_ = error_code();
  wake();
}

void Signal::cancel() noexcept {
  if (waiting_ && outcome_) wake();
}

void Signal::on_deadline() noexcept {
  if (!waiting_ || !outcome_) return;
  outcome_ = error::timed_out;
  wake();
}

void Signal::wake() noexcept { timer_.cancel(); }

Task<void> sleep_until(Loop& loop, SteadyTime at) {
  Signal signal(loop);
  [[maybe_unused]] const error_code ended = co_await signal.wait(at);
}

Task<void> pause(Loop& loop, std::chrono::milliseconds wait) {
  boost::asio::steady_timer timer(loop.context(), wait);
  [[maybe_unused]] const auto ended = co_await timer.async_wait(boost::asio::as_tuple(boost::asio::deferred));
}

}  // namespace postrider::transport
