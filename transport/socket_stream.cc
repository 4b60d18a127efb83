#include "postrider/transport/socket_stream.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace postrider::transport {
namespace {

constexpr std::size_t kMaxPieces = 16;

// How much of the peer's unread input close() drops before it stops being polite.
constexpr std::size_t kMaxDropped = std::size_t{16} << 20;

IoResult from_errno(int number) noexcept {
  if (number == EAGAIN || number == EWOULDBLOCK) return IoResult::blocked();
  return IoResult::failure(system_error(number));
}

}  // namespace

std::expected<int, error_code> open_socket(const Endpoint& for_endpoint) {
  int family = AF_UNIX;
  if (for_endpoint.family() == Endpoint::Family::ipv4) family = AF_INET;
  if (for_endpoint.family() == Endpoint::Family::ipv6) family = AF_INET6;
  if (for_endpoint.family() == Endpoint::Family::unspecified)
    return std::unexpected(system_error(EAFNOSUPPORT));
  const int socket = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) return std::unexpected(system_error(errno));
  if (family != AF_UNIX) {
    // Replies and groups of commands leave in one write each; Nagle would only hold them back for a delayed
    // ACK.
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  return socket;
}

Endpoint local_endpoint(int socket) {
  ::sockaddr_storage storage{};
  ::socklen_t length = sizeof storage;
  auto* address = reinterpret_cast<::sockaddr*>(&storage);
  if (::getsockname(socket, address, &length) != 0) return {};
  return Endpoint::from_sockaddr(address, length);
}

SocketStream::SocketStream(Loop& loop, int socket, const Endpoint& peer)
    : Stream(loop.deadlines()), descriptor_(loop.context()), socket_(socket), peer_(peer) {
  error_code failure;
  descriptor_.assign(socket, failure);
  if (failure) {
    ::close(socket);
    socket_ = -1;
  }
}

SocketStream::~SocketStream() { abort(); }

IoResult SocketStream::try_read(std::span<char> into) {
  for (;;) {
    const ::ssize_t count = ::recv(socket_, into.data(), into.size(), 0);
    if (count > 0) return IoResult::moved(static_cast<std::size_t>(count));
    if (count == 0) return IoResult::ended();
    if (errno != EINTR) return from_errno(errno);
  }
}

IoResult SocketStream::try_write(std::span<const std::string_view> pieces) {
  std::array<::iovec, kMaxPieces> vectors;
  ::msghdr message{};
  message.msg_iov = vectors.data();
  for (const std::string_view piece : pieces.first(std::min(pieces.size(), kMaxPieces))) {
    if (piece.empty()) continue;
    vectors[message.msg_iovlen++] = {const_cast<char*>(piece.data()), piece.size()};
  }
  if (message.msg_iovlen == 0) return IoResult::moved(0);
  for (;;) {
    // One piece is the rule for replies, and send() has less to look at.
    const ::ssize_t count = message.msg_iovlen == 1
                                ? ::send(socket_, vectors[0].iov_base, vectors[0].iov_len, MSG_NOSIGNAL)
                                : ::sendmsg(socket_, &message, MSG_NOSIGNAL);
    if (count >= 0) return IoResult::moved(static_cast<std::size_t>(count));
    if (errno != EINTR) return from_errno(errno);
  }
}

Task<error_code> SocketStream::wait_readable() { return wait_for(Descriptor::wait_read); }
Task<error_code> SocketStream::wait_writable() { return wait_for(Descriptor::wait_write); }

Task<error_code> SocketStream::wait_for(Descriptor::wait_type what) {
  if (expired()) co_return error::timed_out;
  DescriptorWait ready(descriptor_, what);
  const Waited waited = co_await std::move(ready);
  if (waited.failure == error::operation_aborted) co_return why_ended();
  co_return waited.failure;
}

void SocketStream::cancel() noexcept {
  error_code ignored;
  descriptor_.cancel(ignored);
}

Task<void> SocketStream::close(Closing how) {
  if (socket_ < 0) co_return;
  if (how == Closing::after_peer) {
    ::shutdown(socket_, SHUT_WR);
    std::size_t dropped = 0;
    while (dropped < kMaxDropped) {
      static thread_local std::array<char, 16384> scratch;  // what is read is of no interest to anybody
      const IoResult result = try_read(scratch);
      dropped += result.octets;
      if (result.done()) continue;
      if (result.status != IoStatus::would_block) break;
      const error_code failure = co_await wait_readable();
      if (failure) break;
    }
  }
  abort();
}

void SocketStream::abort() noexcept {
  if (socket_ < 0) return;
  socket_ = -1;
  error_code ignored;
  descriptor_.close(ignored);
}

void SocketStream::finish_writing() noexcept {
  if (socket_ >= 0) ::shutdown(socket_, SHUT_WR);
}

void SocketStream::reset() noexcept {
  if (socket_ < 0) return;
  const ::linger at_once{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  abort();
}

Endpoint SocketStream::local() const { return stood_for_ ? *stood_for_ : local_endpoint(socket_); }

void SocketStream::stand_for(const Endpoint& peer, const Endpoint& local) {
  peer_ = peer;
  stood_for_ = std::make_unique<const Endpoint>(local);
}

}  // namespace postrider::transport
