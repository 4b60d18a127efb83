// What a server has done, counted without locks: each loop counts for itself, anybody may add the sums up.
#pragma once

#include <atomic>
#include <cstdint>

namespace postrider::server {

// Written by one thread, read by all.
class Counter {
 public:
  void add(std::uint64_t count = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
  }
  std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

// T is Counter while counting, a plain number in a sum.
template <class T>
struct BasicCounters {
  T connections{};   // served, refused ones not among them
  T ended{};         // of those, the ones that are over
  T refused{};       // turned away for a limit: 421
  T accept_rests{};  // times that accepting rested for want of descriptors or memory
  T messages{};      // answered positively after their content, once even if LMTP answers for each recipient
  T messages_refused{};  // answered otherwise, or abandoned
  T octets{};            // of content, without the stuffed dots
  T commands_refused{};  // by the session itself
  T timeouts{};
  T lost{};      // connections that broke
  T failures{};  // handlers that threw an exception
};

using LoopCounters = BasicCounters<Counter>;

struct Counters : BasicCounters<std::uint64_t> {
  void add(const LoopCounters& more) noexcept {
    connections += more.connections.value();
    ended += more.ended.value();
    refused += more.refused.value();
    accept_rests += more.accept_rests.value();
    messages += more.messages.value();
    messages_refused += more.messages_refused.value();
    octets += more.octets.value();
    commands_refused += more.commands_refused.value();
    timeouts += more.timeouts.value();
    lost += more.lost.value();
    failures += more.failures.value();
  }
};

}  // namespace postrider::server
