// What the scheduler costs a message that is delivered at once: offer, next and finished, with a spool that
// is never asked; and what reading costs that finds a million due.
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "postrider/queue/scheduler.h"

namespace {

using namespace postrider::queue;

constexpr Time kNow{std::chrono::hours(24 * 365 * 50)};

class EmptySpool : public Spool {
 public:
  SpoolResult<void> due(const Consignment&, Time, const std::function<bool(const Consignment&)>&) override {
    return {};
  }
  SpoolResult<Time> next_due(const Consignment&) override { return kNever; }

  std::unique_ptr<Incoming> begin(MessageId) override { return nullptr; }
  void apply(Change, Done done) override { done(closed()); }
  SpoolResult<QueuedMessage> load(MessageId) override { return closed(); }
  SpoolResult<std::unique_ptr<Body>> open(MessageId) override { return closed(); }
  SpoolResult<std::vector<QueuedMessage>> list(MessageId, std::size_t) override { return closed(); }
  SpoolResult<std::vector<DamagedRecord>> damaged(MessageId, std::size_t) override { return closed(); }
  void drop_damaged(MessageId, Done done) override { done(closed()); }
  std::uint64_t size() const override { return 0; }
  MessageId newest() const override { return {}; }

 private:
  static std::unexpected<SpoolFailure> closed() { return std::unexpected(SpoolFailure()); }
};

// Consignments 1 to `count` for one destination, never taken away.
class FullSpool : public EmptySpool {
 public:
  explicit FullSpool(std::uint64_t count) : count_(count) {}
  SpoolResult<void> due(const Consignment& after, Time,
                        const std::function<bool(const Consignment&)>& each) override {
    Consignment one{after.id, "mx:bulk.example", kNow, 0};
    if (after.due > kNow) return {};
    while (one.id.value++ < count_) {
      if (!each(one)) break;
    }
    return {};
  }

 private:
  std::uint64_t count_;
};

std::vector<std::string> names(std::int64_t count) {
  std::vector<std::string> out;
  for (std::int64_t i = 0; i < count; ++i)
    out.push_back("mx:destination-" + std::to_string(i) + ".example.org");
  return out;
}

// One message after the other.
void offer_next_finished(benchmark::State& state) {
  EmptySpool spool;
  Scheduler scheduler(spool, SchedulerOptions());
  const std::vector<std::string> destinations = names(state.range(0));
  std::uint64_t id = 0;
  for (auto _ : state) {
    const Time now = kNow + Duration(id / 1'000);
    ++id;
    scheduler.offer(Consignment{MessageId{id}, destinations[id % destinations.size()], now, 0}, now);
    const std::optional<Consignment> one = scheduler.next(now);
    scheduler.finished(*one, Health::reached, "", std::nullopt, now);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(offer_next_finished)->Arg(1)->Arg(1'000)->Arg(100'000);

// With ten thousand in lines and four hundred in flight all the time.
void under_load(benchmark::State& state) {
  EmptySpool spool;
  Scheduler scheduler(spool, SchedulerOptions());
  const std::vector<std::string> destinations = names(state.range(0));
  std::uint64_t id = 0;
  const auto offer = [&] {
    ++id;
    scheduler.offer(Consignment{MessageId{id}, destinations[id % destinations.size()], kNow, 0}, kNow);
  };
  for (int i = 0; i < 10'000; ++i) offer();
  std::vector<Consignment> in_flight(400);
  for (Consignment& each : in_flight) each = *scheduler.next(kNow);
  std::size_t at = 0;
  for (auto _ : state) {
    scheduler.finished(in_flight[at], Health::reached, "", std::nullopt, kNow);
    offer();
    in_flight[at] = *scheduler.next(kNow);
    at = (at + 1) % in_flight.size();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(under_load)->Arg(1'000)->Arg(100'000);

// After a restart: until the pass has seen all of a million for one destination.
void pass_over_a_million(benchmark::State& state) {
  constexpr std::uint64_t kMillion = 1'000'000;
  const SchedulerOptions options;
  for (auto _ : state) {
    FullSpool spool(kMillion);
    Scheduler scheduler(spool, options);
    for (std::uint64_t i = 0; i <= kMillion / options.scan; ++i)
      benchmark::DoNotOptimize(scheduler.next(kNow));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kMillion));
}
BENCHMARK(pass_over_a_million)->Unit(benchmark::kMillisecond);

}  // namespace
