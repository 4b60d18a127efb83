// Waiting for a descriptor from a coroutine of the same loop, by the shortest way through Asio. Internal to
// transport.
//
//   DescriptorWait ready(descriptor, Descriptor::wait_read);
//   const Waited waited = co_await std::move(ready);
//
// A coroutine's handler asks Asio to run it on the coroutine's type-erased executor, which costs as much as
// all the rest of a wait. A loop has one thread and a coroutine stays on it, so the handler may run where the
// event is found. The cancellation slot of the coroutine is passed on.
#pragma once

#include <type_traits>
#include <utility>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include "postrider/transport/error.h"

namespace postrider::transport {

using Descriptor = boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;

struct Waited {
  error_code failure;
};

class DescriptorWait {
 public:
  DescriptorWait(Descriptor& descriptor, Descriptor::wait_type what) noexcept
      : descriptor_(&descriptor), what_(what) {}

 private:
  // Has no executor of its own, so Asio calls it directly.
  template <class Handler>
  class Here {
   public:
    using cancellation_slot_type = boost::asio::associated_cancellation_slot_t<Handler>;

    explicit Here(Handler&& handler) : handler_(std::move(handler)) {}
    cancellation_slot_type get_cancellation_slot() const noexcept {
      return boost::asio::get_associated_cancellation_slot(handler_);
    }
    void operator()(const error_code& failure) { std::move(handler_)(Waited{failure}); }

   private:
    Handler handler_;
  };

  struct Start {
    Descriptor* descriptor;
    Descriptor::wait_type what;

    template <class Handler>
    void operator()(Handler&& handler) const {
      descriptor->async_wait(what, Here<std::decay_t<Handler>>(std::forward<Handler>(handler)));
    }
  };

  Descriptor* descriptor_;
  Descriptor::wait_type what_;

 public:
  // Not for tokens that Asio cannot complete with a Waited, which await_transform() tries too.
  template <class Token>
  auto operator()(Token&& token)
      -> decltype(boost::asio::async_initiate<Token, void(Waited)>(std::declval<Start>(), token)) {
    return boost::asio::async_initiate<Token, void(Waited)>(Start{descriptor_, what_}, token);
  }
};

}  // namespace postrider::transport
