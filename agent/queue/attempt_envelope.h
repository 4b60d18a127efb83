// What an attempt says in MAIL and RCPT to one next hop: the commands that the queue keeps, with what they
// are at this moment.
//
//   const auto envelope = attempt_envelope(attempt, recipients, Hop::relay, Form::as_it_is, loop);
//
// A deadline (RFC 2852) goes along as the time that is left. What asks something of relays alone is not said
// to a mail store (LMTP), where the message has arrived: BY, and REQUIRETLS (RFC 8689 4.4).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "postrider/agent/queue/deliverer.h"
#include "postrider/client/envelope.h"
#include "postrider/transport/loop.h"

namespace postrider::agent {

enum class Hop : std::uint8_t { relay, store };
enum class Form : std::uint8_t { as_it_is, seven_bit };  // of the content

// `recipients` are indexes into attempt.recipients. nullopt: attempt.mail is no MAIL command.
std::optional<client::Envelope> attempt_envelope(const Attempt& attempt,
                                                 const std::vector<std::size_t>& recipients, Hop hop,
                                                 Form form, transport::Loop& loop);

}  // namespace postrider::agent
