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
#include <memory>
#include <string>
#include <vector>

#include "postrider/agent/log/log.h"
#include "postrider/agent/maildir/maildir_store.h"
#include "postrider/client/client.h"
#include "postrider/fuzz/simulation/simulator.h"

namespace postrider::simulation {

using fuzz::FaultPlan;
using fuzz::Findings;

// How rough it is, per mille.
struct Weather {
  FaultPlan network;
  unsigned patience = 0;  // of the archive's replies to RCPT: 450
  unsigned store = 0;     // of writes to a store: it fails

  static Weather calm() { return {}; }
  static Weather rough() { return {FaultPlan::rough(), 150, 30}; }
};

class MailNetwork {
 public:
  explicit MailNetwork(std::uint64_t seed, Weather weather = Weather::rough());
  ~MailNetwork();

  // Until every queue is empty and every user has said what there was to say.
  Findings run();

  // For comparing runs.
  const std::vector<std::string>& history() const noexcept { return world_.history(); }

 private:
  class Agent;
  class Archive;
  struct Mail;

  void make_mail();
  transport::Task<void> submit(Mail& mail);
  bool sync();
  bool over() const;
  Findings judge() const;
  void judge_deadline(const Mail& mail, const std::string& recipient, Findings& out) const;

  Weather weather_;
  fuzz::Simulator world_;
  std::unique_ptr<Archive> archive_;
  std::vector<std::unique_ptr<Agent>> agents_;
  std::deque<Mail> mails_;
  std::size_t submitting_ = 0;
};

}  // namespace postrider::simulation
