// A million consignments in bounded memory, and a hundred thousand for one destination that delay no other.
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "index_spool.h"
#include <gtest/gtest.h>

#include "postrider/queue/scheduler.h"

namespace postrider::queue {
namespace {

using namespace std::chrono_literals;
using testing::IndexSpool;

constexpr Time kNow{std::chrono::hours(24 * 365 * 50)};

// Has consignments 1 to `count`, all due, made when they are looked at.
class EndlessSpool : public IndexSpool {
 public:
  using Name = std::function<std::string(std::uint64_t id)>;

  EndlessSpool(std::uint64_t count, Name name)
      : name_(std::move(name)), left_(count + 1, true), size_(count) {
    left_[0] = false;
  }

  void take(MessageId id) {
    left_[id.value] = false;
    --size_;
    while (first_ < left_.size() && !left_[first_]) ++first_;
  }
  std::uint64_t looked() const { return looked_; }

  SpoolResult<void> due(const Consignment& after, Time until,
                        const std::function<bool(const Consignment&)>& each) override {
    if (until < kNow) return {};
    for (std::uint64_t id = begin_of(after); id < left_.size(); ++id) {
      if (!left_[id]) continue;
      ++looked_;
      if (!each(Consignment{MessageId{id}, name_(id), kNow, 0})) return {};
    }
    return {};
  }
  SpoolResult<Time> next_due(const Consignment& after) override {
    return begin_of(after) < left_.size() ? kNow : kNever;
  }
  std::uint64_t size() const override { return size_; }

 private:
  std::uint64_t begin_of(const Consignment& after) const {
    if (after.due > kNow) return left_.size();
    if (after.due < kNow) return first_;
    return std::max(first_, after.id.value + (after.destination.empty() ? 0 : 1));
  }

  Name name_;
  std::vector<bool> left_;
  std::uint64_t size_;
  std::uint64_t first_ = 1;
  std::uint64_t looked_ = 0;
};

struct Tally {
  std::uint64_t given = 0;
  std::uint64_t looked = 0;
};

// Tries each consignment once; `health` says what comes of it, and what fails comes back in the far future.
Tally try_all(std::uint64_t count, EndlessSpool::Name name, Health health, std::string_view site = "") {
  EndlessSpool spool(count, std::move(name));
  const SchedulerOptions options;
  Scheduler scheduler(spool, options);
  Tally out;
  Time now = kNow;
  std::vector<Consignment> in_flight;
  while (out.given < count) {
    while (std::optional<Consignment> one = scheduler.next(now)) in_flight.push_back(std::move(*one));
    const SchedulerCounters counters = scheduler.counters();
    EXPECT_LE(counters.in_line, options.in_memory);
    EXPECT_LE(counters.in_flight, options.in_flight);
    EXPECT_LE(counters.remembered, counters.in_line + counters.in_flight + options.remembered);
    for (const Consignment& each : in_flight) {
      spool.take(each.id);
      const bool done = health == Health::reached;
      scheduler.finished(each, health, site, done ? std::nullopt : std::optional(now + 1'000h), now);
    }
    out.given += in_flight.size();
    if (in_flight.empty()) {
      const Time wake = scheduler.wake(now);
      EXPECT_NE(wake, kNever) << spool.size() << " left";
      if (wake == kNever) break;
      now = std::max(now, wake);
    }
    in_flight.clear();
  }
  out.looked = spool.looked();
  return out;
}

constexpr std::uint64_t kMillion = 1'000'000;

TEST(SchedulerScaleTest, AMillionForOneDestination) {
  const Tally run = try_all(kMillion, [](std::uint64_t) { return "mx:example.org"; }, Health::reached);
  EXPECT_EQ(run.given, kMillion);
  EXPECT_LE(run.looked, 3 * kMillion);
}

TEST(SchedulerScaleTest, AMillionDestinations) {
  const auto name = [](std::uint64_t id) { return "mx:" + std::to_string(id); };
  const Tally run = try_all(kMillion, name, Health::reached);
  EXPECT_EQ(run.given, kMillion);
  EXPECT_LE(run.looked, 2 * kMillion);
}

TEST(SchedulerScaleTest, AMillionDeadDestinations) {
  const auto name = [](std::uint64_t id) { return "mx:" + std::to_string(id); };
  const Tally run = try_all(kMillion, name, Health::unreachable);
  EXPECT_EQ(run.given, kMillion);
  EXPECT_LE(run.looked, 2 * kMillion);
}

// Half of them for one, a quarter for a thousand others, a quarter for as many again.
TEST(SchedulerScaleTest, AMillionForManyAndFew) {
  const auto name = [](std::uint64_t id) -> std::string {
    if (id % 2 == 0) return "mx:example.org";
    return "mx:" + std::to_string(id % 4 == 1 ? id * 7919 % 1'000 : id);
  };
  const Tally run = try_all(kMillion, name, Health::reached);
  EXPECT_EQ(run.given, kMillion);
  EXPECT_LE(run.looked, 8 * kMillion);
}

// Ten thousand lines of which each has a place or two in memory.
TEST(SchedulerScaleTest, ManyForEachOfTenThousand) {
  constexpr std::uint64_t kMany = 200'000;
  const auto name = [](std::uint64_t id) { return "mx:" + std::to_string(id % 10'000); };
  const Tally run = try_all(kMany, name, Health::reached);
  EXPECT_EQ(run.given, kMany);
  EXPECT_LE(run.looked, 20 * kMany);
}

// Nothing that is done for an attempt takes longer the more lines a site has.
TEST(SchedulerScaleTest, ManyForEachOfTenThousandOfOneSite) {
  constexpr std::uint64_t kMany = 200'000;
  const auto name = [](std::uint64_t id) { return "mx:" + std::to_string(id % 10'000); };
  const Tally run = try_all(kMany, name, Health::reached, "mx.example.org:25");
  EXPECT_EQ(run.given, kMany);
  EXPECT_LE(run.looked, 20 * kMany);
}

constexpr std::uint64_t kBulk = 100'000;
constexpr std::uint64_t kOthers = 100;

std::string bulk_then_others(std::uint64_t id) {
  return id <= kBulk ? "mx:bulk.example" : "mx:" + std::to_string(id);
}

// How many calls of next() it takes until each of the others was given; what the bulk's attempts show, or
// nothing: they hang.
std::uint64_t calls_for_others(EndlessSpool& spool, Scheduler& scheduler, std::optional<Health> bulk) {
  std::uint64_t others = 0;
  for (std::uint64_t calls = 1; calls < 10 * kBulk; ++calls) {
    const std::optional<Consignment> one = scheduler.next(kNow);
    if (!one) continue;
    const bool is_bulk = one->id.value <= kBulk;
    if (!is_bulk && ++others == kOthers) return calls;
    if (is_bulk && !bulk) continue;
    spool.take(one->id);
    const Health health = is_bulk ? *bulk : Health::reached;
    const bool done = health == Health::reached;
    scheduler.finished(*one, health, "", done ? std::nullopt : std::optional(kNow + 1h), kNow);
  }
  return UINT64_MAX;
}

TEST(SchedulerScaleTest, ABulkInTheSpoolDelaysNobodyForLong) {
  for (const auto bulk : {std::optional(Health::reached), std::optional(Health::unreachable),
                          std::optional(Health::overloaded), std::optional<Health>()}) {
    EndlessSpool spool(kBulk + kOthers, bulk_then_others);
    const SchedulerOptions options;
    Scheduler scheduler(spool, options);
    // The pass has half of the looks of a call while a line is refilled.
    const std::uint64_t readings = 2 * (kBulk + kOthers) / options.scan + 2;
    EXPECT_LE(calls_for_others(spool, scheduler, bulk), readings + 2 * kOthers);
  }
}

TEST(SchedulerScaleTest, ABulkThatIsOfferedDelaysNobody) {
  for (const auto bulk : {std::optional(Health::reached), std::optional(Health::unreachable),
                          std::optional(Health::overloaded), std::optional<Health>()}) {
    EndlessSpool spool(kBulk + kOthers, bulk_then_others);
    Scheduler scheduler(spool, SchedulerOptions());
    for (std::uint64_t id = 1; id <= kBulk + kOthers; ++id) {
      scheduler.offer(Consignment{MessageId{id}, bulk_then_others(id), kNow, 0}, kNow);
    }
    EXPECT_LE(calls_for_others(spool, scheduler, bulk), 2 * kOthers + 40);
  }
}

// More dead destinations than memory has places for, each with more than one attempt would deal with.
TEST(SchedulerScaleTest, DeadDestinationsBeyondAllMemoryDelayALiveOneABoundedNumberOfCalls) {
  constexpr std::uint64_t kDead = 90'000;
  SchedulerOptions options;
  options.in_memory = 200;
  options.remembered = 100;
  options.in_flight = 50;
  options.scan = 1'000;
  const auto name = [](std::uint64_t id) {
    return id > kDead ? std::string("mx:live.example") : "mx:" + std::to_string(id % 3'000);
  };
  EndlessSpool spool(kDead + 10, name);
  Scheduler scheduler(spool, options);
  Time now = kNow;
  std::uint64_t calls = 0;
  std::uint64_t live = 0;
  while (live < 10 && ++calls < 10 * kDead) {
    const std::optional<Consignment> one = scheduler.next(now);
    EXPECT_LE(scheduler.counters().remembered, 350U);
    if (!one) {
      now = std::max(now, std::min(scheduler.wake(now), now + 1s));
      continue;
    }
    const bool is_live = one->id.value > kDead;
    live += is_live ? 1 : 0;
    spool.take(one->id);
    scheduler.finished(*one, is_live ? Health::reached : Health::unreachable, "",
                       is_live ? std::nullopt : std::optional(now + 100h), now);
  }
  EXPECT_EQ(live, 10U);
  EXPECT_LE(calls, 2 * kDead);
}

}  // namespace
}  // namespace postrider::queue
