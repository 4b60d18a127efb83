#include "postrider/agent/queue/queue_access.h"

namespace postrider::agent {

queue::SpoolFailure being_delivered() {
  return queue::SpoolFailure{queue::SpoolFailure::Kind::io, "is being delivered, try again"};
}

}  // namespace postrider::agent
