#include "postrider/agent/send/host_lookup.h"

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "postrider/agent/names/name_service.h"
#include "postrider/protocol/grammar/octets.h"
#include "postrider/transport/http/system_addresses.h"
#include "postrider/transport/socket_network.h"

namespace postrider::agent {
namespace {

using Found = std::expected<std::vector<transport::Endpoint>, SendProblem>;

constexpr std::chrono::seconds kPatience{30};
constexpr std::string_view kAdvice = "; check the name, or give the server's address instead of it";

transport::Task<void> find(transport::Loop& loop, transport::HostAddresses& addresses, const HostPort& server,
                           transport::AddressesResult& found) {
  const transport::SteadyTime until = transport::later(loop.now(), kPatience);
  found = co_await addresses.find(server.host, server.port, until);
  // Nothing that may still be under way is worth waiting for.
  loop.halt();
}

Found run(transport::Loop& loop, transport::HostAddresses& addresses, const HostPort& server,
          std::string_view asked) {
  transport::AddressesResult found;
  loop.spawn(find(loop, addresses, server, found));
  loop.run();
  if (found) return *std::move(found);
  return std::unexpected(SendProblem{
      ExitCode::unavailable, server.host + ": " + found.error() + std::string(asked) + std::string(kAdvice)});
}

Found by_system(const HostPort& server) {
  transport::Loop loop;
  transport::SystemAddresses addresses(loop);
  return run(loop, addresses, server, "");
}

Found by_configuration(const HostPort& server, const Config& config) {
  transport::Loop loop;
  transport::SocketNetwork network(loop);
  resolver::StsStore none("");
  const auto names = NameService::make(loop, network, config, none);
  if (!names) return std::unexpected(SendProblem{ExitCode::configuration, names.error()});
  return run(loop, (*names)->addresses(), server, " (by the configuration's [resolver])");
}

bool is_this_machine(std::string_view host) {
  constexpr std::string_view kName = "localhost";
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.size() < kName.size()) return false;
  const std::string_view end = host.substr(host.size() - kName.size());
  const bool whole = end.size() == host.size() || host[host.size() - kName.size() - 1] == '.';
  return whole && protocol::equal_ignoring_case(end, kName);
}

}  // namespace

Found look_up(const HostPort& server, const Config& config) {
  const auto address = transport::Endpoint::parse_address(server.host, server.port);
  if (address) return std::vector<transport::Endpoint>(1, *address);
  const bool system = config.resolver == ResolverConfig() || is_this_machine(server.host);
  return system ? by_system(server) : by_configuration(server, config);
}

}  // namespace postrider::agent
