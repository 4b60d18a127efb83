// A whole run: every variant through a relay, and what the server behind it would have seen.
//
//   SmugglingRun run(loop, network, options);
//   const auto at = run.listen();                       // the relay has to hand its mail on to this address
//   loop.spawn(...);  co_await run.play();
//   for (const SmugglingCase& each : run.cases()) ...
//
// Only test relays of your own: each variant leaves messages in what is behind it, and is an attack where it
// works. `loop` and `network` outlive the run, and the run outlives the loop's tasks.
#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <string>
#include <vector>

#include "postrider/fuzz/smuggling/inbound.h"
#include "postrider/fuzz/smuggling/next_server.h"
#include "postrider/fuzz/smuggling/variant.h"
#include "postrider/fuzz/smuggling/verdict.h"
#include "postrider/transport/signal.h"

namespace postrider::fuzz {

struct SmugglingOptions {
  SmugglingOptions() = default;

  InboundOptions inbound;
  transport::Endpoint outbound;  // where we listen
  std::string sender = "smuggle@sender.example";
  std::string recipient = "smuggle@recipient.example";
  std::string run_id = "run";     // unique to this run: letters and digits
  std::vector<std::string> only;  // names; empty: every variant
  std::size_t sessions = 4;       // with the relay, at a time
};

struct SmugglingCase {
  const Variant* variant = nullptr;
  ProbeMessage probe;
  InboundResult said;
  Verdict verdict;
};

struct SmugglingSums {
  std::size_t smuggled = 0;
  std::size_t leaks = 0;
  std::size_t lost_ends = 0;
  std::size_t unknown = 0;  // never sent, or not offered
  bool reached = false;     // some connection came about
  bool arrived = false;     // some message came out
  bool accepted = false;    // some message was accepted

  bool disagreement() const noexcept { return smuggled + leaks + lost_ends != 0; }
};

class SmugglingRun {
 public:
  SmugglingRun(transport::Loop& loop, transport::Network& network, SmugglingOptions options);

  // Before play(): the address with its real port.
  std::expected<transport::Endpoint, transport::error_code> listen() {
    return next_.listen(options_.outbound);
  }
  // Says every variant; then waits until all that was accepted has come out, or nothing more came within
  // options.inbound.wait.
  Task<void> play();

  const std::vector<SmugglingCase>& cases() const noexcept { return cases_; }
  SmugglingSums sums() const noexcept;

 private:
  static Task<void> session(SmugglingRun& self);
  Task<void> wait_for_arrivals();
  bool all_arrived() const;

  transport::Loop& loop_;
  transport::Network& network_;
  SmugglingOptions options_;
  NextServer next_;
  transport::Signal ended_;
  std::vector<SmugglingCase> cases_;
  std::size_t next_case_ = 0;
  std::size_t running_ = 0;
};

}  // namespace postrider::fuzz
