// What became of one message over one connection, recipient by recipient.
//
// A report is complete: each recipient of the envelope has a result, in the envelope's order, also when the
// connection broke in the middle. What a server said before that counts: a recipient that it refused stays
// refused, and in LMTP the first of three may be delivered and the others not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "postrider/client/outcome.h"
#include "postrider/protocol/grammar/delivery_decision.h"
#include "postrider/protocol/grammar/extension.h"
#include "postrider/protocol/grammar/reply.h"

namespace postrider::client {

struct RecipientResult {
  // delivered, or what to do next: see Decision.
  protocol::Decision decision = protocol::Decision::try_next_host;
  // What the reply answers, or how far things had come.
  protocol::Stage stage = protocol::Stage::mail;
  // The server's last word on this recipient; nullopt when it said none, and `failure` of the report tells
  // why.
  std::optional<protocol::Reply> reply = {};
  // The reply is ours: the server does not offer what this recipient needs, and was not asked.
  bool local = false;
  // No verdict came after the whole message was sent. See Failure.
  bool may_have_been_delivered = false;

  bool delivered() const noexcept { return decision == protocol::Decision::delivered; }
};

struct DeliveryReport {
  std::vector<RecipientResult> recipients;
  // The connection broke, or the message could not be sent: the client is of no more use unless usable() says
  // otherwise.
  std::optional<Failure> failure;
  // How often MAIL was said: more than once when the recipients had to be split.
  std::uint32_t transactions = 0;
  // Parameters of the envelope that the server does not offer and that were left out, as their RFCs allow:
  // DSN (whoever relays reports "relayed" then, RFC 3461 5.2.2), AUTH=, MT-PRIORITY, BY in mode N, REQUIRETLS
  // of a report.
  protocol::ExtensionSet left_out;

  bool all_delivered() const noexcept;
  // For people, about recipient `index`: the reply, or the failure.
  std::string text(std::size_t index) const;
};

}  // namespace postrider::client
