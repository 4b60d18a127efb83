#include "postrider/queue/known_consignments.h"

#include <utility>

namespace postrider::queue {

KnownConsignment* KnownConsignments::find(MessageId id, const DestinationLine& destination) {
  const auto found = messages_.find(id.value);
  if (found == messages_.end()) return nullptr;
  Message& message = found->second;
  if (message.first.destination == &destination) return &message.first;
  if (!message.others) return nullptr;
  const auto other = message.others->find(destination.number);
  return other == message.others->end() ? nullptr : &other->second;
}

void KnownConsignments::add(MessageId id, const KnownConsignment& known) {
  const auto [found, is_new] = messages_.try_emplace(id.value);
  Message& message = found->second;
  if (is_new) {
    message.first = known;
    return;
  }
  if (!message.others) message.others = std::make_unique<Others>();
  message.others->emplace(known.destination->number, known);
}

void KnownConsignments::remove(MessageId id, const DestinationLine& destination) {
  const auto found = messages_.find(id.value);
  if (found == messages_.end()) return;
  Message& message = found->second;
  if (message.first.destination != &destination) {
    if (message.others) message.others->erase(destination.number);
  } else if (message.others) {
    message.first = message.others->begin()->second;
    message.others->erase(message.others->begin());
  } else {
    messages_.erase(found);
    return;
  }
  if (message.others && message.others->empty()) message.others.reset();
}

bool KnownConsignments::in_flight(MessageId id) const {
  const auto found = messages_.find(id.value);
  if (found == messages_.end()) return false;
  if (found->second.first.in_flight) return true;
  if (!found->second.others) return false;
  for (const auto& [number, known] : *found->second.others) {
    if (known.in_flight) return true;
  }
  return false;
}

}  // namespace postrider::queue
