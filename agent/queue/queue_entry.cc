#include "postrider/agent/queue/queue_entry.h"

#include <algorithm>
#include <array>

namespace postrider::agent {
namespace {

constexpr std::array<std::string_view, 5> kNames{"ready", "active", "deferred", "held", "damaged"};
// What decides first about a message.
constexpr std::array<EntryState, 3> kRank{EntryState::active, EntryState::ready, EntryState::deferred};

EntryState state_of(const queue::QueuedMessage& message, const queue::QueuedRecipient& recipient,
                    const std::vector<std::string>& active, queue::Time now) {
  if (message.held) return EntryState::held;
  if (std::ranges::find(active, recipient.destination) != active.end()) return EntryState::active;
  return recipient.next_attempt > now ? EntryState::deferred : EntryState::ready;
}

EntryState state_of(const QueueEntry& entry, bool held) {
  if (held) return EntryState::held;
  for (const EntryState rank : kRank) {
    if (std::ranges::find(entry.recipients, rank, &EntryRecipient::state) != entry.recipients.end())
      return rank;
  }
  return EntryState::ready;  // nobody is left to be told: it is about to go
}

EntryRecipient shown(const queue::QueuedRecipient& recipient, EntryState state) {
  EntryRecipient out;
  out.address = queue::address_of(recipient.rcpt);
  out.state = state;
  out.attempts = recipient.attempts;
  const bool planned = state == EntryState::ready || state == EntryState::deferred;
  if (planned && recipient.next_attempt != queue::kNever) out.next_attempt = recipient.next_attempt;
  out.last_reply = recipient.last_reply;
  out.last_host = recipient.last_host;
  out.command = recipient.rcpt;
  out.original = recipient.original;
  out.destination = recipient.destination;
  out.delay_reported = recipient.delay_reported;
  return out;
}

}  // namespace

std::string_view to_string(EntryState state) noexcept { return kNames.at(static_cast<std::size_t>(state)); }

std::optional<EntryState> parse_entry_state(std::string_view name) noexcept {
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<EntryState>(found - kNames.begin());
}

QueueEntry entry_of(const queue::QueuedMessage& message, const std::vector<std::string>& active,
                    queue::Time now) {
  QueueEntry entry;
  entry.id = message.id;
  entry.sender = queue::address_of(message.mail);
  entry.size = message.content.octets;
  entry.arrived = message.arrived;
  for (const queue::QueuedRecipient& each : message.recipients) {
    entry.recipients.push_back(shown(each, state_of(message, each, active, now)));
  }
  entry.state = state_of(entry, message.held);
  entry.command = message.mail;
  if (message.expires != queue::kNever) entry.expires = message.expires;
  if (message.deliver_by) {
    entry.deliver_by = message.deliver_by->at;
    entry.returned_then = message.deliver_by->returns;
  }
  entry.priority = message.priority;
  entry.report = message.report;
  entry.user = message.user;
  return entry;
}

QueueEntry entry_of(const queue::DamagedRecord& record) {
  QueueEntry entry;
  entry.id = record.id;
  entry.state = EntryState::damaged;
  entry.why = record.why;
  return entry;
}

}  // namespace postrider::agent
