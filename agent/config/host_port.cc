#include "postrider/agent/config/host_port.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <arpa/inet.h>

namespace postrider::agent {
namespace {

std::expected<std::uint16_t, std::string> parse_port(std::string_view text, PortZero zero) {
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc{} || stop != end || (port == 0 && zero == PortZero::refuse)) {
    return std::unexpected("has no port between 1 and 65535");
  }
  return port;
}

bool is_host_octet(char c) {
  const auto octet = static_cast<unsigned char>(c);
  return octet > ' ' && octet < 0x7f && c != '/' && c != '@' && c != '[' && c != ']';
}

struct Split {
  std::string_view host;
  std::optional<std::string_view> port;
};

std::expected<Split, std::string> split(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return std::unexpected("lacks the closing ']'");
    const std::string_view rest = text.substr(close + 1);
    if (rest.empty()) return Split{text.substr(1, close - 1), std::nullopt};
    if (rest.front() != ':') return std::unexpected("has something other than ':' behind ']'");
    return Split{text.substr(1, close - 1), rest.substr(1)};
  }
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return Split{text, std::nullopt};
  if (text.find(':', colon + 1) != std::string_view::npos) {
    return std::unexpected("has more than one ':'; write an IPv6 address in brackets, \"[::1]:25\"");
  }
  return Split{text.substr(0, colon), text.substr(colon + 1)};
}

}  // namespace

std::expected<HostPort, std::string> parse_host_port(std::string_view text,
                                                     std::optional<std::uint16_t> default_port,
                                                     PortZero zero) {
  const auto parts = split(text);
  if (!parts) return std::unexpected(parts.error());
  if (parts->host.empty()) return std::unexpected("names no host");
  if (!std::ranges::all_of(parts->host, is_host_octet)) {
    return std::unexpected("has an octet that no host name has");
  }
  if (text.front() == '[' && !is_ip_address(parts->host)) {
    return std::unexpected("has no IP address between the brackets");
  }
  HostPort where{std::string(parts->host), 0};
  if (parts->port) {
    const auto port = parse_port(*parts->port, zero);
    if (!port) return std::unexpected(port.error());
    where.port = *port;
  } else if (default_port) {
    where.port = *default_port;
  } else {
    return std::unexpected("names no port; write HOST:PORT");
  }
  return where;
}

std::expected<HostPort, std::string> parse_listen_address(std::string_view text) {
  auto where = parse_host_port(text, std::nullopt, PortZero::allow);
  if (!where) return where;
  if (where->host == "localhost") where->host = "127.0.0.1";
  if (where->host == "*") where->host = "0.0.0.0";
  if (!is_ip_address(where->host)) {
    return std::unexpected("has no IP address to listen on; write for example \"127.0.0.1:2525\"");
  }
  return where;
}

bool is_ip_address(std::string_view text) {
  const std::string terminated(text);
  std::array<unsigned char, 16> octets{};
  return inet_pton(AF_INET, terminated.c_str(), octets.data()) == 1 ||
         inet_pton(AF_INET6, terminated.c_str(), octets.data()) == 1;
}

std::string to_text(const HostPort& where) {
  const bool brackets = where.host.find(':') != std::string::npos;
  return (brackets ? "[" + where.host + "]" : where.host) + ":" + std::to_string(where.port);
}

}  // namespace postrider::agent
