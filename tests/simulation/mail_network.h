// A whole mail network in one process, on one thread, in virtual time, from one seed: three agents with their
// queues, DNS, users who submit mail, an archive to which everything is delivered in the end, and between
// them a network that refuses, delays and cuts connections, hosts that ask for patience, and stores that
// fail.
//
//   MailNetwork network(seed);
//   const Findings found = network.run();
//   EXPECT_TRUE(found.empty()) << found;
//
// The same seed gives the same run, to the octet.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "postrider/agent/log/log.h"
#include "postrider/agent/maildir/maildir_store.h"
#include "postrider/client/client.h"
#include "postrider/transport/clock.h"
#include "postrider/transport/loop.h"
#include "postrider/transport/memory_network.h"

namespace postrider::simulation {

// What the network promises and did not keep, in words.
using Findings = std::vector<std::string>;

// How rough it is. Probabilities are per mille.
struct Weather {
  unsigned refused = 0;   // of attempts to connect
  unsigned silent = 0;    // of attempts to connect: no answer ever comes
  unsigned cut = 0;       // of connections: broken at some operation
  unsigned short_io = 0;  // of connections: an octet at a time
  unsigned patience = 0;  // of the archive's replies to RCPT: 450
  unsigned store = 0;     // of writes to a store: it fails

  static Weather calm() { return {}; }
  static Weather rough() { return {100, 20, 250, 50, 150, 30}; }
};

class MailNetwork {
 public:
  explicit MailNetwork(std::uint64_t seed, Weather weather = Weather::rough());
  ~MailNetwork();

  // Until every queue is empty and every user has said what there was to say.
  Findings run();

  // For comparing runs.
  const std::vector<std::string>& history() const noexcept { return history_; }
  std::chrono::seconds took() const;

 private:
  class Agent;
  class Archive;
  struct Mail;

  unsigned roll(unsigned below) { return static_cast<unsigned>(random_() % below); }
  bool happens(unsigned per_mille) { return roll(1000) < per_mille; }
  void note(std::string what);
  void make_mail();
  transport::Task<void> submit(Mail& mail);
  bool step();
  bool over() const;
  Findings judge() const;
  void judge_deadline(const Mail& mail, const std::string& recipient, Findings& out) const;

  std::mt19937_64 random_;
  Weather weather_;
  transport::ManualClock clock_;
  transport::SystemTime begin_;
  std::deque<transport::MemoryScript> scripts_;
  transport::Loop loop_;
  transport::MemoryNetwork network_;
  std::vector<std::string> history_;
  std::unique_ptr<Archive> archive_;
  std::vector<std::unique_ptr<Agent>> agents_;
  std::deque<Mail> mails_;
  std::size_t submitting_ = 0;
};

}  // namespace postrider::simulation
