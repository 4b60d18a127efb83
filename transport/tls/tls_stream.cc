#include "postrider/transport/tls/tls_stream.h"

#include <algorithm>
#include <utility>

#include "postrider/transport/signal.h"

namespace postrider::transport {
namespace {

// How often one try_read() asks the inner stream, so that a peer who sends records without data cannot keep a
// loop for itself.
constexpr int kMostFills = 8;

// The plaintext of one record, RFC 8446 5.1: what several small pieces are gathered into.
constexpr std::size_t kRecord = BufferPool::octets_of(BufferSize::small);
static_assert(kRecord == 16384);

}  // namespace

// What outlives the stream while a task still sends for it.
struct TlsStream::Core {
  Core(Loop& of, std::unique_ptr<Stream> over, std::unique_ptr<TlsEngine> by)
      : loop(of), inner(std::move(over)), engine(std::move(by)), sent(of) {}

  // Sends as much as the inner stream takes now.
  void send() {
    while (!engine->output().empty() && !write_failure) {
      const std::string_view waiting = engine->output();
      const IoResult result = inner->try_write(std::span(&waiting, 1));
      if (result.status == IoStatus::failed) write_failure = result.error;
      if (!result.done()) break;
      engine->sent(result.octets);
    }
  }

  Loop& loop;
  std::unique_ptr<Stream> inner;
  std::unique_ptr<TlsEngine> engine;
  Signal sent;  // the output is empty again, or will never be
  error_code write_failure;
  bool sending = false;  // the task is at work
  bool open = true;
};

TlsStream::TlsStream(Loop& loop, std::unique_ptr<Stream> inner, std::unique_ptr<TlsEngine> engine)
    : Stream(loop.deadlines()), core_(std::make_shared<Core>(loop, std::move(inner), std::move(engine))) {
  core_->inner->expires_at(kNever);
}

TlsStream::~TlsStream() { abort(); }

Task<void> TlsStream::send_rest(std::shared_ptr<Core> core) {
  while (core->open && !core->write_failure && !core->engine->output().empty()) {
    const error_code failure = co_await core->inner->wait_writable();
    if (!core->open) break;
    // cancel() of the stream ends the wait of its user, not this one.
    if (failure && failure != error::operation_aborted) core->write_failure = failure;
    if (!failure) core->send();
  }
  core->sending = false;
  core->sent.notify();
}

IoResult TlsStream::fail(error_code why) noexcept {
  if (!failed_) failed_ = why;
  buffer_.release();
  return IoResult::failure(failed_);
}

// Gives the engine what has arrived.
IoResult TlsStream::fill() {
  if (!buffer_) buffer_ = core_->loop.buffers().borrow(BufferSize::large);
  const IoResult result = core_->inner->try_read(buffer_.span());
  switch (result.status) {
    case IoStatus::done: core_->engine->give(std::string_view(buffer_.span().data(), result.octets)); break;
    case IoStatus::would_block: buffer_.release(); break;
    case IoStatus::end: return fail(TlsError::truncated);
    case IoStatus::failed: return fail(result.error);
  }
  return result;
}

IoResult TlsStream::try_read(std::span<char> into) {
  Core& core = *core_;
  if (!core.open) return IoResult::failure(error::bad_descriptor);
  if (failed_) return IoResult::failure(failed_);
  if (ended_) return IoResult::ended();
  std::size_t got = 0;
  int fills = 0;
  TlsEngine::Step step;
  for (;;) {
    step = core.engine->read(into.subspan(got));
    got += step.octets;
    if (step.done() && got < into.size()) continue;
    if (step.status != TlsEngine::Status::want_input || got != 0) break;
    const IoResult filled = fills++ < kMostFills ? fill() : IoResult::blocked();
    if (filled.done()) continue;
    flush();
    return filled;
  }
  flush();  // reading may have made an answer
  if (core.engine->input_left() == 0) buffer_.release();
  if (step.status == TlsEngine::Status::closed) ended_ = true;
  if (step.status == TlsEngine::Status::failed) {
    const IoResult failure = fail(TlsError::failed);
    return got != 0 ? IoResult::moved(got) : failure;
  }
  return got != 0 ? IoResult::moved(got) : IoResult::ended();
}

// What the inner stream does not take now is left to a task.
void TlsStream::flush() {
  Core& core = *core_;
  core.send();
  if (core.engine->output().empty() || core.write_failure || core.sending) return;
  core.sending = true;
  core.loop.spawn(send_rest(core_));
}

// Encrypts what there is room for: small pieces together in one record, large ones as they are.
TlsEngine::Step TlsStream::take(std::span<const std::string_view> pieces) {
  TlsEngine& engine = *core_->engine;
  BufferPool::Buffer gathered;
  std::size_t held = 0;
  TlsEngine::Step total;
  for (std::size_t index = 0; index < pieces.size(); ++index) {
    std::string_view piece = pieces[index];
    const bool alone = held == 0 && (piece.size() >= kRecord || index + 1 == pieces.size());
    while (!piece.empty()) {
      std::string_view text = piece;
      std::size_t from_piece = piece.size();
      if (!alone) {
        if (!gathered) gathered = core_->loop.buffers().borrow(BufferSize::small);
        from_piece = piece.copy(gathered.span().data() + held, kRecord - held);
        held += from_piece;
        if (held < kRecord && index + 1 < pieces.size()) break;
        text = std::string_view(gathered.span().data(), held);
      }
      const TlsEngine::Step step = engine.write(text);
      if (!step.done()) return total.octets != 0 ? total : step;
      total.octets += step.octets;
      if (step.octets < text.size()) return total;
      held = 0;
      piece.remove_prefix(from_piece);
    }
  }
  return total;
}

IoResult TlsStream::try_write(std::span<const std::string_view> pieces) {
  Core& core = *core_;
  if (!core.open) return IoResult::failure(error::bad_descriptor);
  if (failed_) return IoResult::failure(failed_);
  core.send();
  if (core.write_failure) return fail(core.write_failure);
  if (std::ranges::all_of(pieces, &std::string_view::empty)) return IoResult::moved(0);
  if (!core.engine->output().empty()) return IoResult::blocked();
  const TlsEngine::Step step = take(pieces);
  flush();
  if (core.write_failure) return fail(core.write_failure);
  if (step.status == TlsEngine::Status::failed) return fail(TlsError::failed);
  return step.done() ? IoResult::moved(step.octets) : IoResult::blocked();
}

Task<error_code> TlsStream::wait_readable() {
  if (expired()) co_return error::timed_out;
  if (!core_->open) co_return error::bad_descriptor;
  if (failed_ || ended_ || core_->engine->input_left() != 0 || core_->engine->pending())
    co_return error_code();
  const error_code failure = co_await core_->inner->wait_readable();
  if (failure == error::operation_aborted) co_return why_ended();
  co_return failure;
}

Task<error_code> TlsStream::wait_writable() {
  if (expired()) co_return error::timed_out;
  if (!core_->open) co_return error::bad_descriptor;
  const std::shared_ptr<Core> core = core_;
  while (core->sending) {
    const error_code failure = co_await core->sent.wait();
    if (failure) co_return why_ended();
    if (!core->open) co_return error::operation_aborted;
  }
  co_return error_code();
}

// Until everything written is on its way.
Task<error_code> TlsStream::drain() {
  flush();
  const error_code failure = co_await wait_writable();
  if (failure) co_return failure;
  co_return core_->write_failure;
}

Task<error_code> TlsStream::handshake() {
  Core& core = *core_;
  for (;;) {
    const TlsEngine::Step step = core.engine->handshake();
    flush();
    if (step.status == TlsEngine::Status::failed) co_return fail(TlsError::failed).error;
    if (core.write_failure) co_return fail(core.write_failure).error;
    if (step.done()) break;
    if (core.engine->input_left() == 0) {
      const error_code failure = co_await wait_readable();
      if (failure) co_return fail(failure).error;
      const IoResult filled = fill();
      if (filled.status != IoStatus::would_block && !filled.done()) co_return failed_;
    }
  }
  established_ = true;
  if (core.engine->input_left() == 0) buffer_.release();
  co_return error_code();
}

void TlsStream::cancel() noexcept {
  core_->inner->cancel();
  core_->sent.cancel();
}

Task<void> TlsStream::close(Closing how) {
  const std::shared_ptr<Core> core = core_;
  if (!core->open) co_return;
  core->engine->shutdown();
  const error_code failure = co_await drain();
  if (!failure && core->open && how == Closing::after_peer) {
    core->inner->expires_at(deadline());
    co_await core->inner->close(Closing::after_peer);
  }
  abort();
}

void TlsStream::abort() noexcept {
  if (!core_->open) return;
  core_->open = false;
  buffer_.release();
  core_->inner->abort();
  core_->sent.cancel();
}

void TlsStream::finish_writing() noexcept {
  if (!core_->open || failed_) return;
  core_->engine->shutdown();
  flush();
}

void TlsStream::reset() noexcept {
  if (!core_->open) return;
  core_->open = false;
  buffer_.release();
  core_->inner->reset();
  core_->sent.cancel();
}

const Endpoint& TlsStream::peer() const noexcept { return core_->inner->peer(); }
Endpoint TlsStream::local() const { return core_->inner->local(); }
void TlsStream::stand_for(const Endpoint& peer, const Endpoint& local) {
  core_->inner->stand_for(peer, local);
}

const TlsInfo* TlsStream::tls() const noexcept {
  if (!established_) return nullptr;
  if (!info_) info_ = std::make_unique<TlsInfo>(core_->engine->info());
  return info_.get();
}

const std::string& TlsStream::failure() const noexcept { return core_->engine->failure(); }

Task<TlsStart> start_tls(Loop& loop, std::unique_ptr<Stream> inner, std::unique_ptr<TlsEngine> engine,
                         SteadyTime deadline) {
  auto stream = std::make_unique<TlsStream>(loop, std::move(inner), std::move(engine));
  stream->expires_at(deadline);
  const error_code failure = co_await stream->handshake();
  if (!failure) co_return TlsStart(std::move(stream));
  TlsFailure why;
  why.error = failure;
  why.text = stream->failure();
  if (failure == TlsError::truncated) why.text = "the peer closed the connection during the TLS handshake";
  if (why.text.empty()) why.text = failure.message();
  co_await stream->close(Closing::at_once);
  co_return TlsStart(std::unexpect, std::move(why));
}

}  // namespace postrider::transport
