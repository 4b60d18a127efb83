// The queue of an agent that is stopped: a spool, and nobody who delivers.
//
// Nothing is active and nothing rests. A message is not to be altered again before `done` of the alteration
// before was called.
#pragma once

#include "postrider/agent/queue/queue_access.h"

namespace postrider::agent {

class StoredQueue final : public QueueAccess {
 public:
  // `spool` outlives the object.
  explicit StoredQueue(queue::Spool& spool) noexcept : spool_(spool) {}

  queue::Spool& spool() override { return spool_; }
  std::vector<std::string> active(queue::MessageId /*id*/) override { return {}; }
  void alter(queue::MessageId id, Alteration alter, queue::Done done) override;
  void drop(queue::MessageId id, queue::Done done) override;
  void wake_up(std::string_view /*destination*/) override {}

 private:
  queue::Spool& spool_;
};

}  // namespace postrider::agent
