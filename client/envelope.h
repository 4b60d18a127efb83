// Who sends and who receives a message, with their ESMTP parameters: what MAIL and RCPT will say.
//
//   Result<Envelope> envelope = Envelope::from("a@example.org");   // "" or "<>": nobody, for reports
//   Result<void> added = envelope->add("b@example.net");
//
// SIZE, BODY and SMTPUTF8 of the sender are filled in by the client where the message or an address calls for
// them and the server offers them; what is set here already is kept.
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "postrider/protocol/grammar/owned.h"
#include "postrider/transport/clock.h"

namespace postrider::client {

class Envelope {
 public:
  using Sender = protocol::Owned<protocol::Mail>;
  using Recipient = protocol::Owned<protocol::Rcpt>;

  // Errors: those of Mailbox::parse. UTF-8 is allowed (RFC 6531); whether the server takes it shows later.
  static protocol::Result<Envelope> from(std::string_view sender);
  // As a server received it.
  explicit Envelope(Sender sender) : sender_(std::move(sender)) {}

  // A mailbox, or "postmaster" without a domain (RFC 5321 4.1.1.3).
  protocol::Result<void> add(std::string_view recipient);
  void add(Recipient recipient) { recipients_.push_back(std::move(recipient)); }

  // When the time of BY= is over, RFC 2852: MAIL says what is left of it then. Without, BY is said as it is.
  void deliver_until(transport::SteadyTime deadline) noexcept { deadline_ = deadline; }
  std::optional<transport::SteadyTime> deadline() const noexcept { return deadline_; }

  const protocol::Mail& mail() const noexcept { return *sender_; }
  const std::vector<Recipient>& recipients() const noexcept { return recipients_; }

 private:
  Sender sender_;
  std::vector<Recipient> recipients_;
  std::optional<transport::SteadyTime> deadline_;
};

}  // namespace postrider::client
