// What the scheduler knows of one destination: its line of consignments in memory, where in the spool its
// others begin, and to which site it belongs. Plain data; lines.h keeps it consistent.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <absl/container/btree_set.h>

#include "postrider/queue/chain.h"
#include "postrider/queue/message_id.h"
#include "postrider/queue/spool.h"
#include "postrider/queue/time.h"

namespace postrider::queue {

// A place in the spool's order of what is due, in front of all consignments of one message.
struct Position {
  Position() = default;
  explicit Position(const Consignment& of) : due(of.due), id(of.id) {}

  // As Spool::due wants it: the consignments at this position are behind it, since each has a name.
  Consignment before() const { return Consignment{id, {}, due}; }

  Time due;
  MessageId id;

  friend auto operator<=>(const Position&, const Position&) = default;
};

// A consignment in a line: the higher priority first, then what is due first.
struct LinePlace {
  explicit LinePlace(const Consignment& of) : priority(of.priority), position(of) {}
  LinePlace(std::int8_t high, Position at) : priority(high), position(at) {}

  std::int8_t priority;
  Position position;

  friend bool operator<(const LinePlace& a, const LinePlace& b) {
    return a.priority != b.priority ? a.priority > b.priority : a.position < b.position;
  }
};

struct Site;

struct DestinationLine {
  enum class Queue : std::uint8_t {
    none,
    due,    // something in memory: in its site's
    quiet,  // nothing in memory or in flight
  };
  enum class Refill : std::uint8_t { none, wanted, under_way };

  DestinationLine(std::string called, std::uint64_t serial) : name(std::move(called)), number(serial) {}

  const std::string name;
  const std::uint64_t number;  // in order of creation: what is done by it is the same in every run
  Site* site = nullptr;        // always one, but for the moment of moving
  std::size_t in_flight = 0;
  absl::btree_set<LinePlace> line;

  // Those of its consignments in the spool that are neither in memory nor in flight, nor due later than
  // anybody has looked, are here or behind.
  std::optional<Position> waiting;
  Refill refill = Refill::none;
  std::uint64_t left_by = 0;   // the refilling that has left some in the spool, and cannot fetch any behind
  Link<DestinationLine> want;  // while `refill` is `wanted`: in its site's

  bool busy = false;   // counted as having something to do
  bool rests = false;  // counted as resting
  Queue queue = Queue::none;
  Link<DestinationLine> turn;    // in `queue`
  Link<DestinationLine> member;  // among the lines of its site
};

}  // namespace postrider::queue
