// A descriptor that a library opened and will close: the loop says when it is ready, and nobody closes it
// here. Internal to the backends.
//
//   BorrowedDescriptor socket(loop, descriptor, [&](BorrowedDescriptor::Event event) { … });
//   socket.want(true, false);       // now and again, until told otherwise
//
// Destroy it before the library closes the descriptor; it may destroy itself inside its own function. One
// loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "postrider/transport/loop.h"

namespace postrider::resolver {

class BorrowedDescriptor {
 public:
  enum class Event : std::uint8_t { readable, writable };
  using OnReady = std::move_only_function<void(Event)>;

  BorrowedDescriptor(transport::Loop& loop, int descriptor, OnReady on_ready);
  ~BorrowedDescriptor();
  BorrowedDescriptor(const BorrowedDescriptor&) = delete;
  BorrowedDescriptor& operator=(const BorrowedDescriptor&) = delete;

  int descriptor() const noexcept { return descriptor_; }
  void want(bool readable, bool writable);

 private:
  struct State;

  static void arm(const std::shared_ptr<State>& state, Event event);

  int descriptor_;
  std::shared_ptr<State> state_;  // the loop may still hold it for a moment
};

}  // namespace postrider::resolver
