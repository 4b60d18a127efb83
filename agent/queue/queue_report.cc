#include "postrider/agent/queue/queue_report.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "postrider/agent/log/escape.h"
#include "postrider/agent/queue/queue_json.h"

namespace postrider::agent {
namespace {

struct Unit {
  std::int64_t seconds;
  char letter;
};
constexpr std::array<Unit, 4> kUnits{{{86'400, 'd'}, {3'600, 'h'}, {60, 'm'}, {1, 's'}}};

constexpr std::array<EntryState, 5> kStates{EntryState::ready, EntryState::active, EntryState::deferred,
                                            EntryState::held, EntryState::damaged};

// As a log has it, but without the quotes: an address with a space in it is still an address.
std::string visible(std::string_view value) {
  std::string quoted;
  append_text_value(value, quoted);
  if (value.empty() || quoted.front() != '"') return value.empty() ? std::string() : quoted;
  std::string out;
  for (std::size_t at = 1; at + 1 < quoted.size(); ++at) {
    if (quoted[at] == '\\' && (quoted[at + 1] == '"' || quoted[at + 1] == '\\')) ++at;
    out += quoted[at];
  }
  return out;
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(width, text.size()), ' ');
  return text;
}

std::string sender_text(const QueueEntry& entry) {
  return entry.sender.empty() ? std::string("<>") : visible(entry.sender);
}

std::string ago(queue::Time then, queue::Time now) { return duration_text(now - std::min(then, now)); }

std::string attempts_text(std::uint32_t attempts) {
  if (attempts == 0) return "not tried yet";
  return std::to_string(attempts) + (attempts == 1 ? " attempt" : " attempts");
}

std::string when_text(const EntryRecipient& recipient, queue::Time now) {
  std::string out = attempts_text(recipient.attempts);
  switch (recipient.state) {
    case EntryState::active: return out + ", being tried now";
    case EntryState::held: return out + ", held";
    case EntryState::ready: return out + ", due now";
    case EntryState::deferred:
    case EntryState::damaged: break;
  }
  if (!recipient.next_attempt) return out + ", none planned";
  return out + ", next in " + duration_text(*recipient.next_attempt - now);
}

std::string reply_text(const EntryRecipient& recipient) {
  std::string out = visible(recipient.last_reply);
  if (!recipient.last_host.empty()) out += " (" + visible(recipient.last_host) + ")";
  return out;
}

void add(std::string& out, std::string_view name, std::string_view value, std::size_t indent = 0) {
  out.append(indent, ' ');
  out += padded(std::string(name) + ":", 13);
  out.append(value).append("\n");
}

void add_recipient(std::string& out, const EntryRecipient& recipient, queue::Time now) {
  out += "  " + visible(recipient.address) + "\n";
  std::string state = std::string(to_string(recipient.state)) + ", " + when_text(recipient, now);
  if (recipient.next_attempt) state += " (" + utc_text(*recipient.next_attempt) + ")";
  add(out, "state", state, 4);
  add(out, "destination", visible(recipient.destination), 4);
  add(out, "command", visible(recipient.command), 4);
  if (!recipient.original.empty()) add(out, "originally", visible(recipient.original), 4);
  if (!recipient.last_reply.empty()) add(out, "last reply", visible(recipient.last_reply), 4);
  if (!recipient.last_host.empty()) add(out, "from", visible(recipient.last_host), 4);
  if (recipient.delay_reported) add(out, "delay", "reported to the sender", 4);
}

std::string deadline_text(queue::Time at, queue::Time now) {
  return utc_text(at) + (at <= now ? ", is over" : ", in " + duration_text(at - now));
}

}  // namespace

std::string list_text(const QueueEntry& entry, queue::Time now) {
  std::string out = entry.id.to_string() + "  " + padded(std::string(to_string(entry.state)), 8);
  if (entry.state == EntryState::damaged) return out + "  " + visible(entry.why) + "\n";
  out += "  " + padded(size_text(entry.size), 9) + "  " +
         padded(entry.arrived ? ago(*entry.arrived, now) : std::string(), 6) + "  " + sender_text(entry) +
         "\n";
  for (const EntryRecipient& each : entry.recipients) {
    out += "    " + visible(each.address) + "  " + when_text(each, now) + "\n";
    if (!each.last_reply.empty()) out += "        " + reply_text(each) + "\n";
  }
  return out;
}

std::string show_text(const QueueEntry& entry, queue::Time now) {
  std::string out;
  add(out, "id", entry.id.to_string());
  add(out, "state", to_string(entry.state));
  if (entry.state == EntryState::damaged) {
    add(out, "why", visible(entry.why));
    return out;
  }
  add(out, "sender", sender_text(entry));
  add(out, "command", visible(entry.command));
  if (!entry.user.empty()) add(out, "account", visible(entry.user));
  if (entry.report) add(out, "report", "made here, about another message");
  add(out, "size", size_text(entry.size) + " (" + std::to_string(entry.size) + " octets)");
  if (entry.arrived) add(out, "arrived", utc_text(*entry.arrived) + ", " + ago(*entry.arrived, now) + " ago");
  if (entry.expires) add(out, "expires", deadline_text(*entry.expires, now));
  if (entry.deliver_by) {
    add(out, "deliver by",
        deadline_text(*entry.deliver_by, now) +
            (entry.returned_then ? ", is returned then" : ", its sender is told then"));
  }
  if (entry.priority != 0) add(out, "priority", std::to_string(entry.priority));
  out += "recipients:\n";
  for (const EntryRecipient& each : entry.recipients) add_recipient(out, each, now);
  return out;
}

std::string header_text(std::string_view content) {
  std::string out;
  while (!content.empty()) {
    const std::size_t end = content.find("\r\n");
    const std::string_view line = content.substr(0, end);
    if (line.empty()) return out;
    const bool folded = line.front() == ' ' || line.front() == '\t';
    out.append("  ").append(folded ? "  " : "").append(visible(folded ? line.substr(1) : line)).append("\n");
    if (end == std::string_view::npos) return out;
    content.remove_prefix(end + 2);
  }
  return out;
}

void QueueSummary::add(const QueueEntry& entry) noexcept {
  ++states_[static_cast<std::size_t>(entry.state)];
  ++messages_;
  octets_ += entry.size;
}

std::string QueueSummary::text() const {
  if (messages_ == 0) return "the queue is empty";
  std::string out =
      std::to_string(messages_) + (messages_ == 1 ? " message, " : " messages, ") + size_text(octets_);
  std::string_view between = ": ";
  for (const EntryState state : kStates) {
    const std::uint64_t count = states_[static_cast<std::size_t>(state)];
    if (count == 0) continue;
    out.append(between).append(std::to_string(count)).append(" ").append(to_string(state));
    between = ", ";
  }
  return out;
}

std::string duration_text(queue::Duration duration) {
  // What is a moment away is not now.
  std::int64_t rest = std::max<std::int64_t>(std::chrono::ceil<std::chrono::seconds>(duration).count(), 0);
  const auto* unit = kUnits.begin();
  while (rest < unit->seconds && unit->letter != 's') ++unit;
  std::string out = std::to_string(rest / unit->seconds) + unit->letter;
  rest %= unit->seconds;
  if (unit->letter == 'd' || unit->letter == 'h') {
    ++unit;
    if (rest >= unit->seconds) out += std::to_string(rest / unit->seconds) + unit->letter;
  }
  return out;
}

std::string size_text(std::uint64_t octets) {
  if (octets < 1024) return std::to_string(octets) + " B";
  constexpr std::array<const char*, 4> kNames{"KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(octets) / 1024;
  std::size_t name = 0;
  for (; value >= 1024 && name + 1 < kNames.size(); ++name) value /= 1024;
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.1f %s", value, kNames.at(name));
  return text.data();
}

}  // namespace postrider::agent
