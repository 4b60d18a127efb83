#include "postrider/client/channel.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "postrider/client/redaction.h"
#include "postrider/transport/tls/tls_stream.h"

namespace postrider::client {

using namespace protocol;
using transport::error_code;
using transport::IoResult;
using transport::IoStatus;

namespace {

// Until the stream can be read or written. A server that refuses in the middle of the content may stop
// reading: then its reply ends the wait to write.
Task<error_code> wait_for_either(transport::Stream& stream) {
  using namespace boost::asio::experimental::awaitable_operators;
  auto either = stream.wait_readable() || stream.wait_writable();
  const auto first = co_await std::move(either);
  co_return first.index() == 0 ? std::get<0>(first) : std::get<1>(first);
}

// "TLSv1.3, TLS_AES_128_GCM_SHA256; CN=mx.example.org: trusted"
std::string describe(const transport::TlsInfo& info) {
  std::string text(to_string(info.version));
  text.append(", ").append(info.cipher);
  if (info.resumed) text.append(", resumed");
  if (!info.peer_subject.empty()) text.append("; ").append(info.peer_subject);
  if (!info.verification.empty()) text.append(": ").append(info.verification);
  return text.append("\n");
}

// With pipelining turned off the session must not see the offer.
Limits session_limits(const ClientConfig& config) noexcept {
  Limits limits = config.limits;
  if (!config.pipelining) limits.in_flight = 1;
  return limits;
}

}  // namespace

Channel::Channel(transport::Loop& loop, const ClientConfig& config, std::unique_ptr<transport::Stream> stream)
    : loop_(loop),
      config_(config),
      stream_(std::move(stream)),
      session_(session_limits(config), config.flavor, config.extensions) {}

Channel::~Channel() = default;

// ---- Sending ----

Result<CommandId> Channel::send(const Command& command) {
  const std::size_t before = session_.output().size();
  const Result<CommandId> sent = session_.send(command);
  if (sent && config_.transcript) {
    tell(Direction::sent, redact_command(verb_of(command), session_.output().substr(before)));
  }
  return sent;
}

Result<CommandId> Channel::send_chunk(std::uint64_t size, bool last) {
  const std::size_t before = session_.output().size();
  const Result<CommandId> sent = session_.send_chunk(size, last);
  if (sent) tell(Direction::sent, session_.output().substr(before));
  return sent;
}

Result<CommandId> Channel::send_auth_line(std::optional<std::string_view> base64) {
  const Result<CommandId> sent = base64 ? session_.send_auth_line(*base64) : session_.cancel_auth();
  if (sent) tell(Direction::sent, base64 ? "****\r\n" : "*\r\n");
  return sent;
}

bool Channel::has_room(std::size_t octets) const noexcept {
  if (octets >= kCopyBelow) return piece_count_ < kMaxPieces;
  if (staged_.size() + octets > kStaged) return false;
  // Behind another staged piece it needs no place of its own.
  const bool grows = piece_count_ != 0 && pieces_[piece_count_ - 1].end() == staged_.data() + staged_.size();
  return grows || piece_count_ < kMaxPieces;
}

void Channel::put(std::string_view piece) {
  assert(has_room(piece.size()));
  if (piece.empty()) return;
  if (piece.size() >= kCopyBelow) {
    pieces_[piece_count_++] = piece;
    return;
  }
  if (staged_.capacity() < kStaged) staged_.reserve(kStaged);
  const char* const at = staged_.data() + staged_.size();
  staged_.append(piece);
  if (piece_count_ != 0 && pieces_[piece_count_ - 1].end() == at) {
    std::string_view& previous = pieces_[piece_count_ - 1];
    previous = {previous.data(), previous.size() + piece.size()};
  } else {
    pieces_[piece_count_++] = {at, piece.size()};
  }
}

Result<std::size_t> Channel::queue_text(std::string_view message) {
  assert(piece_count_ == 0);
  message = message.substr(0, kMostInWrite);
  std::size_t consumed = 0;
  // Room is kept for the end of data.
  while (consumed < message.size() && piece_count_ + 1 < kMaxPieces && has_room(kCopyBelow - 1)) {
    const Result<DotEncoder::Piece> piece = session_.content(message.substr(consumed));
    if (!piece) return std::unexpected(piece.error());
    consumed += piece->consumed;
    put(piece->wire);
  }
  return consumed;
}

Result<void> Channel::end_text() {
  std::string_view wire;
  const Result<CommandId> ended = session_.end_content(wire);
  if (!ended) return std::unexpected(ended.error());
  put(wire);
  return {};
}

void Channel::queue_octets(std::string_view octets) {
  // Nothing is copied: the octets of a chunk come in few pieces.
  assert(piece_count_ < kMaxPieces);
  if (!octets.empty()) pieces_[piece_count_++] = octets;
}

bool Channel::all_written() const noexcept { return piece_count_ == 0 && session_.output().empty(); }

// ---- Waiting and receiving ----

Task<void> Channel::turn(Phase phase, Until until) {
  phase_ = phase;
  if (cancelled_) lose(transport::error::operation_aborted);
  if (lost_) co_return;
  set_wait_deadline(phase);
  for (;;) {
    const Progress progress = write();
    if (progress == Progress::failed) {
      // Why it does not want to hear more it may have said already.
      const std::size_t before = in_.data().size();
      look();
      if (in_.data().size() == before) input_over_ = true;
      co_return;
    }
    if (progress == Progress::all && until == Until::written) co_return;
    error_code failure;
    if (progress == Progress::all) {
      failure = co_await stream_->wait_readable();
    } else {
      failure = co_await wait_for_either(*stream_);
    }
    if (cancelled_) failure = transport::error::operation_aborted;
    if (failure) {
      lose(failure);
      co_return;
    }
    const std::size_t before = in_.data().size();
    read();
    if (input_over_ || in_.data().size() != before) co_return;
  }
}

void Channel::look() {
  if (!lost_ && !input_over_) read();
}

Channel::Progress Channel::write() {
  while (!write_failed_) {
    std::array<std::string_view, kMaxPieces + 1> pieces;
    std::size_t count = 0;
    if (!session_.output().empty()) pieces[count++] = session_.output();
    for (std::size_t at = first_piece_; at < piece_count_; ++at) pieces[count++] = pieces_[at];
    if (count == 0) return Progress::all;
    const IoResult result = stream_->try_write(std::span(pieces).first(count));
    if (result.status == IoStatus::would_block) return Progress::blocked;
    if (result.done()) {
      account(result.octets);
    } else {
      error_ = result.error;
      write_failed_ = true;
    }
  }
  return Progress::failed;
}

// `octets` more have been written.
void Channel::account(std::size_t octets) {
  const std::size_t commands = std::min(octets, session_.output().size());
  session_.output_sent(commands);
  octets -= commands;
  while (octets != 0) {
    std::string_view& piece = pieces_[first_piece_];
    const std::size_t part = std::min(octets, piece.size());
    tell(Direction::content, piece.substr(0, part));
    piece.remove_prefix(part);
    octets -= part;
    if (piece.empty()) ++first_piece_;
  }
  if (first_piece_ == piece_count_) {
    first_piece_ = piece_count_ = 0;
    staged_.clear();
  }
}

// Whatever is there, as far as the buffer reaches.
void Channel::read() {
  if (!buffer_) {
    buffer_ = loop_.buffers().borrow(transport::BufferSize::small);
    in_ = InputBuffer(buffer_.span());
  }
  const std::span<char> space = in_.writable();
  const IoResult result = stream_->try_read(space);
  switch (result.status) {
    case IoStatus::would_block: return;
    case IoStatus::done:
      tell(Direction::received, std::string_view(space.data(), result.octets));
      in_.commit(result.octets);
      return;
    case IoStatus::end:
      if (!error_) error_ = transport::error::eof;
      break;
    case IoStatus::failed:
      if (!error_) error_ = result.error;
      break;
  }
  input_over_ = true;
  session_.end_of_input();
}

std::optional<Channel::Answer> Channel::next_answer() {
  if (lost_) return std::nullopt;
  const ClientSession::Step step = session_.next(in_.data());
  in_.consume(step.consumed);
  if (const auto* answer = std::get_if<Answer>(&step.event)) {
    if (answer->reply.code == code::service_not_available) closing_reply_.emplace(answer->reply);
    return *answer;
  }
  if (const auto* broken = std::get_if<ClientSession::Broken>(&step.event)) {
    broken_ = broken->why;
    abandon();
  } else if (input_over_) {
    abandon();
  }
  return std::nullopt;
}

void Channel::set_wait_deadline(Phase phase) noexcept {
  transport::SteadyTime at = transport::later(loop_.now(), config_.timeouts.of(phase));
  if (phase != Phase::end_of_content) at = std::min(at, transaction_deadline_);
  stream_->expires_at(at);
}

// ---- Encrypting ----

Task<Outcome<void>> Channel::encrypt(std::unique_ptr<transport::TlsEngine> engine) {
  using namespace boost::asio::experimental::awaitable_operators;
  phase_ = Phase::start_tls;
  const bool at_once = config_.tls.use == TlsUse::implicit;
  // Nothing that came in clear is read under TLS, RFC 3207 6: the session sees to it that there is none.
  if (!at_once && !std::holds_alternative<ClientSession::TlsHandshake>(session_.next(in_.data()).event)) {
    broken_ = Error{Errc::plaintext_after_starttls};
    abandon();
    co_return std::unexpected(failure());
  }
  rest();
  const transport::SteadyTime deadline =
      std::min(transport::later(loop_.now(), config_.timeouts.start_tls), transaction_deadline_);
  transport::TlsStart started =
      std::unexpected(transport::TlsFailure{transport::error::operation_aborted, {}});
  {
    auto either = transport::start_tls(loop_, std::move(stream_), std::move(engine), deadline) ||
                  shaking_hands_.emplace(loop_).wait();
    auto first = co_await std::move(either);
    shaking_hands_.reset();
    if (first.index() == 0) started = std::get<0>(std::move(first));
  }
  if (!started) {
    lose(started.error().error);
    Failure failed = failure();
    failed.detail = started.error().text;
    co_return std::unexpected(std::move(failed));
  }
  stream_ = std::move(*started);
  at_once ? session_.start_encrypted() : session_.tls_established();
  if (config_.transcript) tell(Direction::note, describe(*stream_->tls()));
  co_return Outcome<void>();
}

// ---- Ending ----

Failure Channel::failure() const {
  Failure failure;
  failure.phase = phase_;
  failure.error = error_;
  failure.reply = closing_reply_;
  failure.protocol = broken_;
  return failure;
}

void Channel::lose(const error_code& why) noexcept {
  error_ = why;
  abandon();
}

void Channel::abandon() noexcept {
  lost_ = true;
  if (stream_) stream_->abort();
}

void Channel::cancel() noexcept {
  cancelled_ = true;
  if (stream_) stream_->cancel();
  if (shaking_hands_) shaking_hands_->notify();
}

Task<void> Channel::close() {
  lost_ = true;
  set_wait_deadline(Phase::quit);
  co_await stream_->close(transport::Closing::at_once);
}

void Channel::rest() noexcept {
  if (in_.empty()) {
    in_ = InputBuffer();
    buffer_.release();
  }
}

void Channel::tell(Direction direction, std::string_view octets) const {
  if (config_.transcript) config_.transcript(direction, octets);
}

}  // namespace postrider::client
