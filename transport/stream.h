// A two-way octet stream: TCP, a Unix socket, memory, or TLS over any of them.
//
// Reading and writing never wait: try_read() and try_write() do what is possible now and say would_block
// otherwise, and waiting is an operation of its own. A server turn (wait, read, answer in one gathered write)
// therefore suspends one coroutine once, and an idle stream holds no buffer.
//
//   for (;;) {
//     const IoResult in = stream.try_read(buffer);
//     if (in.status == IoStatus::would_block) {
//       const error_code failure = co_await stream.wait_readable();
//       if (failure) co_return;
//       continue;
//     }
//     ...
//   }
//
// Deadline: one absolute time for everything that waits, until it is changed (unlike a time-out for each
// operation, it also stops a peer that sends one octet a minute). When it passes, pending waits end with
// error::timed_out, and so does every later one until expires_at() sets a new deadline. try_read() and
// try_write() are not affected. Deadlines are swept in ticks: they fire up to a quarter of a second late,
// never early.
//
// One reader and one writer may wait at the same time. A stream belongs to one loop and its thread. The
// destructor closes without ceremony; destroying a stream while a Task of it is suspended is a programming
// error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "postrider/transport/deadlines.h"
#include "postrider/transport/endpoint.h"
#include "postrider/transport/error.h"
#include "postrider/transport/task.h"

namespace postrider::transport {

enum class IoStatus : std::uint8_t {
  done,         // `octets` moved; at least one when reading, perhaps fewer than given when writing
  would_block,  // nothing moved; wait first
  end,          // reading only: the peer has closed its side
  failed,       // `error` says why; the stream is of no more use
};

struct IoResult {
  IoStatus status = IoStatus::done;
  std::size_t octets = 0;
  error_code error = {};

  static IoResult moved(std::size_t octets) noexcept { return {IoStatus::done, octets, {}}; }
  static IoResult blocked() noexcept { return {IoStatus::would_block, 0, {}}; }
  static IoResult ended() noexcept { return {IoStatus::end, 0, {}}; }
  static IoResult failure(error_code why) noexcept { return {IoStatus::failed, 0, why}; }

  bool done() const noexcept { return status == IoStatus::done; }
};

struct TlsInfo;  // tls/info.h

// How close() parts with the peer.
enum class Closing : std::uint8_t {
  at_once,     // what was written is on its way; do not wait for the peer (after QUIT and 221)
  after_peer,  // close our side, then read and drop until the peer closes too or the deadline passes. After a
               // refusal in the middle of its input: closing with input unread would reset the connection,
               // and the peer might never see our last reply.
};

class Stream : private Deadlines::Entry {
 public:
  explicit Stream(Deadlines& deadlines) noexcept : Deadlines::Entry(deadlines) {}
  virtual ~Stream() = default;

  // Reads what is there, at most `into.size()` octets; `into` is not empty.
  virtual IoResult try_read(std::span<char> into) = 0;
  // Writes the pieces in order as one gathered write, as far as the peer takes them. Empty pieces are
  // allowed.
  virtual IoResult try_write(std::span<const std::string_view> pieces) = 0;

  // Until a try_ call is worth while again (a spurious end is possible). An error: error::timed_out after the
  // deadline, error::operation_aborted after cancel() or abort().
  virtual Task<error_code> wait_readable() = 0;
  virtual Task<error_code> wait_writable() = 0;

  // Ends pending waits with error::operation_aborted; the stream stays usable.
  virtual void cancel() noexcept = 0;

  // Ends the stream politely; the deadline in force bounds it. No other Task of this stream may be pending.
  virtual Task<void> close(Closing how) = 0;
  // Closes at once; pending waits end with error::operation_aborted.
  virtual void abort() noexcept = 0;

  // Ends our side alone: the peer reads what was written, then the end, and may go on sending. Under TLS it
  // is close_notify. Nothing can be written any more. A stream that has no halves does nothing.
  virtual void finish_writing() noexcept {}
  // abort(), but so that the peer sees a reset, whatever was on its way. For those who try out what others
  // make of that.
  virtual void reset() noexcept { abort(); }

  virtual const Endpoint& peer() const noexcept = 0;
  virtual Endpoint local() const = 0;
  // A proxy handed the connection on (proxy_header.h): what peer() and local() say from now on. For streams
  // that a Listener accepted; others ignore it.
  virtual void stand_for(const Endpoint& /*peer*/, const Endpoint& /*local*/) {}

  // What TLS has agreed on; nullptr for a stream in clear. Lives as long as the stream.
  virtual const TlsInfo* tls() const noexcept { return nullptr; }

  void expires_at(SteadyTime at) noexcept {
    expired_ = false;
    set_deadline(at);
  }
  using Deadlines::Entry::deadline;
  bool expired() const noexcept { return expired_; }

  // Waits for input and reads it: never would_block.
  Task<IoResult> read_some(std::span<char> into);
  // Writes everything, trying without a wait first. The pieces and their octets outlive the Task.
  Task<error_code> write_all(std::span<const std::string_view> pieces);
  Task<error_code> write_all(std::string_view octets);

 protected:
  // What a wait that was ended early reports.
  error_code why_ended() const noexcept {
    return expired_ ? error_code(error::timed_out) : error_code(error::operation_aborted);
  }

 private:
  void on_deadline() noexcept final {
    expired_ = true;
    cancel();
  }

  bool expired_ = false;
};

}  // namespace postrider::transport
