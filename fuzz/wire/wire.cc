#include "postrider/fuzz/wire/wire.h"

#include <algorithm>
#include <utility>

#include "postrider/transport/tls/tls_stream.h"

namespace postrider::fuzz {

using namespace transport;

namespace {

WireResult result_of(WireOutcome outcome, std::string detail = {}) {
  return WireResult{outcome, std::move(detail)};
}

std::string describe(const TlsInfo& info) {
  return std::string(to_string(info.version)).append(" ").append(info.cipher);
}

}  // namespace

Wire::Wire(Loop& loop, Network& network, WireOptions options)
    : loop_(loop), network_(&network), options_(std::move(options)), start_(loop.now()) {}

Wire::Wire(Loop& loop, std::unique_ptr<Stream> stream, WireRole role, WireOptions options)
    : loop_(loop), options_(std::move(options)), role_(role), stream_(std::move(stream)), start_(loop.now()) {
  over_ = WireOutcome::done;
  const Endpoint& other = role == WireRole::client ? stream_->peer() : stream_->local();
  record(TranscriptKind::connected, other.to_string());
}

TranscriptKind Wire::mine() const noexcept {
  return role_ == WireRole::client ? TranscriptKind::client : TranscriptKind::server;
}
TranscriptKind Wire::peers() const noexcept {
  return role_ == WireRole::client ? TranscriptKind::server : TranscriptKind::client;
}

void Wire::record(TranscriptKind kind, std::string octets) {
  if (octets.size() > options_.most_recorded - std::min(recorded_, options_.most_recorded)) return;
  recorded_ += octets.size();
  const auto at = std::chrono::duration_cast<TranscriptTime>(loop_.now() - start_);
  transcript_.events.push_back(TranscriptEvent{at, kind, std::move(octets)});
}

// ---- Connecting ----

Task<WireResult> Wire::connect(Endpoint to, SteadyTime deadline) {
  close();
  forget_connection();
  if (network_ == nullptr) co_return result_of(WireOutcome::not_connected, "there is no network");
  if (transcript_.events.empty()) start_ = loop_.now();
  ConnectOptions options;
  options.deadline = deadline;
  StreamResult connected = co_await network_->connect(to, options);
  if (!connected) {
    const error_code why = connected.error();
    const WireOutcome outcome = why == error::timed_out ? WireOutcome::timeout : WireOutcome::refused;
    record(TranscriptKind::note, to.to_string() + ": " + why.message());
    co_return result_of(outcome, why.message());
  }
  stream_ = std::move(*connected);
  over_ = WireOutcome::done;
  record(TranscriptKind::connected, to.to_string());
  co_return result_of(WireOutcome::done);
}

void Wire::forget_connection() {
  stream_.reset();
  unread_.clear();
  received_ = 0;
  over_ = WireOutcome::not_connected;
  why_over_.clear();
}

// Notes what became of the connection.
WireOutcome Wire::ended(const error_code& why) {
  if (over_ != WireOutcome::done) return over_;
  why_over_ = why.message();
  if (why == error::eof) {
    over_ = WireOutcome::closed;
    record(role_ == WireRole::client ? TranscriptKind::server_closed : TranscriptKind::client_closed, {});
  } else if (why == TlsError::truncated) {
    over_ = WireOutcome::cut;
    record(TranscriptKind::note, "the connection ended without close_notify");
    record(role_ == WireRole::client ? TranscriptKind::server_closed : TranscriptKind::client_closed, {});
  } else if (why == TlsError::failed) {
    over_ = WireOutcome::tls_failed;
    record(TranscriptKind::note, "TLS failed: " + why_over_);
  } else {
    over_ = WireOutcome::reset;
    record(TranscriptKind::reset, {});
  }
  return over_;
}

// ---- Sending ----

Task<WireResult> Wire::send(std::string octets, SteadyTime deadline) {
  if (!stream_) co_return result_of(WireOutcome::not_connected);
  stream_->expires_at(deadline);
  const error_code failure = co_await stream_->write_all(octets);
  record(mine(), std::move(octets));
  if (!failure) co_return result_of(WireOutcome::done);
  if (failure == error::timed_out) {
    record(TranscriptKind::timeout, {});
    co_return result_of(WireOutcome::timeout, "the peer takes no more octets");
  }
  // What the peer said before it closed can still be read, so the connection is not over for reading.
  record(TranscriptKind::note, "not all of it could be sent: " + failure.message());
  co_return result_of(WireOutcome::reset, failure.message());
}

void Wire::half_close() {
  if (!stream_) return;
  stream_->finish_writing();
  record(role_ == WireRole::client ? TranscriptKind::client_closed : TranscriptKind::server_closed, {});
}

// ---- Reading ----

// Waits for more and puts it behind unread_; `done` when there is some. A timeout is not recorded here.
Task<WireOutcome> Wire::fill(SteadyTime deadline) {
  if (!stream_) co_return WireOutcome::not_connected;
  if (over_ != WireOutcome::done) co_return over_;
  if (received_ >= options_.most_received) co_return WireOutcome::too_much;
  stream_->expires_at(deadline);
  const BufferPool::Buffer buffer = loop_.buffers().borrow(BufferSize::small);
  const IoResult result = co_await stream_->read_some(buffer.span());
  if (result.done()) {
    const std::string_view octets(buffer.span().data(), result.octets);
    received_ += octets.size();
    unread_.append(octets);
    record(peers(), std::string(octets));
    co_return WireOutcome::done;
  }
  if (result.status == IoStatus::end) co_return ended(error::eof);
  if (result.error == error::timed_out) co_return WireOutcome::timeout;
  co_return ended(result.error);
}

WireOctets Wire::take(std::size_t octets, WireOutcome outcome) {
  WireOctets out{outcome, unread_.substr(0, octets)};
  unread_.erase(0, octets);
  return out;
}

// The one that has begun.
bool Wire::line_is_too_long() const noexcept {
  return unread_.size() - (unread_.rfind('\n') + 1) > options_.longest_line;
}

Task<bool> Wire::reply_comes(SteadyTime deadline) {
  while (reply_length(unread_, options_.most_lines) == 0 && !line_is_too_long()) {
    const WireOutcome outcome = co_await fill(deadline);
    if (outcome == WireOutcome::timeout) co_return false;
    if (outcome != WireOutcome::done) break;
  }
  co_return true;
}

Task<WireReply> Wire::read_reply(SteadyTime deadline) {
  for (;;) {
    const std::size_t length = reply_length(unread_, options_.most_lines);
    if (length != 0) {
      const WireOctets taken = take(length, WireOutcome::done);
      co_return read_wire_reply(taken.octets);
    }
    WireOutcome outcome = WireOutcome::too_much;
    if (!line_is_too_long()) outcome = co_await fill(deadline);
    if (outcome == WireOutcome::done) continue;
    if (outcome == WireOutcome::timeout) record(TranscriptKind::timeout, {});
    WireReply none;
    none.outcome = outcome;
    none.raw = take(unread_.size(), outcome).octets;
    co_return none;
  }
}

Task<WireOctets> Wire::read_line(SteadyTime deadline) {
  for (;;) {
    const std::size_t end = unread_.find('\n');
    if (end != unread_.npos) co_return take(end + 1, WireOutcome::done);
    WireOutcome outcome = WireOutcome::too_much;
    if (unread_.size() <= options_.longest_line) outcome = co_await fill(deadline);
    if (outcome == WireOutcome::done) continue;
    if (outcome == WireOutcome::timeout) record(TranscriptKind::timeout, {});
    co_return take(unread_.size(), outcome);
  }
}

Task<WireOctets> Wire::read_available(SteadyTime deadline) {
  if (!unread_.empty()) co_return take(unread_.size(), WireOutcome::done);
  const WireOutcome outcome = co_await fill(deadline);
  if (outcome == WireOutcome::timeout) record(TranscriptKind::timeout, {});
  co_return take(unread_.size(), outcome);
}

Task<WireOctets> Wire::quiet(Duration wait) {
  const SteadyTime until = in(wait);
  WireOutcome outcome = WireOutcome::done;
  while (outcome == WireOutcome::done) outcome = co_await fill(until);
  co_return take(unread_.size(), outcome);
}

Task<WireOctets> Wire::read_to_end(SteadyTime deadline) {
  WireOutcome outcome = WireOutcome::done;
  while (outcome == WireOutcome::done) outcome = co_await fill(deadline);
  if (outcome == WireOutcome::timeout) record(TranscriptKind::timeout, {});
  co_return take(unread_.size(), outcome);
}

// ---- TLS ----

Task<WireResult> Wire::start_tls(SteadyTime deadline) {
  if (!options_.tls) co_return result_of(WireOutcome::tls_failed, "there is no TLS context");
  TlsTarget target;
  target.name = options_.tls_name;
  target.policy = TlsPolicy::none;
  auto engine = options_.tls->engine(target);
  if (!engine) co_return result_of(WireOutcome::tls_failed, engine.error());
  const WireResult started = co_await start_tls(*std::move(engine), deadline);
  co_return started;
}

Task<WireResult> Wire::start_tls(std::unique_ptr<TlsEngine> engine, SteadyTime deadline) {
  if (!stream_) co_return result_of(WireOutcome::not_connected);
  if (!unread_.empty()) {
    record(TranscriptKind::note,
           std::to_string(unread_.size()) + " octets came in clear before TLS and are dropped");
    unread_.clear();
  }
  TlsStart started = co_await transport::start_tls(loop_, std::move(stream_), std::move(engine), deadline);
  if (!started) {
    const TlsFailure why = started.error();
    record(TranscriptKind::note, "TLS did not come about: " + why.text);
    if (why.error == error::timed_out) record(TranscriptKind::timeout, {});
    over_ = why.error == error::timed_out ? WireOutcome::timeout : WireOutcome::tls_failed;
    co_return result_of(over_, why.text);
  }
  stream_ = std::move(*started);
  record(TranscriptKind::tls, describe(*stream_->tls()));
  co_return result_of(WireOutcome::done);
}

// ---- Ending ----

void Wire::close() {
  if (!stream_) return;
  stream_->finish_writing();  // under TLS: close_notify
  stream_.reset();
  record(role_ == WireRole::client ? TranscriptKind::client_closed : TranscriptKind::server_closed, {});
  over_ = WireOutcome::not_connected;
}

void Wire::reset() {
  if (!stream_) return;
  stream_->reset();
  stream_.reset();
  record(TranscriptKind::reset, {});
  over_ = WireOutcome::not_connected;
}

void Wire::note(std::string text) { record(TranscriptKind::note, std::move(text)); }

Transcript Wire::take_transcript() {
  recorded_ = 0;
  return std::exchange(transcript_, Transcript());
}

}  // namespace postrider::fuzz
