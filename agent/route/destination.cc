#include "postrider/agent/route/destination.h"

#include <algorithm>
#include <optional>

namespace postrider::agent {
namespace {

using Parsed = std::expected<Destination, std::string>;

constexpr std::uint16_t kSmtpPort = 25;
constexpr std::uint16_t kSubmissionsPort = 465;  // RFC 8314 3.3
constexpr std::uint16_t kLmtpPort = 24;          // what the field uses; RFC 2033 assigns none, and forbids 25

// A reply line holds 512 octets with its code and CRLF. RFC 5321 4.5.3.1.5
constexpr std::size_t kLongestReason = 480;

// Takes `prefix` off the front of `text`.
bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

Parsed parse_maildir(std::string_view path) {
  auto parsed = MaildirPath::parse(path);
  if (!parsed) return std::unexpected(parsed.error());
  return ToMaildir{*std::move(parsed)};
}

Parsed parse_reject(std::string_view reason) {
  const bool printable = std::ranges::all_of(reason, [](char c) { return c >= ' ' && c <= '~'; });
  if (reason.empty()) return std::unexpected("gives no reason; write reject:REASON");
  if (!printable) return std::unexpected("has a reason that is not printable ASCII");
  if (reason.size() > kLongestReason) return std::unexpected("has a reason too long for one reply line");
  return Reject{std::string(reason)};
}

Parsed parse_mx_port(std::string_view port) {
  const auto where = parse_host_port("mx:" + std::string(port));
  if (!where) return std::unexpected(where.error());
  return ToMx{where->port};
}

std::expected<HostPort, std::string> parse_server(std::string_view text, std::uint16_t default_port) {
  if (text.ends_with('/')) text.remove_suffix(1);  // a URL's empty path
  return parse_host_port(text, default_port);
}

Parsed parse_smart_host(std::string_view text, bool implicit_tls) {
  auto server = parse_server(text, implicit_tls ? kSubmissionsPort : kSmtpPort);
  if (!server) return std::unexpected(server.error());
  return ToSmartHost{*std::move(server), implicit_tls};
}

Parsed parse_lmtp(std::string_view text) {
  auto server = parse_server(text, kLmtpPort);
  if (!server) return std::unexpected(server.error());
  return ToLmtp{*std::move(server)};
}

}  // namespace

std::expected<Destination, std::string> parse_destination(std::string_view text) {
  if (text == "discard") return Discard{};
  if (text == "mx") return ToMx{};
  if (take(text, "maildir:")) return parse_maildir(text);
  if (take(text, "reject:")) return parse_reject(text);
  if (take(text, "mx:")) return parse_mx_port(text);
  if (take(text, "smtp://")) return parse_smart_host(text, false);
  if (take(text, "smtps://")) return parse_smart_host(text, true);
  if (take(text, "lmtp://")) return parse_lmtp(text);
  if (take(text, "lmtp+unix:")) {
    if (text.empty()) return std::unexpected("names no socket; write lmtp+unix:/PATH");
    return ToLmtpSocket{std::filesystem::path(text)};
  }
  return std::unexpected(
      "is no destination; write mx, mx:PORT, smtp://HOST:PORT, smtps://HOST:PORT, lmtp://HOST:PORT, "
      "lmtp+unix:/PATH, maildir:PATH, discard or reject:REASON");
}

bool is_relay(const Destination& destination) noexcept {
  return std::holds_alternative<ToMx>(destination) || std::holds_alternative<ToSmartHost>(destination) ||
         std::holds_alternative<ToLmtp>(destination) || std::holds_alternative<ToLmtpSocket>(destination);
}

std::string line_of(const Destination& destination, std::string_view domain) {
  struct Writer {
    std::string operator()(const ToMaildir&) const { return std::string(kMaildirLine); }
    std::string operator()(const Discard&) const { return "discard"; }
    std::string operator()(const Reject&) const { return "reject"; }
    std::string operator()(const ToMx& mx) const {
      std::string out = "mx:" + std::string(domain);
      std::ranges::transform(out, out.begin(),
                             [](char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
      return mx.port == kSmtpPort ? out : out + ":" + std::to_string(mx.port);
    }
    std::string operator()(const ToSmartHost& to) const {
      return (to.implicit_tls ? "smtps://" : "smtp://") + to_text(to.server);
    }
    std::string operator()(const ToLmtp& to) const { return "lmtp://" + to_text(to.server); }
    std::string operator()(const ToLmtpSocket& to) const { return "lmtp+unix:" + to.socket.string(); }

    std::string_view domain;
  };
  return std::visit(Writer{domain}, destination);
}

}  // namespace postrider::agent
