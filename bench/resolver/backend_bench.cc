// Lookups from the resolver's cache, and by each backend. "system" and "unbound" ask a real name server;
// bench/resolver_backends.py starts one and this with it: without $POSTRIDER_BENCH_DNS ("127.0.0.1:5353")
// they are left out. It is asked for A records of NUMBER.$POSTRIDER_BENCH_WILDCARD;
// $POSTRIDER_BENCH_ANCHOR is the DS record above it. "doh" asks a server of our own, by HTTPS on loopback;
// "static" has its records in memory.
//
// "new" names are asked for once, so that libunbound validates each; "known" ones it has in its cache. Time
// is real time: the servers and libunbound's thread work on the other processors.
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <benchmark/benchmark.h>

#include "postrider/bench/resolver/doh_server.h"
#include "postrider/resolver/backend/master_file.h"
#include "postrider/resolver/backend/static_backend.h"
#include "postrider/resolver/backend/system_backend.h"
#include "postrider/resolver/backend/unbound_backend.h"
#include "postrider/resolver/resolver.h"
#include "postrider/tests/support/run_task.h"

namespace postrider::resolver {
namespace {

constexpr std::size_t kBatch = 1000;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

using Make = std::unique_ptr<Backend> (*)(transport::Loop& loop);

std::vector<transport::Endpoint> servers() {
  return {transport::Endpoint::parse(variable("POSTRIDER_BENCH_DNS")).value()};
}

std::unique_ptr<Backend> make_system(transport::Loop& loop) {
  SystemBackendOptions options;
  options.servers = servers();
  auto made = SystemBackend::make(loop, std::move(options));
  if (!made) throw std::runtime_error(made.error());
  return std::move(*made);
}

std::unique_ptr<Backend> make_unbound(transport::Loop& loop) {
  UnboundBackendOptions options;
  options.servers = servers();
  options.trust_anchor_file = std::string();
  options.trust_anchors = {variable("POSTRIDER_BENCH_ANCHOR")};
  auto made = UnboundBackend::make(loop, std::move(options));
  if (!made) throw std::runtime_error(made.error());
  return std::move(*made);
}

std::unique_ptr<Backend> make_static(transport::Loop& loop) {
  const auto records =
      read_master_file("example.test. SOA ns.example.test. a.example.test. 1 2h 15m 2w 1m\n");
  return std::make_unique<StaticBackend>(loop, records.value());
}

// The backend with all that it refers to.
class OwnDoh final : public Backend {
 public:
  explicit OwnDoh(transport::Loop& loop) : network_(loop) {
    addresses_.add("localhost", transport::Endpoint::ipv4({127, 0, 0, 1}, 0));
    auto made = DohBackend::make(loop, network_, addresses_, server_.client(), server_.url());
    if (!made) throw std::runtime_error(made.error());
    backend_ = std::move(*made);
  }
  Task<AskResult> ask(Question question, transport::SteadyTime deadline) override {
    return backend_->ask(std::move(question), deadline);
  }
  std::string_view name() const noexcept override { return backend_->name(); }

 private:
  DohServer server_;
  transport::SocketNetwork network_;
  transport::FixedAddresses addresses_;
  std::unique_ptr<DohBackend> backend_;
};

std::unique_ptr<Backend> make_doh(transport::Loop& loop) { return std::make_unique<OwnDoh>(loop); }

std::string wildcard() {
  std::string name = variable("POSTRIDER_BENCH_WILDCARD");
  return name.empty() ? "wild.example.test" : name;
}

struct Batch {
  transport::Loop* loop = nullptr;
  Backend* backend = nullptr;
  DomainName wildcard;
  std::size_t first = 0;  // number of the first name
  std::size_t next = 0;
  std::size_t workers = 0;
  std::size_t failed = 0;
};

Task<void> work(Batch& batch) {
  while (batch.next < kBatch) {
    const std::string label = std::to_string(batch.first + batch.next++);
    const Question question(*batch.wildcard.below(label), RecordType::a);
    const auto deadline = transport::later(batch.loop->now(), std::chrono::seconds(10));
    const AskResult result = co_await batch.backend->ask(question, deadline);
    if (!result) ++batch.failed;
  }
  --batch.workers;
}

void lookups(benchmark::State& state, Make make, bool always_new) {
  transport::Loop loop;
  const auto backend = make(loop);
  Batch batch;
  batch.loop = &loop;
  batch.backend = backend.get();
  batch.wildcard = DomainName::parse(wildcard()).value();
  static std::size_t used = 0;  // names, by all benchmarks of the run
  batch.first = used;
  for (auto _ : state) {
    if (always_new) batch.first = used += kBatch;
    batch.next = 0;
    batch.workers = static_cast<std::size_t>(state.range(0));
    for (std::size_t worker = batch.workers; worker != 0; --worker) loop.spawn(work(batch));
    tests::run_until(loop, [&] { return batch.workers == 0; }, std::chrono::seconds(60));
  }
  if (batch.failed != 0) state.SkipWithError("lookups failed");
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBatch));
}

// The cache has a batch of names, and each is looked up again and again.
Task<void> look_up(Resolver& resolver, Batch& batch) {
  for (batch.next = 0; batch.next < kBatch; ++batch.next) {
    const Question question(*batch.wildcard.below(std::to_string(batch.next)), RecordType::a);
    const auto deadline = transport::later(batch.loop->now(), std::chrono::seconds(10));
    const Answer answer = co_await resolver.lookup(question, deadline);
    if (answer.outcome == Answer::Outcome::failed) ++batch.failed;
  }
  batch.workers = 0;
}

void from_cache(benchmark::State& state) {
  transport::Loop loop;
  Resolver resolver(loop, make_static(loop));
  Batch batch;
  batch.loop = &loop;
  batch.wildcard = DomainName::parse(wildcard()).value();
  const auto run = [&] {
    batch.workers = 1;
    loop.spawn(look_up(resolver, batch));
    tests::run_until(loop, [&] { return batch.workers == 0; }, std::chrono::seconds(60));
  };
  run();
  const std::uint64_t asked = resolver.counters().asked;
  for (auto _ : state) run();
  if (batch.failed != 0 || resolver.counters().asked != asked) state.SkipWithError("the cache was left");
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBatch));
}
BENCHMARK(from_cache)->Name("cache")->UseRealTime();

enum class Needs : bool { nothing, server };

int add(const char* name, Make make, bool always_new, Needs needs = Needs::server) {
  if (needs == Needs::server && variable("POSTRIDER_BENCH_DNS").empty()) return 0;
  benchmark::RegisterBenchmark(name, lookups, make, always_new)->Arg(1)->Arg(64)->UseRealTime();
  return 1;
}

[[maybe_unused]] const int kAdded =
    add("static", make_static, true, Needs::nothing) + add("doh", make_doh, true, Needs::nothing) +
    add("system", make_system, true) + add("unbound_new", make_unbound, true) +
    add("unbound_known", make_unbound, false);

}  // namespace
}  // namespace postrider::resolver
