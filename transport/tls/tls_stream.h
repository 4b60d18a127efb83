// An encrypted stream over another one: what stream.h promises, by a TlsEngine.
//
//   auto engine = server_context->engine();
//   auto started = co_await start_tls(loop, std::move(stream), std::move(engine), deadline);
//   if (!started) { log(started.error().text); co_return; }
//   stream = std::move(*started);
//   log(stream->tls()->cipher);
//
// The octets a try_write() takes are encrypted at once and as few records as they need; what the inner stream
// does not take of that is sent as soon as it can, whether or not anybody waits. Not more than 64 KiB are
// held, and nothing while the stream is idle: input is read into a buffer of the loop's pool, and the buffer
// goes back when all of it is used.
//
// The end of input is IoStatus::end after close_notify, and TlsError::truncated when the connection ended
// without: an attacker can cut a connection, but cannot end a session.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "postrider/transport/loop.h"
#include "postrider/transport/stream.h"
#include "postrider/transport/tls/engine.h"
#include "postrider/transport/tls/error.h"
#include "postrider/transport/tls/info.h"

namespace postrider::transport {

class TlsStream final : public Stream {
 public:
  // `inner` has nothing pending; its deadline is taken away, since that of this stream bounds everything.
  TlsStream(Loop& loop, std::unique_ptr<Stream> inner, std::unique_ptr<TlsEngine> engine);
  ~TlsStream() override;

  // Must succeed before anything is read or written. Bounded by the deadline.
  Task<error_code> handshake();

  IoResult try_read(std::span<char> into) override;
  IoResult try_write(std::span<const std::string_view> pieces) override;
  Task<error_code> wait_readable() override;
  Task<error_code> wait_writable() override;
  void cancel() noexcept override;
  // Sends close_notify first. `after_peer` waits for the end of the connection, not for the peer's
  // close_notify.
  Task<void> close(Closing how) override;
  void abort() noexcept override;
  // close_notify; the connection under it stays open in both directions.
  void finish_writing() noexcept override;
  void reset() noexcept override;
  const Endpoint& peer() const noexcept override;
  Endpoint local() const override;
  void stand_for(const Endpoint& peer, const Endpoint& local) override;
  const TlsInfo* tls() const noexcept override;

  // Why TlsError came, in words; empty as long as it did not.
  const std::string& failure() const noexcept;

 private:
  struct Core;

  static Task<void> send_rest(std::shared_ptr<Core> core);
  IoResult fill();
  void flush();
  IoResult fail(error_code why) noexcept;
  Task<error_code> drain();
  TlsEngine::Step take(std::span<const std::string_view> pieces);

  std::shared_ptr<Core> core_;  // shared with the task that sends what is left
  BufferPool::Buffer buffer_;   // ciphertext that the engine has not used yet
  mutable std::unique_ptr<TlsInfo> info_;
  error_code failed_;
  bool established_ = false;
  bool ended_ = false;
};

struct TlsFailure {
  error_code error;  // TlsError::failed, error::timed_out, or what the connection died of
  std::string text;  // "the peer sent the alert unknown_ca (48)"
};
using TlsStart = std::expected<std::unique_ptr<TlsStream>, TlsFailure>;

// Encrypts a connection from here on. Nothing of the peer's may have been read beyond the point where TLS
// begins (RFC 3207 4.2): what was must be treated as an attack by the caller. The deadline stays in force
// until the next is set. After a failure the connection is closed.
Task<TlsStart> start_tls(Loop& loop, std::unique_ptr<Stream> inner, std::unique_ptr<TlsEngine> engine,
                         SteadyTime deadline);

}  // namespace postrider::transport
