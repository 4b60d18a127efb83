// Where the addresses of a host come from: a seam, since transport resolves no names. resolver/ answers it by
// DNS, an agent by the system, a test by a list.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "postrider/transport/clock.h"
#include "postrider/transport/endpoint.h"
#include "postrider/transport/task.h"

namespace postrider::transport {

// In the order in which to try them, at least one; or, for people, why there is none.
using AddressesResult = std::expected<std::vector<Endpoint>, std::string>;

class HostAddresses {
 public:
  virtual ~HostAddresses() = default;

  // Ends by `deadline`. `host` is a DNS name and no address. The source outlives the Task.
  virtual Task<AddressesResult> find(std::string host, std::uint16_t port, SteadyTime deadline) = 0;
};

// Those that it was given, and no others.
class FixedAddresses final : public HostAddresses {
 public:
  FixedAddresses() = default;

  // The port of `at` does not matter.
  void add(const std::string& host, const Endpoint& at) { hosts_[host].push_back(at); }

  Task<AddressesResult> find(std::string host, std::uint16_t port, SteadyTime /*deadline*/) override {
    co_return look_up(host, port);
  }

 private:
  AddressesResult look_up(const std::string& host, std::uint16_t port) const {
    const auto found = hosts_.find(host);
    if (found == hosts_.end()) return std::unexpected("no address is known");
    std::vector<Endpoint> out;
    for (const Endpoint& each : found->second) out.push_back(each.with_port(port));
    return out;
  }

  std::map<std::string, std::vector<Endpoint>> hosts_;
};

}  // namespace postrider::transport
