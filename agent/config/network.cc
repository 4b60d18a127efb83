#include "postrider/agent/config/network.h"

#include <algorithm>
#include <charconv>

#include <arpa/inet.h>

namespace postrider::agent {
namespace {

constexpr unsigned kMappedPrefix = 96;  // ::ffff:0:0/96, RFC 4291 2.5.5.2

// Clears all bits behind the first `prefix`.
AddressOctets masked(AddressOctets address, unsigned prefix) noexcept {
  for (unsigned i = 0; i < address.size(); ++i) {
    const unsigned kept = prefix > 8 * i ? std::min(prefix - 8 * i, 8U) : 0;
    address[i] = static_cast<std::uint8_t>(address[i] & (0xff00U >> kept));
  }
  return address;
}

}  // namespace

std::optional<AddressOctets> parse_address(std::string_view text) {
  const std::string terminated(text);
  AddressOctets octets{};
  if (inet_pton(AF_INET6, terminated.c_str(), octets.data()) == 1) return octets;
  octets = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};
  if (inet_pton(AF_INET, terminated.c_str(), octets.data() + kMappedPrefix / 8) == 1) return octets;
  return std::nullopt;
}

AddressOctets octets_of(const transport::Endpoint& endpoint) {
  if (endpoint.family() != transport::Endpoint::Family::ipv4) return endpoint.address();
  AddressOctets mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  std::copy_n(endpoint.address().begin(), 4, mapped.begin() + 12);
  return mapped;
}

std::expected<Network, std::string> Network::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view address_text = text.substr(0, slash);
  const auto address = parse_address(address_text);
  if (!address) return std::unexpected("is no IP address or network; write for example \"127.0.0.0/8\"");
  const bool version4 = address_text.find(':') == std::string_view::npos;
  const unsigned longest = version4 ? 32 : 128;
  unsigned prefix = longest;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const char* const end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, prefix);
    if (error != std::errc{} || stop != end || prefix > longest) {
      return std::unexpected("has no prefix length between 0 and " + std::to_string(longest));
    }
  }
  if (version4) prefix += kMappedPrefix;
  if (masked(*address, prefix) != *address) return std::unexpected("has bits set behind its prefix length");
  return Network(*address, prefix);
}

bool Network::contains(const AddressOctets& address) const noexcept {
  return masked(address, prefix_) == first_;
}

bool contains(const std::vector<Network>& networks, const AddressOctets& address) noexcept {
  return std::ranges::any_of(networks, [&](const Network& network) { return network.contains(address); });
}

}  // namespace postrider::agent
