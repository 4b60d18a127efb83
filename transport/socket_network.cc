#include "postrider/transport/socket_network.h"

#include <cerrno>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>

#include <absl/cleanup/cleanup.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "postrider/transport/socket_stream.h"

namespace postrider::transport {
namespace {

// Room for any address, seen as the type that the socket calls take.
struct Address {
  ::sockaddr_storage storage{};
  ::socklen_t length = sizeof storage;

  Address() = default;
  explicit Address(const Endpoint& endpoint)
      : length(static_cast<::socklen_t>(endpoint.to_sockaddr(&storage))) {}
  ::sockaddr* pointer() noexcept { return reinterpret_cast<::sockaddr*>(&storage); }
};

void switch_on(int socket, int level, int option) noexcept {
  const int on = 1;
  ::setsockopt(socket, level, option, &on, sizeof on);
}

class SocketListener final : public Listener {
 public:
  SocketListener(Loop& loop, int socket, const Endpoint& local)
      : Listener(loop), loop_(loop), descriptor_(loop.context()), socket_(socket), local_(local) {
    error_code failure;
    descriptor_.assign(socket, failure);
    if (failure) ::close(std::exchange(socket_, -1));  // accept() then says bad_descriptor
  }
  ~SocketListener() override { stop_listening(); }

  StreamResult try_accept() override {
    Address peer;
    const int socket = ::accept4(socket_, peer.pointer(), &peer.length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0) {
      const int number = errno;
      return std::unexpected(number == EAGAIN ? error_code(error::would_block) : system_error(number));
    }
    return std::make_unique<SocketStream>(loop_, socket,
                                          Endpoint::from_sockaddr(peer.pointer(), peer.length));
  }

  Task<error_code> wait_acceptable() override {
    DescriptorWait ready(descriptor_, Descriptor::wait_read);
    const Waited waited = co_await std::move(ready);
    co_return waited.failure;
  }

  const Endpoint& local() const noexcept override { return local_; }

 private:
  void stop_listening() noexcept override {
    if (socket_ < 0) return;
    socket_ = -1;
    error_code ignored;
    descriptor_.close(ignored);
    if (local_.family() == Endpoint::Family::local) ::unlink(local_.path().c_str());
  }

  Loop& loop_;
  Descriptor descriptor_;
  int socket_;
  Endpoint local_;
};

// A socket file outlives the process that made it. It may go when nobody answers behind it.
void remove_stale_socket(const Endpoint& at) {
  const auto probe = open_socket(at);
  if (!probe) return;
  Address address(at);
  const bool refused = ::connect(*probe, address.pointer(), address.length) != 0 && errno == ECONNREFUSED;
  ::close(*probe);
  if (refused) ::unlink(at.path().c_str());
}

error_code bind_to(int socket, const Endpoint& at) {
  Address address(at);
  if (::bind(socket, address.pointer(), address.length) == 0) return {};
  if (errno != EADDRINUSE || at.family() != Endpoint::Family::local) return system_error(errno);
  remove_stale_socket(at);
  return ::bind(socket, address.pointer(), address.length) == 0 ? error_code() : system_error(errno);
}

// The outcome of a connect() that went on in the background.
error_code connection_failure(int socket) noexcept {
  int number = 0;
  ::socklen_t length = sizeof number;
  if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &number, &length) != 0) number = errno;
  return number == 0 ? error_code() : system_error(number);
}

}  // namespace

Task<StreamResult> SocketNetwork::connect(Endpoint to, ConnectOptions options) {
  if (options.stop.stop_requested()) co_return std::unexpected(error_code(error::operation_aborted));
  const auto opened = open_socket(to);
  if (!opened) co_return std::unexpected(opened.error());
  const int socket = *opened;
  absl::Cleanup close_socket = [socket] { ::close(socket); };
  if (options.source) {
    const error_code failure = bind_to(socket, *options.source);
    if (failure) co_return std::unexpected(failure);
  }
  Address address(to);
  if (::connect(socket, address.pointer(), address.length) != 0 && errno != EINPROGRESS) {
    co_return std::unexpected(system_error(errno));
  }
  std::move(close_socket).Cancel();
  auto stream = std::make_unique<SocketStream>(loop_, socket, to);
  stream->expires_at(options.deadline);
  const std::stop_callback on_stop(options.stop, [waiting = stream.get()] { waiting->cancel(); });
  const error_code waited = co_await stream->wait_writable();
  if (waited) co_return std::unexpected(waited);
  const error_code failure = connection_failure(socket);
  if (failure) co_return std::unexpected(failure);
  stream->expires_at(kNever);
  co_return StreamResult(std::move(stream));
}

ListenResult SocketNetwork::listen(const Endpoint& at, const ListenOptions& options) {
  const auto opened = open_socket(at);
  if (!opened) return std::unexpected(opened.error());
  const int socket = *opened;
  absl::Cleanup close_socket = [socket] { ::close(socket); };
  if (at.is_ip()) {
    switch_on(socket, SOL_SOCKET, SO_REUSEADDR);
    if (options.reuse_port) switch_on(socket, SOL_SOCKET, SO_REUSEPORT);
    if (at.family() == Endpoint::Family::ipv6) {
      const int only = options.ipv6_only ? 1 : 0;
      ::setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
    }
  }
  // Linux makes the file of a Unix socket with the mode that the socket itself has.
  if (options.mode && !at.is_ip() && ::fchmod(socket, *options.mode) != 0) {
    return std::unexpected(system_error(errno));
  }
  if (const error_code failure = bind_to(socket, at)) return std::unexpected(failure);
  if (::listen(socket, options.backlog) != 0) return std::unexpected(system_error(errno));
  std::move(close_socket).Cancel();
  return std::make_unique<SocketListener>(loop_, socket, local_endpoint(socket));
}

}  // namespace postrider::transport
