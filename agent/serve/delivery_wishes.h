// When a message is to be delivered, as its MAIL command asks: MT-PRIORITY (RFC 6710), HOLDFOR or HOLDUNTIL
// (RFC 4865), and BY (RFC 2852).
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "postrider/protocol/grammar/parameters.h"
#include "postrider/protocol/grammar/reply.h"
#include "postrider/queue/message.h"
#include "postrider/transport/clock.h"

namespace postrider::agent {

// The longest that a message is held back; FUTURERELEASE says so.
inline constexpr std::chrono::hours kLongestHold{24 * 7};

struct DeliveryWishes {
  std::int8_t priority = 0;                         // RFC 6710 3: -9 to 9
  std::optional<transport::SystemTime> hold_until;  // nothing is tried before
  std::optional<queue::DeliverBy> deliver_by;
};

// 501 5.5.4: held longer than we offer, until what is no time, or until after it would be returned.
std::expected<DeliveryWishes, protocol::Reply> delivery_wishes(const protocol::MailParameters& parameters,
                                                               transport::SystemTime now);

// What follows FUTURERELEASE in the reply to EHLO, RFC 4865 3: the longest time, and a date that is no limit.
std::string future_release_bounds();

}  // namespace postrider::agent
