// One connection to a mail server, as a coroutine client: SMTP or LMTP.
//
//   Client client(loop, config);
//   const Outcome<void> started = co_await client.connect(network, endpoint);
//   if (!started) co_return report(started.error());
//   const DeliveryReport report = co_await client.send(envelope, message);
//   co_await client.quit();
//
// send() may be called again and again. It pipelines where it may: MAIL, all RCPTs and DATA leave in one
// write. Recipients are split over several transactions where LIMITS (RFC 9422) or a 452 "too many
// recipients" asks for it; a transaction that ended early is taken back by RSET, in front of the next one.
//
// Every wait has a deadline (timeouts.h). One Task of a client at a time; references that are handed to it
// outlive the Task, and the client does too. cancel() ends it early. Cancelling the Task by Asio's own means
// (a cancellation slot, an awaitable operator) works too and leaves the client useless.
//
// A client belongs to one loop and its thread. Destroying it closes the connection without ceremony.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "postrider/client/config.h"
#include "postrider/client/delivery_report.h"
#include "postrider/client/envelope.h"
#include "postrider/client/message_source.h"
#include "postrider/client/outcome.h"
#include "postrider/protocol/grammar/capabilities.h"
#include "postrider/protocol/grammar/command.h"
#include "postrider/protocol/session/client_session.h"
#include "postrider/transport/loop.h"
#include "postrider/transport/network.h"
#include "postrider/transport/signal.h"

namespace postrider::client {

class Channel;

class Client {
 public:
  // Throws std::invalid_argument when config.hello_name is no domain and no address literal.
  Client(transport::Loop& loop, ClientConfig config);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Connects, reads the greeting and says EHLO, then HELO if the server does not know that, or LHLO; encrypts
  // and logs in as the configuration wants it. After a
  // failure with a reply quit() may still be called; another connect() only after a failure or quit().
  Task<Outcome<void>> connect(transport::Network& network, transport::Endpoint to);
  // The same over a stream that is connected already.
  Task<Outcome<void>> start(std::unique_ptr<transport::Stream> stream);

  // Sends one message. Never throws for what the server or the network does.
  Task<DeliveryReport> send(const Envelope& envelope, MessageSource& message);
  // To some of the envelope's recipients, by their index. The report has a place for every one; those of the
  // others mean nothing.
  Task<DeliveryReport> send_to(const Envelope& envelope, std::vector<std::size_t> recipients,
                               MessageSource& message);

  // RSET, to see whether an idle connection still works.
  Task<Outcome<void>> reset();
  // QUIT, and closes. Waits for the 221 as long as timeouts.quit; errors are of no interest any more.
  Task<void> quit();

  // Ends what is under way with operation_aborted; the client is of no more use.
  void cancel() noexcept;

  // A bound on all waits from the next operation on, beside those of the timeouts; quit() and the wait for
  // the verdict on a message go beyond it. kNever takes it away.
  void expires_at(transport::SteadyTime at) noexcept { expires_at_ = at; }

  // May send() be called with any hope?
  bool usable() const noexcept;
  // MAILMAX of LIMITS, RFC 9422 4: how many transactions are left; nullopt: no limit.
  std::optional<std::uint32_t> transactions_left() const noexcept;
  // Empty before EHLO and after HELO.
  const protocol::Capabilities& capabilities() const noexcept;
  // What TLS has agreed on; nullptr in clear. Until the next connect(), quit() or failure.
  const transport::TlsInfo* tls() const noexcept;
  bool authenticated() const noexcept;
  // What the server said first; empty before.
  const std::optional<protocol::Reply>& greeting() const noexcept { return greeting_; }

 private:
  // Says `command` and waits for its reply.
  Task<Outcome<protocol::Reply>> ask(Phase phase, protocol::Command command);
  Task<Outcome<protocol::Reply>> answer_to(Phase phase, protocol::Result<protocol::CommandId> sent);
  Task<Outcome<void>> greet();
  Task<Outcome<void>> say_hello();
  Task<Outcome<void>> encrypt();
  Task<Outcome<void>> start_tls();
  Task<Outcome<void>> authenticate();
  Failure failed_login(std::string_view why, std::optional<protocol::Reply> reply) const;
  // The next recipients that may share a transaction, taken from `waiting`.
  std::vector<std::size_t> take_group(const Envelope& envelope, std::vector<std::size_t>& waiting);
  bool take_domain(const protocol::Rcpt& rcpt, std::uint32_t most);

  transport::Loop& loop_;
  ClientConfig config_;
  transport::SteadyTime expires_at_ = transport::kNever;
  std::optional<transport::Signal> connecting_;  // while it does: how cancel() reaches it
  std::unique_ptr<Channel> channel_;
  std::optional<protocol::Reply> greeting_;
  std::vector<std::string> domains_;  // of the recipients so far, for RCPTDOMAINMAX
  std::uint32_t transactions_ = 0;    // on this connection
  bool ready_ = false;                // EHLO or its like was accepted
  bool reset_first_ = false;          // the server may still have a transaction open
};

}  // namespace postrider::client
