// What a load run counts: one of these for each thread, added up at the end.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "postrider/agent/load/latency_histogram.h"
#include "postrider/protocol/grammar/reply_code.h"

namespace postrider::agent {

// Written by one thread, read by others for progress.
class Counter {
 public:
  void add() noexcept { value_.store(value_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }
  std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

struct LoadCounts {
  Counter delivered;
  Counter failed;       // messages that were begun and not accepted
  Counter connections;  // that got as far as a reply to EHLO
  LatencyHistogram latency;
  LatencyHistogram handshakes;    // TLS: from its first octet to our last
  std::uint64_t resumptions = 0;  // of those
  // Why messages and connections failed: by reply code ("550"), or in words.
  std::map<std::string, std::uint64_t, std::less<>> errors;

  void add_error(std::string_view what) { ++errors[std::string(what)]; }
  void add_error(protocol::ReplyCode code) { ++errors[std::to_string(code.value())]; }
};

}  // namespace postrider::agent
