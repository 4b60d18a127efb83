#include "postrider/transport/network.h"

#include <cerrno>
#include <chrono>

#include "postrider/transport/loop.h"

namespace postrider::transport {
namespace {

constexpr Duration kRest = std::chrono::milliseconds(100);

bool means_exhausted(const error_code& failure) noexcept {
  switch (failure.value()) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM: return true;
    default: return false;
  }
}

// accept(2) passes on errors of the connection that it took from the queue; the next one may be sound.
bool concerns_one_connection(const error_code& failure) noexcept {
  switch (failure.value()) {
    case ECONNABORTED:
    case ECONNRESET:
    case EPROTO:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EPERM:
    case EINTR: return true;
    default: return false;
  }
}

}  // namespace

Task<StreamResult> Listener::accept() {
  for (;;) {
    if (closed_) co_return std::unexpected(error_code(error::operation_aborted));
    StreamResult accepted = try_accept();
    if (accepted) co_return accepted;
    const error_code why = accepted.error();
    if (why == error::would_block) {
      const error_code failure = co_await wait_acceptable();
      if (failure && !closed_) co_return std::unexpected(failure);
    } else if (means_exhausted(why)) {
      ++exhausted_;
      [[maybe_unused]] const error_code rested = co_await pause_.wait(later(loop_.now(), kRest));
    } else if (!concerns_one_connection(why)) {
      co_return std::unexpected(why);
    }
  }
}

void Listener::close() noexcept {
  if (closed_) return;
  closed_ = true;
  pause_.notify();
  stop_listening();
}

}  // namespace postrider::transport
