// Which consignments are in memory or in flight, so that none is taken twice: by message and destination.
// Bounded by whoever adds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <absl/container/btree_map.h>
#include <absl/container/flat_hash_map.h>

#include "postrider/queue/destination_line.h"
#include "postrider/queue/message_id.h"

namespace postrider::queue {

struct KnownConsignment {
  DestinationLine* destination = nullptr;
  Time due{};                 // in line: the place there
  std::uint64_t attempt = 0;  // in flight: its number, see Pace
  std::int8_t priority = 0;
  bool in_flight = false;
  bool forgotten = false;  // in flight, and not to be tried again
};

class KnownConsignments {
 public:
  // Valid until the next change.
  KnownConsignment* find(MessageId id, const DestinationLine& destination);
  void add(MessageId id, const KnownConsignment& known);
  void remove(MessageId id, const DestinationLine& destination);

  // Each one of the message, in order of the destinations' numbers but for the first one.
  template <class Visitor>
  void each(MessageId id, Visitor visit) {
    const auto found = messages_.find(id.value);
    if (found == messages_.end()) return;
    visit(found->second.first);
    if (found->second.others) {
      for (auto& [number, known] : *found->second.others) visit(known);
    }
  }
  bool in_flight(MessageId id) const;

 private:
  // Nearly every message has one destination: the others are kept apart.
  using Others = absl::btree_map<std::uint64_t, KnownConsignment>;
  struct Message {
    KnownConsignment first;
    std::unique_ptr<Others> others;  // never empty
  };
  absl::flat_hash_map<std::uint64_t, Message> messages_;
};

}  // namespace postrider::queue
