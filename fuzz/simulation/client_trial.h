// A client of yours in a simulated world: a server that follows the protocol, has patience in its replies or
// refuses, and keeps what it took, behind a network that breaks.
//
//   ClientTrial trial(seed, {.patience = 200});
//   trial.world().loop().spawn(my_sender(trial.world(), ClientTrial::kServer, outcome));
//   const Simulator::End end = trial.world().run([&] { return outcome.finished; }, std::chrono::hours(24));
//   if (end != Simulator::End::done) …                        // it waits without a deadline, or for ever
//   trial.copies("Subject: 1\r\n\r\nbody\r\n", "a@example.org") // against what it believes to have been
//   delivered
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "postrider/fuzz/simulation/simulator.h"

namespace postrider::fuzz {

// What the server does beside what the network does; per mille.
struct ServerHabits {
  FaultPlan faults = FaultPlan::rough();
  unsigned patience = 150;  // of replies to RCPT, and to the end of data: 450, 451
  unsigned refusal = 50;    // of replies to RCPT, and to the end of data: 550, 554
  unsigned busy = 50;       // of greetings: 421
  bool pipelining = true;   // and what else is offered
  bool chunking = true;
};

// A message that was answered 250.
struct TakenMail {
  std::string sender;
  std::vector<std::string> recipients;  // accepted
  std::string content;                  // without the dots of DATA
};

class ClientTrial {
 public:
  // Where the server listens in the world's network.
  static const transport::Endpoint kServer;

  explicit ClientTrial(std::uint64_t seed, const ServerHabits& habits = {});
  ~ClientTrial();

  Simulator& world() noexcept { return world_; }
  const std::vector<TakenMail>& taken() const noexcept { return taken_; }
  std::size_t copies(const std::string& content, const std::string& recipient) const;

 private:
  class Handler;
  class Sink;
  struct Served;

  Simulator world_;
  ServerHabits habits_;
  std::vector<TakenMail> taken_;
  std::unique_ptr<Served> served_;
};

}  // namespace postrider::fuzz
