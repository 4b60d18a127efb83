// The listeners of a running agent: opened together, reconfigured in place, stopped together.
//
//   MailAgent agent(loops, services, config);
//   if (auto started = agent.start(); !started) …                 // a port is taken: nothing is open
//   loops.run();                                                   // meanwhile, from another thread:
//   agent.reload(new_config);   agent.stop(std::chrono::seconds(30));
//
// A reload keeps the listeners whose address stays, with their sessions; a session takes up the new routes
// and aliases with its next transaction. Listeners that are gone are drained, new ones are opened; if one
// cannot be, nothing changes at all. What is fixed for the life of the process: threads, state, and the two
// limits on connections.
//
// Any thread may call any method. The agent is destroyed before the loops and after their run() has returned.
#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "postrider/agent/config/config.h"
#include "postrider/agent/serve/listener_policy.h"
#include "postrider/agent/serve/listener_setup.h"
#include "postrider/agent/serve/mail_transaction.h"
#include "postrider/agent/serve/start_failure.h"
#include "postrider/server/server.h"
#include "postrider/transport/loop.h"

namespace postrider::agent {

class MailAgent {
 public:
  // `loops` and `services` outlive the agent. `config` has no listener that this version cannot open.
  MailAgent(transport::Loops& loops, const AgentServices& services, const Config& config);
  ~MailAgent();
  MailAgent(const MailAgent&) = delete;
  MailAgent& operator=(const MailAgent&) = delete;

  std::expected<void, StartFailure> start();
  std::expected<void, StartFailure> reload(const Config& config);

  // The authenticator has other mechanisms than before: sessions that begin are told.
  void offer_again();

  // Idle sessions are told 421 at once; transactions may end until `drain` is over, or until a second call.
  void stop(transport::Duration drain);

  server::Counters counters() const;
  // Where the listeners are, in the order of the configuration, with real ports.
  std::vector<transport::Endpoint> addresses() const;

 private:
  struct Open;

  std::expected<std::unique_ptr<Open>, StartFailure> open(const Config& config, const Listener& listener,
                                                          const Shared& shared);
  Open* find(const HostPort& address);
  void announce(const Open& open, std::string_view event);

  transport::Loops& loops_;
  const AgentServices& services_;
  Config config_;
  server::Admission admission_;
  mutable std::mutex mutex_;  // of all below, and config_
  ListenerContexts tls_;
  std::vector<std::unique_ptr<Open>> open_;
  std::vector<std::unique_ptr<Open>> retired_;  // draining; a server ends with the loops
  bool stopping_ = false;
};

}  // namespace postrider::agent
