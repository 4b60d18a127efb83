#include "postrider/agent/send/host_lookup.h"

#include <memory>

#include <netdb.h>

namespace postrider::agent {

std::expected<std::vector<transport::Endpoint>, std::string> look_up(const HostPort& server) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(server.host.c_str(), nullptr, &hints, &found);
  if (error != 0) return std::unexpected(server.host + ": " + ::gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  std::vector<transport::Endpoint> out;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    const auto endpoint = transport::Endpoint::from_sockaddr(each->ai_addr, each->ai_addrlen);
    if (endpoint.is_ip()) out.push_back(endpoint.with_port(server.port));
  }
  if (out.empty()) return std::unexpected(server.host + ": no address");
  return out;
}

}  // namespace postrider::agent
