#include "postrider/agent/route/route_table.h"

#include <algorithm>

#include <absl/hash/hash.h>
#include <absl/strings/string_view.h>

namespace postrider::agent {
namespace {

constexpr std::size_t kLongestDomain = 255;  // RFC 5321 4.5.3.1.2

bool is_label_octet(char c) {
  const auto octet = static_cast<unsigned char>(c);
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         octet >= 0x80;  // RFC 6531 3.3: U-labels
}

bool is_domain(std::string_view text) {
  while (true) {
    const std::size_t dot = text.find('.');
    const std::string_view label = text.substr(0, dot);
    if (label.empty() || !std::ranges::all_of(label, is_label_octet)) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

}  // namespace

std::string flaw_of_domain_pattern(std::string_view pattern) {
  if (pattern == "*") return {};
  if (pattern.empty()) return "is empty";
  if (pattern.size() > kLongestDomain) return "is longer than a domain may be";
  if (pattern.starts_with('[')) {
    return pattern.size() > 2 && pattern.ends_with(']') ? "" : "is no address literal; write \"[192.0.2.1]\"";
  }
  if (pattern.starts_with("*.")) pattern.remove_prefix(2);
  if (pattern.find('*') != std::string_view::npos) {
    return "has a '*' that is neither alone nor a first label; write \"*\" or \"*.example.org\"";
  }
  if (!is_domain(pattern)) return "is no domain";
  return {};
}

std::size_t RouteTable::TransparentHash::operator()(std::string_view text) const noexcept {
  return absl::HashOf(absl::string_view(text.data(), text.size()));
}

RouteTable::RouteTable(std::vector<Route> routes) : routes_(std::move(routes)) {
  for (std::size_t index = 0; index < routes_.size(); ++index) {
    // The routes behind the catch-all are never reached. What stands beside "*" in its own route is still
    // named.
    if (catch_all_) break;
    for (const std::string& written : routes_[index].domains) {
      const std::string pattern = folded(written);
      if (pattern == "*") {
        catch_all_ = index;
      } else if (pattern.starts_with("*.")) {
        below_.try_emplace(pattern.substr(2), index);
      } else {
        exact_.try_emplace(pattern, index);
      }
    }
  }
}

std::optional<RouteTable::Match> RouteTable::find(std::string_view written) const {
  const std::string name = folded(written);
  std::string_view domain = name;
  // The DNS's trailing dot names the same domain.
  if (domain.ends_with('.')) domain.remove_suffix(1);
  std::optional<std::size_t> first;
  const auto consider = [&](const Index& index, std::string_view key) {
    const auto found = index.find(key);
    if (found != index.end() && (!first || found->second < *first)) first = found->second;
  };
  consider(exact_, domain);
  if (!below_.empty() && !domain.starts_with('[')) {
    for (std::size_t dot = domain.find('.'); dot != std::string_view::npos; dot = domain.find('.', dot + 1)) {
      consider(below_, domain.substr(dot + 1));
    }
  }
  if (first) return Match{&routes_[*first].destination, true, *first};
  if (catch_all_) return Match{&routes_[*catch_all_].destination, false, *catch_all_};
  return std::nullopt;
}

std::optional<std::string> RouteTable::postmaster_domain(std::string_view hostname) const {
  const auto own = find(hostname);
  if (own && own->ours) return std::string(hostname);
  for (const Route& route : routes_) {
    for (const std::string& pattern : route.domains) {
      if (pattern.starts_with('*')) continue;
      const auto named = find(pattern);
      if (named && named->ours) return folded(pattern);
    }
  }
  return std::nullopt;
}

}  // namespace postrider::agent
