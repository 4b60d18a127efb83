// The addresses of a host by DNS, for the HTTP client: IPv6 first, RFC 6724 2.1.
//
//   ResolverAddresses addresses(resolver);
//   HttpClient client(loop, network, addresses, tls);
#pragma once

#include <cstdint>
#include <string>

#include "postrider/resolver/resolver.h"
#include "postrider/transport/http/host_addresses.h"

namespace postrider::resolver {

class ResolverAddresses final : public transport::HostAddresses {
 public:
  static constexpr std::size_t kMost = 8;  // of each kind; a name with more is a trick

  // `resolver` outlives this.
  explicit ResolverAddresses(Resolver& resolver) : resolver_(resolver) {}

  Task<transport::AddressesResult> find(std::string host, std::uint16_t port,
                                        transport::SteadyTime deadline) override;

 private:
  Resolver& resolver_;
};

}  // namespace postrider::resolver
