// How things are called and written in the store: the order of keys is the order of what they stand for.
//
//   envelopes  id                      -> slices, octets and a checksum of both, then a record
//   (queue/record.h) content    id, index of the slice  -> the octets: kSliceOctets, or what is left due due,
//   id, destination    -> priority damaged    id                      -> why, then what the envelope's value
//   was default    "schema", "state", "incoming" and id
//
// Numbers in keys have their highest octet first. Whatever reads refuses what it would not have written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "postrider/queue/spool.h"

namespace postrider::queue {

inline constexpr std::size_t kSliceOctets = std::size_t{64} << 10;
inline constexpr std::string_view kSchemaKey = "schema";
inline constexpr std::string_view kStateKey = "state";
inline constexpr std::string_view kIncomingPrefix = "incoming";

std::string id_key(MessageId id);
std::optional<MessageId> id_in(std::string_view key);

std::string slice_key(MessageId id, std::uint32_t index);

std::string due_key(const Consignment& consignment);
std::string due_value(const Consignment& consignment);
std::optional<Consignment> consignment_in(std::string_view key, std::string_view value);
// Of a key that is one of the due index; 0 otherwise.
MessageId id_in_due(std::string_view key);

// Slices of a message that is not complete; the value says how many there are.
std::string incoming_key(MessageId id);
std::optional<MessageId> id_in_incoming(std::string_view key);
std::string incoming_value(std::uint32_t slices);
std::optional<std::uint32_t> slices_in(std::string_view value);

// How much content there is.
struct Extent {
  std::uint32_t slices = 0;
  std::uint64_t octets = 0;

  // Of the slice at `index`.
  std::size_t slice_octets(std::uint32_t index) const noexcept {
    return index + 1 < slices ? kSliceOctets : octets - std::uint64_t{kSliceOctets} * index;
  }
};

struct StoredEnvelope {
  Extent extent;
  QueuedMessage message;
};

std::string envelope_value(Extent extent, std::string_view record);
std::expected<StoredEnvelope, std::string> envelope_in(MessageId id, std::string_view value);

std::string damaged_value(std::string_view why, std::string_view envelope);
std::string why_in(std::string_view damaged);

// How many messages there are, and the newest id ever.
struct SpoolState {
  std::uint64_t messages = 0;
  MessageId newest;
};
std::string state_value(SpoolState state);
std::optional<SpoolState> state_in(std::string_view value);

}  // namespace postrider::queue
