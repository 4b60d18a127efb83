#include "postrider/transport/memory_stream.h"

#include <algorithm>
#include <array>
#include <string>

#include "postrider/transport/signal.h"

namespace postrider::transport {

// One direction.
struct MemoryStream::Pipe {
  Pipe(Loop& loop, std::size_t most) : capacity(most), readable(loop), writable(loop) {}

  std::size_t size() const noexcept { return octets.size() - start; }
  std::size_t room() const noexcept { return capacity - size(); }

  std::size_t take(std::span<char> into) noexcept {
    const std::size_t count = std::min(into.size(), size());
    std::copy_n(octets.data() + start, count, into.data());
    start += count;
    if (start == octets.size()) {
      octets.clear();
      start = 0;
    }
    return count;
  }

  void put(std::string_view more) {
    if (start > octets.size() / 2) {
      octets.erase(0, start);
      start = 0;
    }
    octets.append(more);
  }

  std::string octets;
  std::size_t start = 0;
  std::size_t capacity;
  bool writer_gone = false;
  bool reader_gone = false;
  bool reset = false;  // the reader sees a reset instead of the end
  Signal readable;
  Signal writable;
};

MemoryStream::Pair MemoryStream::make_pair(Loop& loop, std::size_t capacity, const Endpoint& first_local,
                                           const Endpoint& second_local) {
  auto there = std::make_shared<Pipe>(loop, capacity);
  auto back = std::make_shared<Pipe>(loop, capacity);
  Pair pair;
  pair.first.reset(new MemoryStream(loop, back, there, first_local, second_local));
  pair.second.reset(new MemoryStream(loop, there, back, second_local, first_local));
  return pair;
}

MemoryStream::MemoryStream(Loop& loop, std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out,
                           const Endpoint& local, const Endpoint& peer)
    : Stream(loop.deadlines()),
      in_(std::move(in)),
      out_(std::move(out)),
      script_(&no_faults_),
      local_(local),
      peer_(peer) {}

MemoryStream::~MemoryStream() { abort(); }

bool MemoryStream::fails_now() noexcept {
  ++script_->operations;
  if (script_->fail_at == MemoryScript::kNoFailure || script_->operations < script_->fail_at) return false;
  shut(true);
  return true;
}

IoResult MemoryStream::try_read(std::span<char> into) {
  if (fails_now()) return IoResult::failure(script_->failure);
  if (!open_) return IoResult::failure(error::bad_descriptor);
  if (in_->size() == 0) {
    if (in_->reset) return IoResult::failure(error::connection_reset);
    return in_->writer_gone ? IoResult::ended() : IoResult::blocked();
  }
  const std::size_t count = in_->take(into.first(std::min(into.size(), script_->most_read)));
  ++script_->reads;
  in_->writable.notify();
  return IoResult::moved(count);
}

IoResult MemoryStream::try_write(std::span<const std::string_view> pieces) {
  if (fails_now()) return IoResult::failure(script_->failure);
  if (!open_ || out_->writer_gone) return IoResult::failure(error::bad_descriptor);
  if (out_->reader_gone) return IoResult::failure(error::broken_pipe);
  std::size_t left = std::min(out_->room(), script_->most_written);
  std::size_t wanted = 0;
  std::size_t count = 0;
  for (const std::string_view piece : pieces) {
    wanted += piece.size();
    const std::size_t part = std::min(piece.size(), left);
    out_->put(piece.substr(0, part));
    left -= part;
    count += part;
  }
  if (wanted != 0 && count == 0) return IoResult::blocked();
  if (count != 0) {
    ++script_->writes;
    out_->readable.notify();
  }
  return IoResult::moved(count);
}

Task<error_code> MemoryStream::wait_readable() {
  if (fails_now()) co_return script_->failure;
  if (expired()) co_return error::timed_out;
  if (!open_) co_return error::bad_descriptor;
  const std::shared_ptr<Pipe> pipe = in_;
  while (pipe->size() == 0 && !pipe->writer_gone) {
    ++script_->waits;
    const error_code failure = co_await pipe->readable.wait();
    if (failure) co_return why_ended();
  }
  co_return error_code();
}

Task<error_code> MemoryStream::wait_writable() {
  if (fails_now()) co_return script_->failure;
  if (expired()) co_return error::timed_out;
  if (!open_) co_return error::bad_descriptor;
  const std::shared_ptr<Pipe> pipe = out_;
  while (pipe->room() == 0 && !pipe->reader_gone) {
    ++script_->waits;
    const error_code failure = co_await pipe->writable.wait();
    if (failure) co_return why_ended();
  }
  co_return error_code();
}

void MemoryStream::cancel() noexcept {
  in_->readable.cancel();
  out_->writable.cancel();
}

void MemoryStream::finish_writing() noexcept {
  out_->writer_gone = true;
  out_->readable.notify();
}

// A socket that is closed with input unread resets the connection.
void MemoryStream::shut(bool reset) noexcept {
  if (!open_) return;
  open_ = false;
  in_->reader_gone = true;
  out_->reset = reset || in_->size() != 0;
  in_->octets.clear();
  in_->start = 0;
  in_->writable.notify();
  finish_writing();
}

Task<void> MemoryStream::close(Closing how) {
  if (!open_) co_return;
  if (how == Closing::after_peer) {
    finish_writing();
    std::array<char, 256> scratch;
    for (;;) {
      const IoResult result = try_read(scratch);
      if (result.done()) continue;
      if (result.status != IoStatus::would_block) break;
      const error_code failure = co_await wait_readable();
      if (failure) break;
    }
  }
  abort();
}

void MemoryStream::abort() noexcept {
  shut(false);
  cancel();
}

void MemoryStream::reset() noexcept {
  shut(true);
  cancel();
}

}  // namespace postrider::transport
