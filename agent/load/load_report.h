// What a load run found out, for people and for programs.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "postrider/agent/load/latency_histogram.h"
#include "postrider/agent/load/load_counts.h"
#include "postrider/agent/load/load_options.h"

namespace postrider::agent {

struct LoadReport {
  std::uint64_t delivered = 0;
  std::uint64_t failed = 0;
  std::uint64_t connections = 0;
  std::uint64_t octets = 0;              // of one message's content, with its headers
  std::chrono::nanoseconds time{};       // from the first connect() to the last reply
  std::chrono::nanoseconds processor{};  // this program's user and system time
  LatencyHistogram latency;
  LatencyHistogram handshakes;
  std::uint64_t resumptions = 0;
  std::map<std::string, std::uint64_t, std::less<>> errors;

  void add(const LoadCounts& counts);

  std::string to_text(const LoadOptions& options) const;
  // One line, an object.
  std::string to_json(const LoadOptions& options) const;
};

}  // namespace postrider::agent
