// What the scheduler knows of one destination: its line of consignments in memory, where in the spool its
// others begin, and its pace. Plain data; lines.h keeps it consistent.
#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <absl/container/btree_set.h>

#include "postrider/queue/message_id.h"
#include "postrider/queue/pace.h"
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

struct DestinationLine {
  enum class Queue : std::uint8_t { none, ready, quiet };
  enum class Refill : std::uint8_t { none, wanted, under_way };

  DestinationLine(std::string called, std::uint64_t serial, const SchedulerOptions& options)
      : name(std::move(called)), number(serial), pace(options, serial, rate_of(name, options)) {}

  static Pace::Rate rate_of(const std::string& name, const SchedulerOptions& options) {
    const bool without = std::ranges::find(options.without_rate, name) != options.without_rate.end();
    return without ? Pace::Rate::none : Pace::Rate::limited;
  }

  const std::string name;
  const std::uint64_t number;  // in order of creation: what is done by it is the same in every run
  Pace pace;
  absl::btree_set<LinePlace> line;

  // Those of its consignments in the spool that are neither in memory nor in flight, nor due later than
  // anybody has looked, are here or behind.
  std::optional<Position> waiting;
  Refill refill = Refill::none;
  std::uint64_t left_by = 0;  // the refilling that has left some in the spool, and cannot fetch any behind

  Time timer = kNever;  // when it may become ready by itself
  bool busy = false;    // counted as having something to do
  bool rests = false;   // counted as resting
  Queue queue = Queue::none;
  DestinationLine* previous = nullptr;
  DestinationLine* next = nullptr;
};

// Destinations one behind the other; each is in one such queue at most.
class DestinationQueue {
 public:
  explicit DestinationQueue(DestinationLine::Queue kind) : kind_(kind) {}

  DestinationLine* front() const noexcept { return first_; }
  std::size_t size() const noexcept { return size_; }

  void push_back(DestinationLine& line) noexcept {
    line.queue = kind_;
    line.previous = last_;
    line.next = nullptr;
    (last_ != nullptr ? last_->next : first_) = &line;
    last_ = &line;
    ++size_;
  }
  void remove(DestinationLine& line) noexcept {
    (line.previous != nullptr ? line.previous->next : first_) = line.next;
    (line.next != nullptr ? line.next->previous : last_) = line.previous;
    line.queue = DestinationLine::Queue::none;
    --size_;
  }

 private:
  const DestinationLine::Queue kind_;
  DestinationLine* first_ = nullptr;
  DestinationLine* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace postrider::queue
