// A stream over a connected TCP or Unix socket. Made by SocketNetwork; nobody else needs to know it.
#pragma once

#include <memory>

#include "postrider/transport/descriptor_wait.h"
#include "postrider/transport/loop.h"
#include "postrider/transport/stream.h"

namespace postrider::transport {

class SocketStream final : public Stream {
 public:
  // Takes over `socket`, a connected non-blocking stream socket.
  SocketStream(Loop& loop, int socket, const Endpoint& peer);
  ~SocketStream() override;

  IoResult try_read(std::span<char> into) override;
  IoResult try_write(std::span<const std::string_view> pieces) override;
  Task<error_code> wait_readable() override;
  Task<error_code> wait_writable() override;
  void cancel() noexcept override;
  Task<void> close(Closing how) override;
  void abort() noexcept override;
  void finish_writing() noexcept override;
  void reset() noexcept override;
  const Endpoint& peer() const noexcept override { return peer_; }
  Endpoint local() const override;
  void stand_for(const Endpoint& peer, const Endpoint& local) override;

 private:
  Task<error_code> wait_for(Descriptor::wait_type what);

  Descriptor descriptor_;
  int socket_;  // -1 once closed
  Endpoint peer_;
  std::unique_ptr<const Endpoint> stood_for_;  // what local() says, where a proxy says it
};

// Non-blocking, closed on exec; its number or an error.
std::expected<int, error_code> open_socket(const Endpoint& for_endpoint);
// The endpoint a socket is bound to.
Endpoint local_endpoint(int socket);

}  // namespace postrider::transport
