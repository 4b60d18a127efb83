#include "postrider/agent/send/compose.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <random>

#include "postrider/agent/serve/trace_header.h"
#include "postrider/client/message_source.h"
#include "postrider/protocol/grammar/base64.h"

namespace postrider::agent {
namespace {

constexpr std::size_t kLongestLine = 998;  // RFC 5322 2.1.1

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    const auto octet = static_cast<unsigned char>(c);
    return (octet < 0x20 && c != '\t') || octet == 0x7f;
  });
}

// The name of "K: V", or what is wrong. field-name = 1*ftext, RFC 5322 3.6.8
std::expected<std::string_view, std::string> field_name(std::string_view header) {
  const std::size_t colon = header.find(':');
  const std::string_view name = header.substr(0, colon == std::string_view::npos ? 0 : colon);
  const bool good = !name.empty() && std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f; });
  if (!good) return std::unexpected("a header line is 'Name: value'");
  if (has_control(header)) return std::unexpected("a header line has no control characters and no line ends");
  if (header.size() > kLongestLine) return std::unexpected("a header line has at most 998 octets");
  return name;
}

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return lower(x) == lower(y);
  });
}

// Encoded words of whole UTF-8 characters, each at most 75 octets, RFC 2047 2.
std::string encoded_words(std::string_view text) {
  constexpr std::size_t kOctetsInWord = 42;  // 56 in base64, and 12 around them
  std::string out;
  while (!text.empty()) {
    std::size_t size = std::min(text.size(), kOctetsInWord);
    while (size < text.size() && size > 1 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
    if (!out.empty()) out += "\r\n ";
    out += "=?UTF-8?B?";
    protocol::base64_encode(text.substr(0, size), out);
    out += "?=";
    text.remove_prefix(size);
  }
  return out;
}

std::string message_id(const Draft& draft) {
  std::random_device random;
  std::array<char, 40> unique{};
  const auto since =
      std::chrono::duration_cast<std::chrono::milliseconds>(draft.date.time_since_epoch()).count();
  std::snprintf(unique.data(), unique.size(), "%llx.%08x%08x", static_cast<unsigned long long>(since),
                random(), random());
  return "<" + std::string(unique.data()) + "@" + draft.hostname + ">";
}

std::string joined(const std::vector<std::string>& addresses) {
  std::string out;
  for (const std::string& each : addresses) {
    if (!out.empty()) out += ",\r\n ";
    out += each;
  }
  return out;
}

}  // namespace

std::expected<std::string, std::string> header_lines(const std::vector<std::string>& headers) {
  std::string out;
  for (const std::string& each : headers) {
    const auto name = field_name(each);
    if (!name) return std::unexpected(name.error());
    out += each + "\r\n";
  }
  return out;
}

std::expected<std::string, std::string> compose(const Draft& draft) {
  const auto own = header_lines(draft.headers);
  if (!own) return std::unexpected(own.error());
  if (has_control(draft.subject))
    return std::unexpected("a subject has no control characters and no line ends");
  std::string out;
  const auto add = [&](std::string_view name, std::string_view value) {
    const bool replaced = std::ranges::any_of(draft.headers, [&](std::string_view header) {
      return same_name(header.substr(0, header.find(':')), name);
    });
    if (!replaced && !value.empty()) out.append(name).append(": ").append(value).append("\r\n");
  };
  add("Date", mail_date(draft.date));
  add("From", draft.from.empty() ? "postmaster@" + draft.hostname : draft.from);
  add("To", joined(draft.to));
  add("Subject", is_ascii(draft.subject) ? draft.subject : encoded_words(draft.subject));
  add("Message-ID", message_id(draft));
  add("MIME-Version", "1.0");
  add("Content-Type", "text/plain; charset=utf-8");
  add("Content-Transfer-Encoding", is_ascii(draft.body) ? "7bit" : "8bit");
  out += *own + "\r\n" + client::with_crlf(draft.body);
  if (!out.ends_with("\r\n")) out += "\r\n";
  return out;
}

}  // namespace postrider::agent
