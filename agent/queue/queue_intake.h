// The way into the queue, as sessions see it. Any thread may call any method.
#pragma once

#include <memory>
#include <vector>

#include "postrider/queue/message_id.h"
#include "postrider/queue/spool.h"
#include "postrider/queue/time.h"

namespace postrider::agent {

class QueueIntake {
 public:
  virtual ~QueueIntake() = default;

  virtual queue::MessageId next_id(queue::Time now) = 0;
  virtual std::unique_ptr<queue::Incoming> begin(queue::MessageId id) = 0;
  // What is durable now, and to be delivered: consignments_of() the message that was committed.
  virtual void accepted(std::vector<queue::Consignment> consignments) = 0;
  // How long delivery is tried: `queue.expire`.
  virtual queue::Duration lifetime() const = 0;
};

}  // namespace postrider::agent
