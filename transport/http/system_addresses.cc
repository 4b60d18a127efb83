#include "postrider/transport/http/system_addresses.h"

#include <optional>
#include <utility>
#include <vector>

#include <netdb.h>

#include "postrider/transport/signal.h"

namespace postrider::transport {
namespace {

AddressesResult ask_system(const std::string& host) {
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
    if (endpoint.is_ip()) out.push_back(endpoint);
  }
  if (out.empty()) return std::unexpected("has no address");
  return out;
}

}  // namespace

// Shared by the tasks that wait and the thread, whichever ends last; everything but the host is touched on
// the loop's thread alone.
struct SystemAddresses::Lookup {
  explicit Lookup(std::string name) : host(std::move(name)) {}

  const std::string host;
  std::list<Waiter*> waiting;
  std::optional<AddressesResult> result;
};

struct SystemAddresses::Waiter {
  explicit Waiter(Loop& loop) : signal(loop) {}

  Signal signal;
};

SystemAddresses::~SystemAddresses() {
  for (Worker& each : workers_) each.thread.join();
}

// The lookup under way for this host, or a new one; nullptr when there are too many.
std::shared_ptr<SystemAddresses::Lookup> SystemAddresses::start(const std::string& host) {
  std::erase_if(lookups_, [](const auto& each) { return each.second.expired(); });
  const auto found = lookups_.find(host);
  const std::shared_ptr<Lookup> shared = found != lookups_.end() ? found->second.lock() : nullptr;
  if (shared && !shared->result) return shared;
  workers_.remove_if([](Worker& each) {
    if (!each.ended) return false;
    each.thread.join();
    return true;
  });
  if (workers_.size() >= kMost) return nullptr;
  auto lookup = std::make_shared<Lookup>(host);
  lookups_[host] = lookup;
  Worker& worker = workers_.emplace_back();
  worker.thread = std::thread([&loop = loop_, &worker, held = lookup]() mutable {
    AddressesResult answer = ask_system(held->host);
    loop.post([done = std::move(held), result = std::move(answer)]() mutable {
      done->result = std::move(result);
      for (Waiter* each : done->waiting) each->signal.notify();
    });
    worker.ended = true;
  });
  return lookup;
}

Task<AddressesResult> SystemAddresses::find(std::string host, std::uint16_t port, SteadyTime deadline) {
  const std::shared_ptr<Lookup> lookup = start(host);
  if (!lookup) co_return AddressesResult(std::unexpect, "too many names are being looked up already");
  Waiter waiter(loop_);
  const auto here = lookup->waiting.insert(lookup->waiting.end(), &waiter);
  [[maybe_unused]] const error_code ended = co_await waiter.signal.wait(deadline);
  lookup->waiting.erase(here);
  if (!lookup->result) co_return AddressesResult(std::unexpect, "the system did not answer in time");
  AddressesResult found = *lookup->result;
  if (found) {
    for (Endpoint& each : *found) each = each.with_port(port);
  }
  co_return found;
}

}  // namespace postrider::transport
