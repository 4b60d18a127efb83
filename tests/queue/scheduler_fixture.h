// A scheduler at work on a spool in memory, for tests.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "index_spool.h"

#include "postrider/queue/scheduler.h"

namespace postrider::queue::testing {

inline constexpr Time kNow{std::chrono::hours(24 * 365 * 50)};

inline Consignment consignment(std::uint64_t id, std::string destination, Time due = kNow,
                               std::int8_t priority = 0) {
  return Consignment{MessageId{id}, std::move(destination), due, priority};
}

// A scheduler with its spool and the clock.
struct Queue {
  explicit Queue(SchedulerOptions with = {}) : scheduler(spool, with) {}

  // As when a message was accepted.
  Consignment offer(const Consignment& one) {
    spool.put(one);
    scheduler.offer(one, now);
    return one;
  }
  std::optional<Consignment> next() { return scheduler.next(now); }
  // All that it gives now, without anything being finished.
  std::vector<Consignment> all() {
    std::vector<Consignment> out;
    for (int idle = 0; idle < 1'000 && scheduler.wake(now) <= now; ++idle) {
      while (auto one = next()) out.push_back(*one);
    }
    return out;
  }
  std::vector<std::uint64_t> ids() {
    std::vector<std::uint64_t> out;
    for (const Consignment& each : all()) out.push_back(each.id.value);
    return out;
  }
  void delivered(const Consignment& one, std::string_view site = "") {
    spool.remove(one);
    scheduler.finished(one, Health::reached, site, std::nullopt, now);
  }
  // Due again at `again`.
  Consignment deferred(Consignment one, Health health, Time again, std::string_view site = "") {
    spool.remove(one);
    one.due = again;
    spool.put(one);
    scheduler.finished(one, health, site, again, now);
    return one;
  }

  IndexSpool spool;
  Scheduler scheduler;
  Time now = kNow;
};

inline SchedulerOptions small() {
  SchedulerOptions out;
  out.concurrency = 4;
  out.initial_concurrency = 2;
  out.in_flight = 100;
  out.in_line = 8;
  out.in_memory = 40;
  out.remembered = 10;
  out.scan = 50;
  return out;
}

}  // namespace postrider::queue::testing
