// The addresses of a host as the system knows them: its hosts file, then its name servers.
//
//   SystemAddresses addresses(loop);
//   HttpClient client(loop, network, addresses, tls);
//
// getaddrinfo(3) blocks and cannot be stopped, so each lookup has a thread, kMost of them at once; more names
// fail. Whoever asks for the same name meanwhile shares the lookup, so that a client which opens several
// connections asks once. A wait ends at its deadline, the thread when the system has answered.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "postrider/transport/http/host_addresses.h"
#include "postrider/transport/loop.h"

namespace postrider::transport {

class SystemAddresses final : public HostAddresses {
 public:
  static constexpr std::size_t kMost = 4;

  // `loop` outlives this.
  explicit SystemAddresses(Loop& loop) : loop_(loop) {}
  // Waits for the threads: as long as the system takes to give a lookup up.
  ~SystemAddresses() override;

  Task<AddressesResult> find(std::string host, std::uint16_t port, SteadyTime deadline) override;

 private:
  struct Lookup;
  struct Waiter;
  struct Worker {
    std::atomic<bool> ended = false;
    std::thread thread;
  };

  std::shared_ptr<Lookup> start(const std::string& host);

  Loop& loop_;
  std::map<std::string, std::weak_ptr<Lookup>> lookups_;  // whose threads are at work
  std::list<Worker> workers_;
};

}  // namespace postrider::transport
