// A server that misbehaves, on a listener: each connection by the next behaviour of a plan.
//
//   HostileServer server(loop, network, options);
//   server.plan({find_behaviour("closes-rcpt"), find_behaviour("early-250")});
//   const auto at = server.listen(*Endpoint::parse("127.0.0.1:0"));
//   ...
//   for (const HostileOutcome& each : server.outcomes()) ...
//
// Without a plan it is polite until the local-part of a sender or recipient is the name of a behaviour:
// `closes-final@example.org` gets what it asks for. `loop` and `network` outlive it, and it outlives the
// loop's tasks.
#pragma once

#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <vector>

#include "postrider/fuzz/hostile/hostile_session.h"
#include "postrider/transport/loop.h"
#include "postrider/transport/network.h"

namespace postrider::fuzz {

class HostileServer {
 public:
  // Outcomes that are kept; older ones are forgotten.
  static constexpr std::size_t kMostOutcomes = 10'000;

  HostileServer(transport::Loop& loop, transport::Network& network, HostileOptions options)
      : loop_(loop), network_(network), options_(std::move(options)) {}

  // One after the other, and from the first again. Empty: options.behaviour, or by address.
  void plan(std::vector<const Behaviour*> behaviours) { plan_ = std::move(behaviours); }
  // Called with the number of a connection, who it is and its behaviour (nullptr: by address).
  using OnBegin = std::function<void(std::size_t, const transport::Endpoint&, const Behaviour*)>;
  void on_begin(OnBegin hook) { on_begin_ = std::move(hook); }
  void on_end(std::function<void(const HostileOutcome&)> hook) { on_end_ = std::move(hook); }

  // Where it listens; port 0 picks one. Once.
  std::expected<transport::Endpoint, transport::error_code> listen(const transport::Endpoint& at);
  // Takes no connection more.
  void stop() noexcept;

  // Of sessions that have ended, in that order.
  const std::vector<HostileOutcome>& outcomes() const noexcept { return outcomes_; }
  std::size_t connections() const noexcept { return connections_; }
  // Sessions that are still going on.
  std::size_t open() const noexcept { return open_; }

 private:
  static Task<void> accept(HostileServer& self);
  static Task<void> serve(HostileServer& self, std::unique_ptr<transport::Stream> stream);

  transport::Loop& loop_;
  transport::Network& network_;
  HostileOptions options_;
  std::vector<const Behaviour*> plan_;
  OnBegin on_begin_;
  std::function<void(const HostileOutcome&)> on_end_;
  std::unique_ptr<transport::Listener> listener_;
  HostileMemory memory_;
  std::vector<HostileOutcome> outcomes_;
  std::size_t connections_ = 0;
  std::size_t open_ = 0;
};

}  // namespace postrider::fuzz
