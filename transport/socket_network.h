// The real network: TCP and Unix sockets.
//
// Sockets never block, and TCP_NODELAY is set at both ends. A Unix socket that nobody listens on any more is
// replaced by listen(); close() removes the socket's file.
#pragma once

#include "postrider/transport/loop.h"
#include "postrider/transport/network.h"

namespace postrider::transport {

class SocketNetwork final : public Network {
 public:
  explicit SocketNetwork(Loop& loop) : loop_(loop) {}

  Task<StreamResult> connect(Endpoint to, ConnectOptions options) override;
  ListenResult listen(const Endpoint& at, const ListenOptions& options) override;

 private:
  Loop& loop_;
};

}  // namespace postrider::transport
