#include "postrider/agent/tls_report/report_address.h"

#include <algorithm>

#include "postrider/protocol/grammar/address.h"
#include "postrider/transport/http/http_message.h"

namespace postrider::agent {
namespace {

constexpr std::string_view kVersion = "v=TLSRPTv1";

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// What stands before the next `mark`; takes it and the mark away.
std::string_view take_until(std::string_view& text, char mark) noexcept {
  const std::size_t at = text.find(mark);
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return trimmed(part);
}

int hex(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// RFC 8460 3: "!" and "," inside of an address are percent-encoded.
std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size() || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0) return std::nullopt;
    out += static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
    i += 2;
  }
  return out;
}

bool has_scheme(std::string_view uri, std::string_view scheme) noexcept {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return uri.size() > scheme.size() && std::ranges::equal(uri.substr(0, scheme.size()), scheme, {}, lower);
}

void add(ReportPolicy& policy, std::string_view uri) {
  if (policy.mailboxes.size() + policy.urls.size() >= kMostReportAddresses) return;
  if (has_scheme(uri, "https://")) {
    if (transport::HttpUrl::parse(uri)) policy.urls.emplace_back(uri);
    return;
  }
  constexpr std::string_view kMailto = "mailto:";
  if (!has_scheme(uri, kMailto)) return;
  // Header fields behind a "?" (RFC 6068 2) would be somebody else's words in our mail.
  auto mailbox = decoded(uri.substr(0, uri.find('?')).substr(kMailto.size()));
  if (mailbox && protocol::Mailbox::parse(*mailbox)) policy.mailboxes.push_back(*std::move(mailbox));
}

bool is_of_this_version(std::string_view text) noexcept {
  if (!text.starts_with(kVersion)) return false;
  return trimmed(text.substr(kVersion.size())).starts_with(';');
}

}  // namespace

std::optional<ReportPolicy> parse_report_policy(std::string_view text) {
  if (!is_of_this_version(text)) return std::nullopt;
  take_until(text, ';');
  ReportPolicy policy;
  while (!text.empty()) {
    std::string_view value = take_until(text, ';');
    if (take_until(value, '=') != "rua") continue;
    while (!value.empty()) add(policy, take_until(value, ','));
    break;
  }
  if (policy.mailboxes.empty() && policy.urls.empty()) return std::nullopt;
  return policy;
}

std::optional<ReportPolicy> choose_report_policy(const std::vector<std::string>& texts) {
  // RFC 8460 3: other records are discarded; when not exactly one is left, there is no policy.
  if (std::ranges::count_if(texts, is_of_this_version) != 1) return std::nullopt;
  return parse_report_policy(*std::ranges::find_if(texts, is_of_this_version));
}

}  // namespace postrider::agent
