#include "postrider/transport/http/system_addresses.h"

#include <optional>
#include <utility>
#include <vector>

#include <netdb.h>

#include "postrider/transport/signal.h"

namespace postrider::transport {
namespace {

AddressesResult ask_system(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error != 0) return std::unexpected(::gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  std::vector<Endpoint> out;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    const Endpoint endpoint = Endpoint::from_sockaddr(each->ai_addr, each->ai_addrlen);
    if (endpoint.is_ip()) out.push_back(endpoint.with_port(port));
  }
  if (out.empty()) return std::unexpected("has no address");
  return out;
}

}  // namespace

// Shared by the task and the thread, whichever ends first; the result is touched on the loop's thread alone.
struct SystemAddresses::Lookup {
  Lookup(Loop& loop, std::string name, std::uint16_t at) : host(std::move(name)), port(at), answered(loop) {}

  const std::string host;
  const std::uint16_t port;
  Signal answered;
  std::optional<AddressesResult> result;
};

SystemAddresses::~SystemAddresses() {
  for (Worker& each : workers_) each.thread.join();
}

bool SystemAddresses::start(const std::shared_ptr<Lookup>& lookup) {
  workers_.remove_if([](Worker& each) {
    if (!each.ended) return false;
    each.thread.join();
    return true;
  });
  if (workers_.size() >= kMost) return false;
  Worker& worker = workers_.emplace_back();
  worker.thread = std::thread([&loop = loop_, &worker, lookup]() mutable {
    AddressesResult found = ask_system(lookup->host, lookup->port);
    loop.post([shared = std::move(lookup), result = std::move(found)]() mutable {
      shared->result = std::move(result);
      shared->answered.notify();
    });
    worker.ended = true;
  });
  return true;
}

Task<AddressesResult> SystemAddresses::find(std::string host, std::uint16_t port, SteadyTime deadline) {
  const auto lookup = std::make_shared<Lookup>(loop_, std::move(host), port);
  if (!start(lookup)) co_return AddressesResult(std::unexpect, "too many names are being looked up already");
  [[maybe_unused]] const error_code ended = co_await lookup->answered.wait(deadline);
  if (!lookup->result) co_return AddressesResult(std::unexpect, "the system did not answer in time");
  co_return *std::move(lookup->result);
}

}  // namespace postrider::transport
