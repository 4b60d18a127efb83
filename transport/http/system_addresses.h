// The addresses of a host as the system knows them: its hosts file, then its name servers. For the name of a
// DoH server, which cannot be asked for its own.
//
//   SystemAddresses addresses(loop);
//   HttpClient client(loop, network, addresses, tls);
//
// getaddrinfo(3) blocks and cannot be stopped, so each lookup has a thread, kMost of them at once; more fail.
// A lookup ends at its deadline, its thread when the system has answered.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
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
  struct Worker {
    std::atomic<bool> ended = false;
    std::thread thread;
  };

  bool start(const std::shared_ptr<Lookup>& lookup);

  Loop& loop_;
  std::list<Worker> workers_;
};

}  // namespace postrider::transport
