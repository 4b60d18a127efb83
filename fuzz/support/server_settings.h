// Servers of every kind, chosen by Choices; small limits, so that short inputs reach them.
#pragma once

#include <utility>

#include "postrider/fuzz/support/choices.h"
#include "postrider/fuzz/support/extensions.h"
#include "postrider/protocol/session/server_session.h"

namespace postrider::fuzz {

// Every choice of 0 is a server that offers everything and tolerates nothing.
inline protocol::Capabilities choose_capabilities(Choices& choices) {
  using protocol::Extension;
  protocol::Capabilities offered;
  for (const Extension extension :
       {Extension::pipelining, Extension::eight_bit_mime, Extension::chunking, Extension::binarymime,
        Extension::smtputf8, Extension::dsn, Extension::enhanced_status_codes, Extension::require_tls,
        Extension::mt_priority, Extension::deliver_by, Extension::future_release, Extension::etrn}) {
    if (!choices.once_in(4)) offered.offer(extension);
  }
  if (!choices.once_in(4)) offered.offer_size(4096);
  if (!choices.once_in(4)) {
    offered.offer_mechanism(protocol::Mechanism::plain);
    offered.offer_mechanism("X-OTHER");
  }
  if (!choices.once_in(4)) offered.offer_keyword("XCLIENT", "NAME ADDR");
  if (!choices.once_in(4)) offered.offer_keyword("XTRACE", "");
  return offered;
}

inline protocol::ServerOptions choose_server(Choices& choices) {
  protocol::ServerOptions options;
  options.hostname = "mx.example.org";
  options.flavor = choices.once_in(2) ? protocol::Flavor::lmtp : protocol::Flavor::smtp;
  options.extensions = &extensions();
  options.capabilities_after_tls = choose_capabilities(choices);
  options.capabilities = choose_capabilities(choices);
  if (!choices.once_in(2)) options.capabilities.offer(protocol::Extension::starttls);
  options.limits.command_line = 512 - 8 * choices.below(48);
  options.limits.auth_line = 256 - 8 * choices.below(24);
  options.limits.text_line = 100 - choices.below(90);
  options.limits.message_octets = choices.once_in(3) ? 0 : 4096 - choices.below(4090);
  options.limits.recipients = 8 - choices.below(8);
  options.limits.errors = 16 - choices.below(16);
  options.limits.commands_without_mail = 64 - choices.below(60);
  options.limits.queued_output = 2048 - choices.below(2000);
  for (std::size_t i = 0; i < protocol::kLenienceCount; ++i) {
    if (choices.once_in(4)) options.leniency.allow(static_cast<protocol::Lenience>(i));
  }
  return options;
}

// 220, and at times 554 or 421.
inline protocol::ReplyView choose_greeting(Choices& choices) {
  switch (choices.below(16)) {
    case 14: return {protocol::code::transaction_failed, "No SMTP service here"};
    case 15: return {protocol::code::service_not_available, "Busy"};
    default: return {protocol::code::service_ready, "mx.example.org ESMTP"};
  }
}

}  // namespace postrider::fuzz
