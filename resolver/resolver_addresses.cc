#include "postrider/resolver/resolver_addresses.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace postrider::resolver {
namespace {

using transport::AddressesResult;
using transport::Endpoint;

Endpoint endpoint(const Address& address, std::uint16_t port) {
  if (address.family == Address::Family::ipv6) return Endpoint::ipv6(address.octets, port);
  std::array<std::uint8_t, 4> octets{};
  std::copy_n(address.octets.begin(), octets.size(), octets.begin());
  return Endpoint::ipv4(octets, port);
}

void append(const Answer& answer, std::uint16_t port, std::vector<Endpoint>& out) {
  const std::vector<Address> found = addresses(answer.records);
  for (std::size_t i = 0; i < std::min(found.size(), ResolverAddresses::kMost); ++i)
    out.push_back(endpoint(found[i], port));
}

}  // namespace

Task<AddressesResult> ResolverAddresses::find(std::string host, std::uint16_t port,
                                              transport::SteadyTime deadline) {
  const std::optional<DomainName> name = DomainName::parse(host);
  if (!name) co_return AddressesResult(std::unexpect, "is no domain name");
  const Answer six = co_await resolver_.lookup(Question(*name, RecordType::aaaa), deadline);
  const Answer four = co_await resolver_.lookup(Question(*name, RecordType::a), deadline);
  std::vector<Endpoint> out;
  append(six, port, out);
  append(four, port, out);
  if (!out.empty()) co_return AddressesResult(std::move(out));
  if (four.outcome == Answer::Outcome::failed) co_return AddressesResult(std::unexpect, four.failure);
  if (six.outcome == Answer::Outcome::failed) co_return AddressesResult(std::unexpect, six.failure);
  co_return AddressesResult(std::unexpect, "has no address");
}

}  // namespace postrider::resolver
