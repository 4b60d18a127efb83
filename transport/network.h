// The network seam: making connections and accepting them. No names are resolved here.
//
// One Network for each loop. SocketNetwork (socket_network.h) is the real one, MemoryNetwork
// (memory_network.h) lives in one process for tests and simulations.
//
//   auto listener = network.listen(*Endpoint::parse("127.0.0.1:2525"), {});
//   for (;;) {
//     auto accepted = co_await (*listener)->accept();
//     if (!accepted) break;                       // closed
//     loop.spawn(session(std::move(*accepted)));
//   }
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <stop_token>

#include "postrider/transport/endpoint.h"
#include "postrider/transport/signal.h"
#include "postrider/transport/stream.h"

namespace postrider::transport {

using StreamResult = std::expected<std::unique_ptr<Stream>, error_code>;

struct ConnectOptions {
  ConnectOptions() = default;  // not an aggregate: g++ 12 destroys those twice in a co_await expression

  SteadyTime deadline = kNever;    // error::timed_out when it passes
  std::optional<Endpoint> source;  // the local address to use; port 0 for any
  std::stop_token stop;            // a request, from the loop's thread: error::operation_aborted
};

struct ListenOptions {
  ListenOptions() = default;

  int backlog = 4096;
  bool reuse_port =
      false;  // several listeners, one a thread, share the address; the kernel spreads connections
  bool ipv6_only = true;  // "[::]:25" does not take IPv4 as well
  std::optional<unsigned>
      mode;  // of a Unix socket's file from its first moment; the umask takes away from it
};

// Accepts connections until it is closed.
class Listener {
 public:
  explicit Listener(Loop& loop) : loop_(loop), pause_(loop) {}
  virtual ~Listener() = default;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // A connection that is ready, error::would_block when none is, or what accept(2) says.
  virtual StreamResult try_accept() = 0;
  // Until try_accept() is worth while again.
  virtual Task<error_code> wait_acceptable() = 0;

  // The next connection. Connections that died in the queue are passed over; without descriptors or memory
  // left (EMFILE, ENFILE, ENOBUFS, ENOMEM) it rests for a moment instead of spinning, then goes on. An error
  // only after close(), or when the socket is of no more use.
  Task<StreamResult> accept();

  // Stops listening; a pending accept() ends with error::operation_aborted.
  void close() noexcept;

  // Where it listens; the port is the real one when 0 was asked for.
  virtual const Endpoint& local() const noexcept = 0;

  // How often accept() had to rest for want of descriptors or memory.
  std::uint64_t exhausted() const noexcept { return exhausted_; }

 protected:
  virtual void stop_listening() noexcept = 0;

 private:
  Loop& loop_;
  Signal pause_;
  std::uint64_t exhausted_ = 0;
  bool closed_ = false;
};

using ListenResult = std::expected<std::unique_ptr<Listener>, error_code>;

class Network {
 public:
  virtual ~Network() = default;
  virtual Task<StreamResult> connect(Endpoint to, ConnectOptions options) = 0;
  virtual ListenResult listen(const Endpoint& at, const ListenOptions& options) = 0;
};

}  // namespace postrider::transport
