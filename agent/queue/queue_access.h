// What looking at the queue and acting on it needs: the same for an agent that runs and for one that is
// stopped.
//
//   access.alter(id, [](queue::QueuedMessage& message) { message.held = true; }, done);
//
// A running agent answers for the scheduler as well: what is altered here is tried, or not tried, by what it
// says then. Any thread may call anything but spool()'s Incoming and Body; `done` is called on any thread, or
// before the call returns, and is to hand on the news and return. The object outlives every `done`.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/queue/message.h"
#include "postrider/queue/spool.h"

namespace postrider::agent {

class QueueAccess {
 public:
  using Alteration = std::move_only_function<void(queue::QueuedMessage&)>;

  virtual ~QueueAccess() = default;

  // For reading, and for damaged records, which nobody schedules.
  virtual queue::Spool& spool() = 0;

  // The destinations of this message that are being tried right now.
  virtual std::vector<std::string> active(queue::MessageId id) = 0;

  // Reads the message, lets `alter` change it, writes it back durably, and tells whoever schedules. Two
  // alterations of one message take effect one after the other. `missing` when there is none (any more), and
  // then `alter` is not called.
  virtual void alter(queue::MessageId id, Alteration alter, queue::Done done) = 0;

  // Removes the message with its content. `missing` when there is none, `damaged` when its record cannot be
  // read: that is dropped by the spool. being_delivered() while any destination of it is active: a peer may
  // have its content already, and what became of it would be lost.
  virtual void drop(queue::MessageId id, queue::Done done) = 0;

  // Ends the rest of a destination that failed, or of all ("").
  virtual void wake_up(std::string_view destination) = 0;
};

// Why a message cannot be dropped now.
queue::SpoolFailure being_delivered();

}  // namespace postrider::agent
