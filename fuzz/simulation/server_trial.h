// A server with handlers of yours in a simulated world: clients send it mail over a network that breaks, and
// what they were told is compared with what your handlers say they have.
//
//   ServerTrial trial(seed, TrialOptions(), [](Simulator& world) { return
//   std::make_unique<MyHandlers>(world); }); Findings found = trial.run();                                //
//   stuck sessions, sessions without an end for (const TrialMail& mail : trial.mails()) { … }            //
//   against your own books
//
// Or let the trial compare: hand `delivered` to it, which tells how often your side has a message for
// somebody. What was answered 250 must be there (RFC 5321 6.1), what was refused must not, and nothing may be
// there twice unless its client lost the answer and sent it again.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "postrider/fuzz/simulation/simulator.h"
#include "postrider/server/config.h"
#include "postrider/server/handler.h"

namespace postrider::fuzz {

struct TrialOptions {
  FaultPlan faults = FaultPlan::rough();
  server::ServerConfig server;  // the clients use of it what it offers
  unsigned clients = 5;
  unsigned mails = 4;       // of each client at most; it sends one again that got no answer
  unsigned recipients = 4;  // of each mail at most
  // Addresses that mail is for; some of them may be refused.
  std::vector<std::string> addresses = {"a@example.org", "b@example.org", "c@example.org",
                                        "nobody@example.org"};
  std::chrono::hours longest{24};  // virtual
};

// What a client sent, and what it knows of it.
struct TrialMail {
  std::string content;  // distinct from all others
  std::string sender;
  std::vector<std::string> recipients;
  std::vector<std::string> acknowledged;  // of the recipients
  std::vector<std::string> refused;
  unsigned unanswered = 0;  // times that it was sent whole and got no answer
};

class ServerTrial {
 public:
  using MakeHandlers = std::function<std::unique_ptr<server::HandlerFactory>(Simulator& world)>;
  // How many copies of `content` there are for `recipient`.
  using Delivered = std::function<std::size_t(const std::string& content, const std::string& recipient)>;

  ServerTrial(std::uint64_t seed, TrialOptions options, const MakeHandlers& make);
  ~ServerTrial();

  Findings run();
  Findings run(const Delivered& delivered);

  Simulator& world() noexcept { return world_; }
  const std::deque<TrialMail>& mails() const noexcept { return mails_; }
  const std::vector<std::string>& history() const noexcept { return world_.history(); }

 private:
  transport::Task<void> client(unsigned number);
  transport::Task<bool> send(TrialMail& mail);
  TrialMail& make_mail(unsigned client, unsigned number);

  Simulator world_;
  TrialOptions options_;
  std::unique_ptr<server::HandlerFactory> handlers_;
  struct Served;
  std::unique_ptr<Served> served_;
  std::deque<TrialMail> mails_;
  unsigned running_ = 0;
};

}  // namespace postrider::fuzz
