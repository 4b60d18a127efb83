// What MxDelivery does with one host. Internal to client.
#pragma once

#include <cstddef>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/client/client.h"
#include "postrider/client/mx_delivery.h"
#include "postrider/client/mx_report.h"
#include "postrider/client/pool.h"

namespace postrider::client {

// One delivery under way; all its hosts work on it.
struct MxState {
  MxState(transport::Loop& in, transport::Network& over, resolver::Resolver& by, const MxOptions& with,
          const Envelope& to, MessageSource& what, std::stop_token until);

  bool stopped() const noexcept { return stop.stop_requested(); }
  bool halted() const noexcept { return stopped() || options.halt.stop_requested(); }
  bool late() const noexcept { return loop.now() >= deadline; }
  bool over() const noexcept { return pending.empty() || halted() || late(); }
  // For what comes before a session.
  std::stop_token before_session() const noexcept {
    return options.halt.stop_possible() ? options.halt : stop;
  }

  // Our word for those who are pending; `temporary`: a later try may do better.
  void say(const MxAttempt& attempt, const protocol::Reply& reply, bool temporary);
  // Nobody is left to be tried: what is pending becomes final.
  void finish();

  transport::Loop& loop;
  transport::Network& network;
  resolver::Resolver& resolver;
  const MxOptions& options;
  const Envelope& envelope;
  MessageSource& message;
  std::stop_token stop;
  transport::SteadyTime deadline;
  MxReport report;
  std::vector<std::size_t> pending;  // recipients without a verdict, by their index
  std::vector<bool> may_improve;     // by recipient: something temporary was in its way
  bool message_used = false;         // has to be rewound
};

// Where to go, and what is known of it beforehand.
struct HostTarget {
  HostTarget() = default;

  std::string name;                            // as it is shown
  resolver::DomainName host;                   // the root when the address is given
  std::vector<transport::Endpoint> addresses;  // given; else they are looked up
  std::uint16_t port = 25;
  TlsLevel level = TlsLevel::opportunistic;
  bool implicit_tls = false;
  std::shared_ptr<const ClientLogin> login;
  resolver::Security way = resolver::Security::indeterminate;
  resolver::DomainName domain;                     // the recipients'
  resolver::DomainName canonical;                  // what it is an alias of; else itself
  std::optional<resolver::DomainName> sts_domain;  // whose MTA-STS policy counts
};

class HostDelivery {
 public:
  // Both outlive it.
  // `patience`: how long it may wait for a seat of the pool.
  HostDelivery(MxState& state, const HostTarget& target, transport::Duration patience)
      : state_(state), target_(target), patience_(patience) {}

  // Tries the host; who has a verdict then is pending no more.
  Task<void> run();
  // Whether it was not tried because no seat became free within the patience.
  bool was_full() const noexcept { return full_; }

 private:
  // What comes after an attempt.
  enum class Next : std::uint8_t {
    host,   // another one
    again,  // this one, on another connection
    clear,  // this one, without TLS
  };

  Task<bool> look_up();
  Task<bool> look_up_policy(transport::SteadyTime by);
  bool decide();
  Task<Next> attempt(ConnectionPool::Reuse reuse);
  Task<bool> get_connection(ConnectionPool::Reuse reuse, MxAttempt& attempt);
  Task<bool> connect(MxAttempt& attempt);
  Task<Next> send(MxAttempt& attempt);
  Task<void> leave(bool usable);

  MxAttempt new_attempt(MxStage reached) const;
  ClientConfig config() const;
  void fail_before_session(MxAttempt attempt, protocol::EnhancedDetail status, std::string why);
  Next on_failed_start(MxAttempt attempt, const Failure& failure);
  Next on_report(MxAttempt& attempt, const DeliveryReport& report, bool reused);
  void take(std::size_t index, const DeliveryReport& report, const MxAttempt& attempt);
  bool may_repeat(std::size_t decided, bool stale);

  MxState& state_;
  const HostTarget& target_;
  transport::Duration patience_;
  bool full_ = false;
  std::vector<transport::Endpoint> addresses_;
  TlsInputs inputs_;
  TlsDecision decision_;
  StsVerdict sts_;
  TlsUse use_ = TlsUse::opportunistic;
  ConnectionPool::Seat seat_;
  std::unique_ptr<transport::Stream> stream_;  // connected, and not begun
  std::unique_ptr<Client> own_;                // without a pool
  Client* client_ = nullptr;
  std::vector<std::size_t> for_next_;  // pending, but not for this host
  int repeated_ = 0;
  bool stale_seen_ = false;
};

}  // namespace postrider::client
