// A range of IP addresses, "127.0.0.0/8" or "2001:db8::/32"; an address alone is a range of one.
//
// IPv4 is kept in its IPv6-mapped form, so that a peer which arrives over a dual-stack socket as
// ::ffff:127.0.0.1 is in 127.0.0.0/8.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/transport/endpoint.h"

namespace postrider::agent {

using AddressOctets = std::array<std::uint8_t, 16>;

// IPv4 in its mapped form. No scope ("%eth0"), no brackets.
std::optional<AddressOctets> parse_address(std::string_view text);
// Zero octets for what is no IP address.
AddressOctets octets_of(const transport::Endpoint& endpoint);

class Network {
 public:
  // Bits behind the prefix must be zero: "127.0.0.1/8" is more likely a slip than meant as 127.0.0.0/8.
  static std::expected<Network, std::string> parse(std::string_view text);

  bool contains(const AddressOctets& address) const noexcept;

  friend bool operator==(const Network&, const Network&) = default;

 private:
  Network(const AddressOctets& first, unsigned prefix) noexcept : first_(first), prefix_(prefix) {}

  AddressOctets first_;
  unsigned prefix_;  // 0..128, of the mapped form
};

bool contains(const std::vector<Network>& networks, const AddressOctets& address) noexcept;

}  // namespace postrider::agent
