// Where a stream begins or ends: an IPv4 or IPv6 address with a port, or the path of a Unix socket.
//
// A value, compared and hashed by its contents. Text forms: "127.0.0.1:25", "[::1]:25", "[fe80::1%2]:25"
// (numeric scope), "unix:/run/lmtp.sock"; an unnamed Unix socket, such as the client's end of a connection,
// is "unix:". Nothing here resolves names.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

struct sockaddr;

namespace postrider::transport {

class Endpoint {
 public:
  enum class Family : std::uint8_t { unspecified, ipv4, ipv6, local };

  // Longest path of a Unix socket on Linux: sun_path holds 108 octets, one of them for the final NUL.
  static constexpr std::size_t kMaxPath = 107;

  Endpoint() = default;
  static Endpoint ipv4(const std::array<std::uint8_t, 4>& address, std::uint16_t port);
  static Endpoint ipv6(const std::array<std::uint8_t, 16>& address, std::uint16_t port,
                       std::uint32_t scope = 0);
  static Endpoint local(std::string path);

  // Address and port, or "unix:/path". Empty for anything else; a port is required.
  static std::optional<Endpoint> parse(std::string_view text);
  // An address alone ("127.0.0.1", "::1", "[::1]") with the port given apart.
  static std::optional<Endpoint> parse_address(std::string_view address, std::uint16_t port);

  Family family() const noexcept { return family_; }
  bool is_ip() const noexcept { return family_ == Family::ipv4 || family_ == Family::ipv6; }
  bool is_loopback() const noexcept;
  std::uint16_t port() const noexcept { return port_; }
  const std::string& path() const noexcept { return path_; }
  // ipv4: the first four octets, the rest zero. Network order.
  const std::array<std::uint8_t, 16>& address() const noexcept { return address_; }
  std::uint32_t scope() const noexcept { return scope_; }

  Endpoint with_port(std::uint16_t port) const;

  std::string to_string() const;          // the form parse() reads
  std::string address_to_string() const;  // no port, no brackets; a path for Unix sockets

  // To and from the socket interface. `storage` needs room for sockaddr_storage; the result is the length
  // used.
  std::size_t to_sockaddr(void* storage) const noexcept;
  static Endpoint from_sockaddr(const ::sockaddr* address, std::size_t length);

  bool operator==(const Endpoint&) const = default;

  template <typename H>
  friend H AbslHashValue(H state, const Endpoint& endpoint) {
    return H::combine(std::move(state), endpoint.family_, endpoint.port_, endpoint.scope_, endpoint.address_,
                      std::hash<std::string>{}(endpoint.path_));
  }

 private:
  Family family_ = Family::unspecified;
  std::uint16_t port_ = 0;
  std::uint32_t scope_ = 0;
  std::array<std::uint8_t, 16> address_{};
  std::string path_;
};

}  // namespace postrider::transport
