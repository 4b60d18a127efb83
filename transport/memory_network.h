// A network inside one process: listeners and connections in memory, for tests and simulations.
//
// Endpoints are only names here. Connecting where nobody listens is refused, a full queue too. `on_dial` may
// say how long an attempt takes and whether it fails, `on_connect` may script the faults of each new
// connection. Everything belongs to one loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "postrider/transport/memory_stream.h"
#include "postrider/transport/network.h"

namespace postrider::transport {

// What becomes of one attempt to connect.
struct MemoryDial {
  Duration takes{};         // Duration::max(): no answer ever comes
  error_code failure = {};  // after that time; none: as the listeners have it then
};

class MemoryNetwork final : public Network {
 public:
  using OnConnect = std::move_only_function<void(MemoryStream& client, MemoryStream& server)>;
  using OnDial = std::move_only_function<MemoryDial(const Endpoint& to)>;

  // The network outlives its listeners.
  explicit MemoryNetwork(Loop& loop, std::size_t capacity = MemoryStream::kCapacity)
      : loop_(loop), capacity_(capacity) {}

  void on_connect(OnConnect hook) { on_connect_ = std::move(hook); }
  void on_dial(OnDial hook) { on_dial_ = std::move(hook); }

  Task<StreamResult> connect(Endpoint to, ConnectOptions options) override;
  ListenResult listen(const Endpoint& at, const ListenOptions& options) override;

 private:
  class MemoryListener;

  StreamResult try_connect(const Endpoint& to, const ConnectOptions& options);

  Loop& loop_;
  std::size_t capacity_;
  OnConnect on_connect_;
  OnDial on_dial_;
  std::map<std::string, MemoryListener*> listeners_;
  std::uint16_t next_port_ = 40000;
};

}  // namespace postrider::transport
