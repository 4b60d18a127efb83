#include "postrider/resolver/backend/borrowed_descriptor.h"

#include <array>
#include <utility>

#include "postrider/transport/descriptor_wait.h"

namespace postrider::resolver {

using transport::Descriptor;
using transport::error_code;

struct BorrowedDescriptor::State {
  State(transport::Loop& loop, OnReady tell) : descriptor(loop.context()), on_ready(std::move(tell)) {}

  Descriptor descriptor;
  OnReady on_ready;
  bool borrowed = true;
  std::array<bool, 2> wanted{};
  std::array<bool, 2> armed{};
};

BorrowedDescriptor::BorrowedDescriptor(transport::Loop& loop, int descriptor, OnReady on_ready)
    : descriptor_(descriptor), state_(std::make_shared<State>(loop, std::move(on_ready))) {
  error_code failure;  // without being watched, its question ends at the deadline
  state_->descriptor.assign(descriptor, failure);
}

BorrowedDescriptor::~BorrowedDescriptor() {
  state_->borrowed = false;
  if (state_->descriptor.is_open()) state_->descriptor.release();
}

void BorrowedDescriptor::want(bool readable, bool writable) {
  state_->wanted = {readable, writable};
  // A wait that nobody wants would keep the loop from ending; a wanted one beside it begins anew.
  if ((state_->armed[0] && !readable) || (state_->armed[1] && !writable)) {
    error_code ignored;
    state_->descriptor.cancel(ignored);
  }
  arm(state_, Event::readable);
  arm(state_, Event::writable);
}

void BorrowedDescriptor::arm(const std::shared_ptr<State>& state, Event event) {
  const auto index = static_cast<std::size_t>(event);
  if (!state->borrowed || !state->wanted[index] || state->armed[index]) return;
  state->armed[index] = true;
  state->descriptor.async_wait(event == Event::readable ? Descriptor::wait_read : Descriptor::wait_write,
                               [state, event, index](const error_code& failure) {
                                 state->armed[index] = false;
                                 if (!state->borrowed) return;
                                 if (failure && failure != transport::error::operation_aborted) return;
                                 if (!failure && state->wanted[index]) state->on_ready(event);
                                 arm(state, event);
                               });
}

}  // namespace postrider::resolver
