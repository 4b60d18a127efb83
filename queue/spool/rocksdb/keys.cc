#include "postrider/queue/spool/rocksdb/keys.h"

#include <utility>

#include "postrider/queue/crc32c.h"
#include "postrider/queue/record.h"

namespace postrider::queue {
namespace {

template <class T>
void put(std::string& out, T number) {
  for (std::size_t shift = 8 * sizeof(T); shift != 0; shift -= 8)
    out.push_back(static_cast<char>(number >> (shift - 8) & 0xff));
}

// `octets` has at least as many as T.
template <class T>
T take(std::string_view& octets) {
  T number = 0;
  for (std::size_t at = 0; at < sizeof(T); ++at)
    number = static_cast<T>(number << 8 | static_cast<unsigned char>(octets[at]));
  octets.remove_prefix(sizeof(T));
  return number;
}

// Negative times go before the others.
constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
constexpr std::size_t kDuePrefix = 16;
constexpr std::size_t kExtentOctets = 12;

}  // namespace

std::string id_key(MessageId id) {
  std::string key;
  put(key, id.value);
  return key;
}

std::optional<MessageId> id_in(std::string_view key) {
  if (key.size() != sizeof(std::uint64_t)) return std::nullopt;
  return MessageId{take<std::uint64_t>(key)};
}

std::string slice_key(MessageId id, std::uint32_t index) {
  std::string key = id_key(id);
  put(key, index);
  return key;
}

std::string due_key(const Consignment& consignment) {
  std::string key;
  key.reserve(kDuePrefix + consignment.destination.size());
  put(key, static_cast<std::uint64_t>(consignment.due.time_since_epoch().count()) ^ kSign);
  put(key, consignment.id.value);
  return key += consignment.destination;
}

std::string due_value(const Consignment& consignment) {
  return std::string(1, static_cast<char>(consignment.priority));
}

std::optional<Consignment> consignment_in(std::string_view key, std::string_view value) {
  if (key.size() < kDuePrefix || value.size() != 1) return std::nullopt;
  Consignment out;
  out.due = Time(Duration(static_cast<std::int64_t>(take<std::uint64_t>(key) ^ kSign)));
  out.id = MessageId{take<std::uint64_t>(key)};
  out.destination = key;
  out.priority = static_cast<std::int8_t>(value.front());
  return out;
}

MessageId id_in_due(std::string_view key) {
  if (key.size() < kDuePrefix) return {};
  key.remove_prefix(sizeof(std::uint64_t));
  return MessageId{take<std::uint64_t>(key)};
}

std::string incoming_key(MessageId id) { return std::string(kIncomingPrefix) + id_key(id); }

std::optional<MessageId> id_in_incoming(std::string_view key) {
  if (!key.starts_with(kIncomingPrefix)) return std::nullopt;
  return id_in(key.substr(kIncomingPrefix.size()));
}

std::string incoming_value(std::uint32_t slices) {
  std::string value;
  put(value, slices);
  return value;
}

std::optional<std::uint32_t> slices_in(std::string_view value) {
  if (value.size() != sizeof(std::uint32_t)) return std::nullopt;
  return take<std::uint32_t>(value);
}

std::string envelope_value(Extent extent, std::string_view record) {
  std::string value;
  value.reserve(kExtentOctets + sizeof(std::uint32_t) + record.size());
  put(value, extent.slices);
  put(value, extent.octets);
  put(value, crc32c(value));
  return value += record;
}

std::expected<StoredEnvelope, std::string> envelope_in(MessageId id, std::string_view value) {
  if (value.size() < kExtentOctets + sizeof(std::uint32_t))
    return std::unexpected("the envelope is too short");
  const std::uint32_t sum = crc32c(value.substr(0, kExtentOctets));
  StoredEnvelope out;
  out.extent.slices = take<std::uint32_t>(value);
  out.extent.octets = take<std::uint64_t>(value);
  if (take<std::uint32_t>(value) != sum) return std::unexpected("the envelope does not have its checksum");
  if (out.extent.slices != out.extent.octets / kSliceOctets + (out.extent.octets % kSliceOctets != 0 ? 1 : 0))
    return std::unexpected("the envelope has as many slices as would be wrong for its octets");
  auto message = decode(value);
  if (!message) return std::unexpected(std::move(message.error()));
  if (message->id != id) return std::unexpected("the record is the one of " + message->id.to_string());
  out.message = std::move(*message);
  return out;
}

std::string damaged_value(std::string_view why, std::string_view envelope) {
  std::string value;
  put(value, static_cast<std::uint32_t>(why.size()));
  value += why;
  return value += envelope;
}

std::string why_in(std::string_view damaged) {
  if (damaged.size() < sizeof(std::uint32_t)) return "damaged";
  const auto size = take<std::uint32_t>(damaged);
  return std::string(damaged.substr(0, size));
}

std::string state_value(SpoolState state) {
  std::string value;
  put(value, state.messages);
  put(value, state.newest.value);
  return value;
}

std::optional<SpoolState> state_in(std::string_view value) {
  if (value.size() != 2 * sizeof(std::uint64_t)) return std::nullopt;
  SpoolState state;
  state.messages = take<std::uint64_t>(value);
  state.newest = MessageId{take<std::uint64_t>(value)};
  return state;
}

}  // namespace postrider::queue
