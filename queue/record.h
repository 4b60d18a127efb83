// A message's envelope as octets: what a spool that writes to a disk keeps.
//
//   const std::string octets = encode(message);
//   const auto message = decode(octets);        // or why it is none
//
// There are two versions: 1, and 2 for messages with a deadline or "TLS-Required: No", which 1 does not know.
// Each message is written as the first that has all of it, so that an older program can read the most of a
// queue.
//
// A record is a version octet, the fields, and a CRC-32C of all that, which finds every flipped bit and
// nearly every other damage. Numbers have 7 bits an octet, the lowest first; texts have their length in
// front. There is one way to write a message: what decodes is what encode() makes of the outcome. A version
// that is not known is refused by name, so that a program from before an upgrade leaves alone what it cannot
// read.
//
// A record is bounded by whoever reads it; decode() takes no more memory than a few times the record.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "postrider/queue/message.h"

namespace postrider::queue {

inline constexpr std::uint8_t kFirstRecordVersion = 1;
inline constexpr std::uint8_t kRecordVersion = 2;

std::string encode(const QueuedMessage& message);

// The error is a line for logs.
std::expected<QueuedMessage, std::string> decode(std::string_view octets);

}  // namespace postrider::queue
