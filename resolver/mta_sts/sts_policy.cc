#include "postrider/resolver/mta_sts/sts_policy.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace postrider::resolver {
namespace {

constexpr std::size_t kMaxAgeDigits = 10;  // RFC 8461 3.2, sts-policy-max-age

// A policy file as it is read: every field but mx counts once, RFC 8461 3.2.
struct Fields {
  std::optional<std::string_view> version;
  std::optional<std::string_view> mode;
  std::optional<std::string_view> max_age;
  std::vector<std::string_view> mx;
};

std::string_view trim(std::string_view text) noexcept {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool has_controls(std::string_view text) noexcept {
  return std::ranges::any_of(text, [](char c) { return (c >= '\0' && c < ' ' && c != '\t') || c == '\x7f'; });
}

// Without its line end; lines end with LF or CRLF.
std::string_view take_line(std::string_view& text) noexcept {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::expected<Fields, std::string> split(std::string_view text) {
  Fields fields;
  const auto first = [](std::optional<std::string_view>& field, std::string_view value) {
    if (!field) field = value;
  };
  while (!text.empty()) {
    const std::string_view line = trim(take_line(text));
    if (line.empty()) continue;  // not in the grammar, but in many a file
    if (has_controls(line)) return std::unexpected("has control characters");
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return std::unexpected("has a line without a colon");
    const std::string_view key = line.substr(0, colon);
    const std::string_view value = trim(line.substr(colon + 1));
    if (key == "version") {
      first(fields.version, value);
    } else if (key == "mode") {
      first(fields.mode, value);
    } else if (key == "max_age") {
      first(fields.max_age, value);
    } else if (key == "mx") {
      fields.mx.push_back(value);
    }
  }
  return fields;
}

std::optional<StsMode> read_mode(std::string_view text) noexcept {
  for (const StsMode each : {StsMode::none, StsMode::testing, StsMode::enforce}) {
    if (text == to_string(each)) return each;
  }
  return std::nullopt;
}

std::optional<std::chrono::seconds> read_age(std::string_view text) noexcept {
  if (text.empty() || text.size() > kMaxAgeDigits) return std::nullopt;
  std::int64_t seconds = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    seconds = seconds * 10 + (c - '0');
  }
  return std::min(std::chrono::seconds(seconds), StsPolicy::kMaxAge);
}

bool is_host_name(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

std::optional<StsPattern> read_pattern(std::string_view text) {
  StsPattern pattern;
  pattern.wildcard = text.starts_with("*.");
  if (pattern.wildcard) text.remove_prefix(2);
  if (!is_host_name(text)) return std::nullopt;
  const auto name = DomainName::parse(text);
  if (!name || name->is_root()) return std::nullopt;
  pattern.name = *name;
  return pattern;
}

}  // namespace

std::string_view to_string(StsMode mode) noexcept {
  switch (mode) {
    case StsMode::none: return "none";
    case StsMode::testing: return "testing";
    case StsMode::enforce: return "enforce";
  }
  return "none";
}

bool StsPattern::matches(const DomainName& host) const {
  if (!wildcard) return host == name;
  return !host.is_root() && host.parent() == name;
}

std::string StsPattern::text() const { return (wildcard ? "*." : "") + name.text(); }

std::expected<StsPolicy, std::string> StsPolicy::parse(std::string_view text) {
  if (text.size() > kMaxOctets) return std::unexpected("is larger than 64 KiB");
  const auto fields = split(text);
  if (!fields) return std::unexpected(fields.error());
  if (!fields->version) return std::unexpected("has no version");
  if (*fields->version != "STSv1") return std::unexpected("has a version that is not STSv1");
  if (!fields->mode) return std::unexpected("has no mode");
  if (!fields->max_age) return std::unexpected("has no max_age");
  StsPolicy policy;
  const auto mode = read_mode(*fields->mode);
  if (!mode) return std::unexpected("has a mode that is not enforce, testing or none");
  policy.mode = *mode;
  const auto age = read_age(*fields->max_age);
  if (!age) return std::unexpected("has a max_age that is no number of seconds");
  policy.max_age = *age;
  for (const std::string_view each : fields->mx) {
    auto pattern = read_pattern(each);
    if (!pattern) return std::unexpected("has an mx that is no host name and no *. with a domain");
    policy.mx.push_back(*std::move(pattern));
  }
  if (policy.mx.empty() && policy.mode != StsMode::none) return std::unexpected("lists no mx");
  return policy;
}

std::string StsPolicy::text() const {
  std::string out = "version: STSv1\nmode: ";
  out += to_string(mode);
  out += "\n";
  for (const StsPattern& each : mx) out += "mx: " + each.text() + "\n";
  return out + "max_age: " + std::to_string(max_age.count()) + "\n";
}

bool StsPolicy::lists(const DomainName& host) const {
  return std::ranges::any_of(mx, [&](const StsPattern& each) { return each.matches(host); });
}

StsMatch sts_match(const StsPolicy& policy, const DomainName& host) {
  switch (policy.mode) {
    case StsMode::none: break;
    case StsMode::testing: return policy.lists(host) ? StsMatch::testing_listed : StsMatch::testing_unlisted;
    case StsMode::enforce: return policy.lists(host) ? StsMatch::enforce_listed : StsMatch::enforce_unlisted;
  }
  return StsMatch::no_policy;
}

}  // namespace postrider::resolver
