// Delivery of one message to the recipients of one domain: finds the hosts that take its mail, and tries them
// until every recipient has an answer.
//
//   MxDelivery delivery(loop, network, resolver, options);
//   const MxReport report = co_await delivery.deliver(*MailDomain::parse("example.org"), envelope, message);
//   for (const MxRecipient& each : report.recipients) …
//
// MX records (RFC 5321 5.1), then host by host: addresses, TLSA records and MTA-STS where they count, the
// decision about TLS, a connection to whichever address answers first, and the session. Another host is
// tried after what may be the fault of that host alone: it cannot be reached, turns the connection away, does
// not do the TLS that is needed, or says so by a reply that protocol's Decision reads as try_next_host. What
// a host says about a recipient is kept: no other one is asked after a refusal, and never after a message
// whose verdict is missing, which may be delivered already. Where TLS is welcome and not needed, and does not
// come about, the same host is tried once more in clear (RFC 7435).
//
// A host to which the pool has no connection free is passed over for the others, and waited for only when
// these have failed, since what keeps it busy may last as long as the delivery may.
//
// With no host left, recipients without a verdict are retried later unless every host has turned them away
// for good. Ends by MxOptions::total, with two exceptions: the wait for the verdict on a whole message, and
// QUIT where there is no pool.
//
// One object serves any number of deliveries at the same time. It belongs to one loop, and outlives every
// Task of it, as do what it was made of and what it is handed.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "postrider/client/config.h"
#include "postrider/client/envelope.h"
#include "postrider/client/message_source.h"
#include "postrider/client/mx_report.h"
#include "postrider/client/pool.h"
#include "postrider/client/sts_source.h"
#include "postrider/client/tls_decision.h"
#include "postrider/resolver/mail_domain.h"
#include "postrider/resolver/mx_selection.h"
#include "postrider/resolver/resolver.h"
#include "postrider/transport/network.h"

namespace postrider::client {

struct MxOptions {
  MxOptions() = default;

  // Whom to greet as, timeouts, limits, the transcript, and tls.context. What else stands in its `tls`, its
  // `source` and its `login` does not count.
  ClientConfig client;
  std::uint16_t port = 25;
  TlsLevel level = TlsLevel::opportunistic;
  resolver::Families families = resolver::Families::both;
  std::optional<transport::Endpoint> source_ipv4;  // the local address to connect from
  std::optional<transport::Endpoint> source_ipv6;
  std::vector<resolver::DomainName> own_names;  // ours among the MX records: RFC 5321 5.1
  std::uint64_t seed = 0;                       // of the order of hosts with the same preference

  transport::Duration total = std::chrono::minutes(10);   // everything but the verdict
  transport::Duration lookup = std::chrono::seconds(30);  // all lookups for one host, or for the domain
  transport::Duration attempt_delay = std::chrono::milliseconds(250);  // see connector.h
  // For a seat of the pool, while there is another host to try; twice as long in each later round over those
  // that had none.
  transport::Duration seat = std::chrono::seconds(5);

  // Once it is requested, from the loop's thread, what has no connection yet ends, and no other host is
  // tried; sessions go on. Whoever stops a delivery requests this as well.
  std::stop_token halt;
  ConnectionPool* pool = nullptr;  // none: every delivery has a connection of its own
  StsSource* sts = nullptr;        // none: no policies
  std::function<TlsDecision(const TlsInputs&)> decide = decide_tls;
};

// A smart host: where mail goes whatever the recipients' domains say.
struct FixedHost {
  FixedHost(std::string name, std::uint16_t at) : host(std::move(name)), port(at) {}

  std::string host;  // a name or an address, or "unix:/path"
  std::uint16_t port;
  TlsLevel level = TlsLevel::opportunistic;
  bool implicit_tls = false;  // TLS from the first octet, RFC 8314 3.3
  std::shared_ptr<const ClientLogin> login;
};

class MxDelivery {
 public:
  MxDelivery(transport::Loop& loop, transport::Network& network, resolver::Resolver& resolver,
             MxOptions options);

  // All recipients of the envelope are of `domain`. A stop request, from the loop's thread, ends it soon: who
  // has no answer yet is retried later. A lookup under way goes on by itself, and nobody waits for it.
  Task<MxReport> deliver(const resolver::MailDomain& domain, const Envelope& envelope, MessageSource& message,
                         std::stop_token stop = {});
  Task<MxReport> deliver_to(const FixedHost& host, const Envelope& envelope, MessageSource& message,
                            std::stop_token stop = {});

  const MxOptions& options() const noexcept { return options_; }

 private:
  transport::Loop& loop_;
  transport::Network& network_;
  resolver::Resolver& resolver_;
  MxOptions options_;
  std::uint64_t deliveries_ = 0;
};

}  // namespace postrider::client
