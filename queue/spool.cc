#include "postrider/queue/spool.h"

#include <algorithm>

namespace postrider::queue {

std::vector<Consignment> consignments_of(const QueuedMessage& message) {
  std::vector<Consignment> out;
  if (message.held) return out;
  for (const QueuedRecipient& each : message.recipients) {
    const auto same = std::ranges::find(out, each.destination, &Consignment::destination);
    if (same != out.end()) {
      same->due = std::min(same->due, each.next_attempt);
    } else {
      out.push_back(Consignment{message.id, each.destination, each.next_attempt, message.priority});
    }
  }
  if (has_deadline_ahead(message)) {
    out.push_back(
        Consignment{message.id, std::string(kDeadlineLine), message.deliver_by->at, message.priority});
  }
  return out;
}

}  // namespace postrider::queue
