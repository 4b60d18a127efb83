#include "postrider/agent/queue/queue_json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <limits>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "postrider/agent/log/json_object.h"

namespace postrider::agent {
namespace {

namespace json = boost::json;

using std::chrono::days;
using std::chrono::milliseconds;

constexpr queue::Time kFirst =
    std::chrono::sys_days(std::chrono::year(0) / std::chrono::January / 1) + milliseconds(0);
constexpr queue::Time kLast =
    std::chrono::sys_days(std::chrono::year(10'000) / std::chrono::January / 1) - milliseconds(1);

void add_time(JsonObject& out, std::string_view key, const std::optional<queue::Time>& time) {
  if (time) {
    out.text(key, utc_text(*time));
  } else {
    out.raw(key, "null");
  }
}

JsonObject list_members(const EntryRecipient& recipient) {
  JsonObject out;
  out.text("address", recipient.address);
  out.text("state", to_string(recipient.state));
  out.number("attempts", recipient.attempts);
  add_time(out, "next_attempt", recipient.next_attempt);
  out.text_or_null("last_reply", recipient.last_reply);
  return out;
}

JsonObject list_members(const QueueEntry& entry) {
  JsonObject out;
  out.text("id", entry.id.to_string());
  if (entry.state == EntryState::damaged) {
    out.raw("sender", "null").raw("size", "null");
  } else {
    out.text("sender", entry.sender).number("size", entry.size);
  }
  add_time(out, "arrived", entry.arrived);
  out.text("state", to_string(entry.state));
  return out;
}

void add_details(JsonObject& out, const QueueEntry& entry) {
  out.text_or_null("why", entry.why);
  out.text_or_null("command", entry.command);
  add_time(out, "expires", entry.expires);
  add_time(out, "deliver_by", entry.deliver_by);
  out.truth("returned_then", entry.returned_then);
  out.raw("priority", std::to_string(entry.priority));
  out.truth("report", entry.report);
  out.text_or_null("account", entry.user);
}

// Reads members; one that is missing or of another type spoils the whole.
class Members {
 public:
  explicit Members(const json::object& object) : object_(object) {}

  bool good() const noexcept { return good_; }
  // null is "".
  std::string text(std::string_view key) {
    const json::value* found = find(key);
    if (found == nullptr || found->is_null()) return {};
    if (!found->is_string()) return spoilt(std::string());
    return std::string(found->get_string());
  }
  // null is 0.
  std::int64_t number(std::string_view key, std::int64_t least, std::int64_t most) {
    const json::value* found = find(key);
    if (found == nullptr || found->is_null()) return 0;
    if (!found->is_int64() || found->get_int64() < least || found->get_int64() > most) {
      return spoilt(std::int64_t{0});
    }
    return found->get_int64();
  }
  bool truth(std::string_view key) {
    const json::value* found = find(key);
    if (found == nullptr) return false;
    return found->is_bool() ? found->get_bool() : spoilt(false);
  }
  std::optional<queue::Time> time(std::string_view key) {
    const std::string written = text(key);
    if (written.empty()) return std::nullopt;
    const auto parsed = parse_utc(written);
    if (!parsed) good_ = false;
    return parsed;
  }
  EntryState state(std::string_view key) {
    const auto parsed = parse_entry_state(text(key));
    return parsed ? *parsed : spoilt(EntryState::ready);
  }
  const json::array* list(std::string_view key) {
    const json::value* found = find(key);
    if (found != nullptr && !found->is_array()) good_ = false;
    return good_ ? &found->get_array() : nullptr;
  }

 private:
  const json::value* find(std::string_view key) {
    const json::value* found = object_.if_contains(json::string_view(key.data(), key.size()));
    if (found == nullptr) good_ = false;
    return found;
  }
  template <class T>
  T spoilt(T value) {
    good_ = false;
    return value;
  }

  const json::object& object_;
  bool good_ = true;
};

}  // namespace

std::string list_json(const QueueEntry& entry) {
  std::vector<std::string> recipients;
  for (const EntryRecipient& each : entry.recipients) recipients.push_back(list_members(each).str());
  return list_members(entry).raw_list("recipients", recipients).str();
}

std::string show_json(const EntryRecipient& recipient) {
  JsonObject out = list_members(recipient);
  out.text_or_null("last_host", recipient.last_host);
  out.text("command", recipient.command);
  out.text_or_null("original", recipient.original);
  out.text("destination", recipient.destination);
  out.truth("delay_reported", recipient.delay_reported);
  return out.str();
}

std::string show_json(const QueueEntry& entry) {
  std::vector<std::string> recipients;
  for (const EntryRecipient& each : entry.recipients) recipients.push_back(show_json(each));
  JsonObject out = list_members(entry);
  add_details(out, entry);
  return out.raw_list("recipients", recipients).str();
}

std::string show_json_without_recipients(const QueueEntry& entry) {
  JsonObject out = list_members(entry);
  add_details(out, entry);
  return out.raw("recipients", "[]").str();
}

std::optional<EntryRecipient> read_recipient(const json::object& object) {
  Members members(object);
  EntryRecipient out;
  out.address = members.text("address");
  out.state = members.state("state");
  out.attempts =
      static_cast<std::uint32_t>(members.number("attempts", 0, std::numeric_limits<std::uint32_t>::max()));
  out.next_attempt = members.time("next_attempt");
  out.last_reply = members.text("last_reply");
  out.last_host = members.text("last_host");
  out.command = members.text("command");
  out.original = members.text("original");
  out.destination = members.text("destination");
  out.delay_reported = members.truth("delay_reported");
  if (!members.good()) return std::nullopt;
  return out;
}

std::optional<QueueEntry> read_entry(const json::object& object) {
  Members members(object);
  QueueEntry out;
  const auto id = queue::MessageId::parse(members.text("id"));
  out.sender = members.text("sender");
  out.size = static_cast<std::uint64_t>(members.number("size", 0, std::numeric_limits<std::int64_t>::max()));
  out.arrived = members.time("arrived");
  out.state = members.state("state");
  out.why = members.text("why");
  out.command = members.text("command");
  out.expires = members.time("expires");
  out.deliver_by = members.time("deliver_by");
  out.returned_then = members.truth("returned_then");
  out.priority = static_cast<int>(members.number("priority", -128, 127));
  out.report = members.truth("report");
  out.user = members.text("account");
  const json::array* recipients = members.list("recipients");
  if (!members.good() || !id) return std::nullopt;
  out.id = *id;
  for (const json::value& each : *recipients) {
    if (!each.is_object()) return std::nullopt;
    auto recipient = read_recipient(each.get_object());
    if (!recipient) return std::nullopt;
    out.recipients.push_back(*std::move(recipient));
  }
  return out;
}

std::string utc_text(queue::Time time) {
  const queue::Time shown = std::clamp(time, kFirst, kLast);
  const auto day = std::chrono::floor<days>(shown);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(shown - day);
  std::array<char, 64> text{};
  const int length = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return std::string(text.data(), static_cast<std::size_t>(std::max(length, 0)));
}

std::optional<queue::Time> parse_utc(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00.000Z";
  if (text.size() != kForm.size()) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kForm[i] == '0' ? !digit : text[i] != kForm[i]) return std::nullopt;
  }
  const auto number = [text](std::size_t at, std::size_t length) {
    int value = 0;
    std::from_chars(text.data() + at, text.data() + at + length, value);
    return value;
  };
  const std::chrono::year_month_day date(std::chrono::year(number(0, 4)),
                                         std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                         std::chrono::day(static_cast<unsigned>(number(8, 2))));
  if (!date.ok() || number(11, 2) > 23 || number(14, 2) > 59 || number(17, 2) > 59) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(number(11, 2)) +
         std::chrono::minutes(number(14, 2)) + std::chrono::seconds(number(17, 2)) +
         milliseconds(number(20, 3));
}

}  // namespace postrider::agent
