// HOST:PORT as the configuration and the command line write it: "127.0.0.1:2525", "[::1]:25",
// "mx.example.org:25".
//
// An IPv6 address stands in brackets, because its colons would be taken for the port's. Ports are 1..65535,
// and 0 only where the caller allows it (a listener whose port the system picks).
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace postrider::agent {

struct HostPort {
  std::string host;  // without brackets
  std::uint16_t port = 0;

  friend bool operator==(const HostPort&, const HostPort&) = default;
};

enum class PortZero : bool { refuse, allow };

// Without `default_port` the port must be written.
std::expected<HostPort, std::string> parse_host_port(std::string_view text,
                                                     std::optional<std::uint16_t> default_port = std::nullopt,
                                                     PortZero zero = PortZero::refuse);

// The address of something to listen on: an IP address, "localhost" (127.0.0.1), or "*" for every IPv4
// address. The host in the result is always an IP address.
std::expected<HostPort, std::string> parse_listen_address(std::string_view text);

bool is_ip_address(std::string_view text);

// With brackets where needed; parses to an equal value.
std::string to_text(const HostPort& where);

}  // namespace postrider::agent
