#include "postrider/agent/accounts/dovecot_protocol.h"

#include <charconv>
#include <optional>

#include "postrider/protocol/grammar/base64.h"
#include "postrider/protocol/sasl/bounds.h"
#include "postrider/protocol/sasl/prepare.h"

namespace postrider::agent::dovecot {
namespace {

// The next field; the rest of the line stays in `line`.
std::optional<std::string_view> take_field(std::optional<std::string_view>& line) {
  if (!line) return std::nullopt;
  const std::size_t tab = line->find('\t');
  const std::string_view field = line->substr(0, tab);
  line = tab == line->npos ? std::nullopt : std::optional(line->substr(tab + 1));
  return field;
}

std::optional<std::uint32_t> number(std::optional<std::string_view> field) {
  std::uint32_t value = 0;
  if (!field) return std::nullopt;
  const auto [end, error] = std::from_chars(field->data(), field->data() + field->size(), value);
  if (error != std::errc() || end != field->data() + field->size() || field->empty()) return std::nullopt;
  return value;
}

std::optional<std::string> unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\x01') {
      out += text[i];
      continue;
    }
    static constexpr std::string_view kNames = "01trn";
    static constexpr std::string_view kOctets("\0\x01\t\r\n", 5);
    const std::size_t which = i + 1 < text.size() ? kNames.find(text[i + 1]) : kNames.npos;
    if (which == kNames.npos) return std::nullopt;
    out += kOctets[which];
    ++i;
  }
  return out;
}

std::expected<Line, std::string_view> read_mechanism(std::optional<std::string_view> rest) {
  const auto name = take_field(rest);
  if (!name || name->empty()) return std::unexpected("MECH without a name");
  Mechanism mechanism{std::string(*name)};
  while (const auto property = take_field(rest)) {
    if (*property == "anonymous") mechanism.anonymous = true;
    if (*property == "private") mechanism.hidden = true;
  }
  return mechanism;
}

std::expected<Line, std::string_view> read_accepted(std::uint32_t id, std::optional<std::string_view> rest) {
  Accepted accepted{id, {}};
  while (const auto field = take_field(rest)) {
    if (!field->starts_with("user=")) continue;
    const auto user = unescaped(field->substr(5));
    if (!user) return std::unexpected("OK with a malformed user");
    accepted.user = *user;
  }
  if (accepted.user.empty() || accepted.user.size() > protocol::sasl::kMaxName ||
      !protocol::sasl::is_prepared(accepted.user)) {
    return std::unexpected("OK without a user");
  }
  return accepted;
}

}  // namespace

std::expected<Line, std::string_view> parse_line(std::string_view line) {
  std::optional<std::string_view> rest = line;
  const std::string_view verb = *take_field(rest);
  if (verb == "VERSION") {
    const auto major = number(take_field(rest));
    if (!major) return std::unexpected("VERSION without a number");
    return Version{*major};
  }
  if (verb == "MECH") return read_mechanism(rest);
  if (verb == "DONE") return Done{};
  if (verb != "CONT" && verb != "OK" && verb != "FAIL") return Ignored{};
  const auto id = number(take_field(rest));
  if (!id) return std::unexpected("a reply without a number");
  if (verb == "CONT") {
    const std::string_view challenge = take_field(rest).value_or("");
    if (!protocol::is_base64(challenge)) return std::unexpected("CONT without base64");
    return Continue{*id, challenge};
  }
  if (verb == "OK") return read_accepted(*id, rest);
  Refused refused{*id, false};
  while (const auto field = take_field(rest)) {
    if (*field == "temp" || *field == "code=temp_fail") refused.temporary = true;
  }
  return refused;
}

}  // namespace postrider::agent::dovecot
