#include "postrider/transport/endpoint.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace postrider::transport {
namespace {

constexpr std::string_view kUnixPrefix = "unix:";

template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Endpoint> parse_ipv6(std::string_view text, std::uint16_t port) {
  std::uint32_t scope = 0;
  if (const auto percent = text.find('%'); percent != std::string_view::npos) {
    const auto number = parse_number<std::uint32_t>(text.substr(percent + 1));
    if (!number) return std::nullopt;
    scope = *number;
    text = text.substr(0, percent);
  }
  std::array<std::uint8_t, 16> octets;
  if (::inet_pton(AF_INET6, std::string(text).c_str(), octets.data()) != 1) return std::nullopt;
  return Endpoint::ipv6(octets, port, scope);
}

std::optional<Endpoint> parse_ipv4(std::string_view text, std::uint16_t port) {
  std::array<std::uint8_t, 4> octets;
  if (::inet_pton(AF_INET, std::string(text).c_str(), octets.data()) != 1) return std::nullopt;
  return Endpoint::ipv4(octets, port);
}

}  // namespace

Endpoint Endpoint::ipv4(const std::array<std::uint8_t, 4>& address, std::uint16_t port) {
  Endpoint endpoint;
  endpoint.family_ = Family::ipv4;
  endpoint.port_ = port;
  std::ranges::copy(address, endpoint.address_.begin());
  return endpoint;
}

Endpoint Endpoint::ipv6(const std::array<std::uint8_t, 16>& address, std::uint16_t port,
                        std::uint32_t scope) {
  Endpoint endpoint;
  endpoint.family_ = Family::ipv6;
  endpoint.port_ = port;
  endpoint.scope_ = scope;
  endpoint.address_ = address;
  return endpoint;
}

Endpoint Endpoint::local(std::string path) {
  Endpoint endpoint;
  endpoint.family_ = Family::local;
  endpoint.path_ = std::move(path);
  return endpoint;
}

std::optional<Endpoint> Endpoint::parse(std::string_view text) {
  if (text.starts_with(kUnixPrefix)) {
    const auto path = text.substr(kUnixPrefix.size());
    if (path.empty() || path.size() > kMaxPath || path.find('\0') != std::string_view::npos)
      return std::nullopt;
    return local(std::string(path));
  }
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = parse_number<std::uint16_t>(text.substr(colon + 1));
  if (!port) return std::nullopt;
  const auto host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) return parse_ipv6(host.substr(1, host.size() - 2), *port);
  return parse_ipv4(host, *port);
}

std::optional<Endpoint> Endpoint::parse_address(std::string_view address, std::uint16_t port) {
  if (address.starts_with('[') && address.ends_with(']') && address.size() > 2) {
    return parse_ipv6(address.substr(1, address.size() - 2), port);
  }
  if (address.find(':') != std::string_view::npos) return parse_ipv6(address, port);
  return parse_ipv4(address, port);
}

bool Endpoint::is_loopback() const noexcept {
  if (family_ == Family::local) return true;
  if (family_ == Family::ipv4) return address_[0] == 127;
  if (family_ != Family::ipv6) return false;
  return std::all_of(address_.begin(), address_.end() - 1, [](std::uint8_t octet) { return octet == 0; }) &&
         address_[15] == 1;
}

Endpoint Endpoint::with_port(std::uint16_t port) const {
  Endpoint copy = *this;
  copy.port_ = port;
  return copy;
}

std::string Endpoint::address_to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  switch (family_) {
    case Family::unspecified: return {};
    case Family::local: return path_;
    case Family::ipv4: return ::inet_ntop(AF_INET, address_.data(), text.data(), text.size());
    case Family::ipv6: break;
  }
  std::string printed = ::inet_ntop(AF_INET6, address_.data(), text.data(), text.size());
  if (scope_ != 0) printed.append("%").append(std::to_string(scope_));
  return printed;
}

std::string Endpoint::to_string() const {
  std::string text;
  switch (family_) {
    case Family::unspecified: return text;
    case Family::local: return text.append(kUnixPrefix).append(path_);
    case Family::ipv4: text.append(address_to_string()); break;
    case Family::ipv6: text.append("[").append(address_to_string()).append("]"); break;
  }
  return text.append(":").append(std::to_string(port_));
}

std::size_t Endpoint::to_sockaddr(void* storage) const noexcept {
  if (family_ == Family::ipv4) {
    ::sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_port = htons(port_);
    std::memcpy(&out.sin_addr, address_.data(), 4);
    std::memcpy(storage, &out, sizeof out);
    return sizeof out;
  }
  if (family_ == Family::ipv6) {
    ::sockaddr_in6 out{};
    out.sin6_family = AF_INET6;
    out.sin6_port = htons(port_);
    out.sin6_scope_id = scope_;
    std::memcpy(&out.sin6_addr, address_.data(), 16);
    std::memcpy(storage, &out, sizeof out);
    return sizeof out;
  }
  if (family_ == Family::local) {
    ::sockaddr_un out{};
    out.sun_family = AF_UNIX;
    const std::size_t length = std::min(path_.size(), kMaxPath);
    std::memcpy(out.sun_path, path_.data(), length);
    std::memcpy(storage, &out, sizeof out);
    return offsetof(::sockaddr_un, sun_path) + length + 1;
  }
  return 0;
}

Endpoint Endpoint::from_sockaddr(const ::sockaddr* address, std::size_t length) {
  if (length < sizeof(::sa_family_t)) return {};
  if (address->sa_family == AF_INET && length >= sizeof(::sockaddr_in)) {
    ::sockaddr_in in;
    std::memcpy(&in, address, sizeof in);
    std::array<std::uint8_t, 4> octets;
    std::memcpy(octets.data(), &in.sin_addr, 4);
    return ipv4(octets, ntohs(in.sin_port));
  }
  if (address->sa_family == AF_INET6 && length >= sizeof(::sockaddr_in6)) {
    ::sockaddr_in6 in;
    std::memcpy(&in, address, sizeof in);
    std::array<std::uint8_t, 16> octets;
    std::memcpy(octets.data(), &in.sin6_addr, 16);
    return ipv6(octets, ntohs(in.sin6_port), in.sin6_scope_id);
  }
  if (address->sa_family == AF_UNIX) {
    ::sockaddr_un in{};
    std::memcpy(&in, address, std::min(length, sizeof in));
    const std::size_t room = std::min(length, sizeof in) - offsetof(::sockaddr_un, sun_path);
    return local(std::string(in.sun_path, ::strnlen(in.sun_path, room)));
  }
  return {};
}

}  // namespace postrider::transport
