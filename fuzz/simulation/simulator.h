// A world of one process and one thread, in virtual time, from one seed: a loop, a clock that moves when
// nothing else does, and a network in memory that refuses, delays, cuts and dribbles as a plan of faults
// says.
//
//   Simulator world(seed, FaultPlan::rough());
//   server::Server server(world.loop(), world.network(), config, handlers, admission);
//   server.listen(*transport::Endpoint::parse("10.0.0.1:25"));
//   world.loop().spawn(my_client(world));
//   const Simulator::End end = world.run([&] { return finished; }, std::chrono::hours(1));
//
// The same seed, plan and program give the same run, to the octet: everything random comes from roll(),
// nothing asks the machine for the time. An hour of timeouts takes no longer than the work in it. seeds.h
// tries many seeds and says how to see one of them again; server_trial.h and client_trial.h are whole trials
// of one side.
//
// Destroy it last: what runs on its loop refers to it.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "postrider/transport/clock.h"
#include "postrider/transport/loop.h"
#include "postrider/transport/memory_network.h"

namespace postrider::fuzz {

// What went wrong, in words; empty: nothing.
using Findings = std::vector<std::string>;

// How rough the network is, per mille.
struct FaultPlan {
  unsigned refused = 0;   // of attempts to connect
  unsigned silent = 0;    // of attempts to connect: no answer ever comes
  unsigned cut = 0;       // of the ends of connections: broken at some operation
  unsigned short_io = 0;  // of the ends of connections: a few octets at a time
  transport::Duration slowest_dial = std::chrono::milliseconds(200);

  static FaultPlan calm() { return {}; }
  static FaultPlan rough() { return {.refused = 100, .silent = 20, .cut = 250, .short_io = 50}; }
};

class Simulator {
 public:
  enum class End : std::uint8_t {
    done,      // as asked for
    stuck,     // nothing is ready, and nothing will ever be due
    too_long,  // the virtual time that was allowed is over
  };

  explicit Simulator(std::uint64_t seed, const FaultPlan& plan = FaultPlan::rough());
  Simulator(const Simulator&) = delete;
  Simulator& operator=(const Simulator&) = delete;

  transport::Loop& loop() noexcept { return loop_; }
  transport::MemoryNetwork& network() noexcept { return network_; }
  transport::ManualClock& clock() noexcept { return clock_; }
  // Virtual time since the beginning.
  transport::Duration took() const { return clock_.steady_now() - begin_; }

  // 0 to `below` - 1; `below` is not 0.
  std::uint32_t roll(std::uint32_t below);
  bool happens(unsigned per_mille) { return roll(1000) < per_mille; }

  // Called when nothing is ready, before time moves: a store that has to sync, say. True: something was done.
  void when_idle(std::move_only_function<bool()> hook) { idle_ = std::move(hook); }

  // One thing after the other: what is ready; else what is idle; else the next moment at which anything is
  // due. False: there is none.
  bool step();
  // Until `done` says so.
  End run(const std::function<bool()>& done, transport::Duration most);

  // What happened, each with its milliseconds: for comparing runs, and to be shown with a finding.
  void note(std::string what);
  const std::vector<std::string>& history() const noexcept { return history_; }

 private:
  transport::MemoryDial dial();
  void connected(transport::MemoryStream& end);

  std::mt19937_64 random_;  // whose numbers the standard fixes, unlike those of its distributions
  FaultPlan plan_;
  transport::ManualClock clock_;
  transport::SteadyTime begin_;
  std::deque<transport::MemoryScript> scripts_;  // stay where they are: streams follow them
  transport::Loop loop_;
  transport::MemoryNetwork network_;
  std::move_only_function<bool()> idle_;
  std::vector<std::string> history_;
};

}  // namespace postrider::fuzz
