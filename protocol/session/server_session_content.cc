// Message content in a ServerSession: DATA and BDAT.
#include "postrider/protocol/grammar/reply_hint.h"
#include "postrider/protocol/session/server_session.h"

namespace postrider::protocol {
namespace {

constexpr ReplyView kChunkOk{code::ok, status::other, "Chunk received"};

}  // namespace

// ---- DATA, RFC 5321 4.1.1.4 ----

ServerSession::Progress ServerSession::on_data_octets(std::string_view input, ServerEvent& out) {
  if (content_complete_) {
    content_complete_ = false;
    return {.consumed = 0, .told = end_of_content(decoder_.flaws(), out)};
  }
  if (input.empty()) return {.needs_input = true};
  const DotDecoder::Slice slice = decoder_.next(input);
  message_octets_ = decoder_.octets();
  if (on_body(slice.body, out)) {
    content_complete_ = slice.done;
    return {.consumed = slice.consumed, .told = true};
  }
  if (!slice.done) return {.consumed = slice.consumed};
  return {.consumed = slice.consumed, .told = end_of_content(decoder_.flaws(), out)};
}

// ---- BDAT, RFC 3030 2 ----

bool ServerSession::on_bdat(const Bdat& bdat, ServerEvent& out) {
  chunk_ = ChunkReader(bdat.size);
  chunk_last_ = bdat.last;
  state_before_chunk_ = state_;
  const bool first = state_ == State::rcpt;
  // RFC 3030 2: out of sequence, or after a failure, it is read and thrown away and answered 503.
  std::optional<Errc> why;
  if (!first && state_ != State::chunking) {
    why = refusal(Verb::bdat, state_);
    if (state_ == State::mail && recipients_refused_ && !lmtp()) why = Errc::no_valid_recipients;
    if (state_ == State::chunk_failed) why = Errc::chunk_out_of_sequence;
  }
  state_ = State::chunk;
  if (first) {
    message_octets_ = 0;
    content_error_.reset();
    chunk_flaws_ = FlawScanner((*profile_)->limits.text_line);
    return ask(Question::chunk, out, ev::ChunkBegin{bdat.size, bdat.last});
  }
  if (why) {
    chunk_refused_ = true;
    chunk_refusal_ = Reply(reply_hint(*why));
    out.emplace<ev::Refused>(Verb::bdat, *why, reply_hint(*why).code);
    return true;
  }
  return false;
}

void ServerSession::after_chunk(const ReplyView& reply) {
  if (reply.code.positive() || reply.code.intermediate()) return;
  chunk_refused_ = true;
  chunk_refusal_ = Reply(reply);
}

ServerSession::Progress ServerSession::on_chunk_octets(std::string_view input, ServerEvent& out) {
  if (chunk_.done()) return {.consumed = 0, .told = end_of_chunk(out)};
  if (input.empty()) return {.needs_input = true};
  const std::string_view part = chunk_.next(input);
  if (chunk_refused_) return {.consumed = part.size()};
  message_octets_ += part.size();
  if (!transaction_binary_) chunk_flaws_.look(part);
  return {.consumed = part.size(), .told = on_body(part, out)};
}

bool ServerSession::end_of_chunk(ServerEvent& out) {
  if (chunk_refused_) {
    chunk_refused_ = false;
    // RFC 2033 4.2 and 4.3: the last chunk has a reply for each recipient, also when it is refused.
    if (chunk_last_)
      send_for_each_recipient(chunk_refusal_);
    else
      send_refusal(chunk_refusal_);
    chunk_refusal_ = Reply();
    if (state_ == State::closed) return false;
    // A message of which a chunk is missing stays refused until its last chunk or RSET; without a transaction
    // nothing has changed.
    state_ = accepted_recipients_ != 0 ? State::chunk_failed : state_before_chunk_;
    if (chunk_last_ && state_ == State::chunk_failed) forget_transaction();
    return false;
  }
  if (chunk_last_) {
    if (!transaction_binary_) chunk_flaws_.finish();
    return end_of_content(chunk_flaws_.flaws(), out);
  }
  if (content_error_) {
    const Errc why = *content_error_;
    send_refusal(reply_hint(why));
    if (state_ != State::closed) state_ = State::chunk_failed;
    out.emplace<ev::BodyRefused>(why, chunk_flaws_.flaws());
    return true;
  }
  state_ = State::chunking;
  send(kChunkOk);
  out.emplace<ev::ChunkEnd>();
  return true;
}

// ---- Both ----

bool ServerSession::on_body(std::string_view body, ServerEvent& out) {
  const std::uint64_t limit = (*profile_)->limits.message_octets;
  // RFC 1870 6.3. What is too much is still read to its end, so that the session stays in step.
  if (limit != 0 && message_octets_ > limit) content_error_ = Errc::message_too_big;
  if (body.empty() || content_error_) return false;
  out.emplace<ev::Body>(body);
  return true;
}

bool ServerSession::end_of_content(Flaws flaws, ServerEvent& out) {
  const std::optional<Errc> why = content_error_ ? content_error_ : objection(flaws);
  if (!why) {
    open_replies_ = content_replies();
    return ask(Question::content, out, ev::BodyEnd{flaws, message_octets_});
  }
  send_for_each_recipient(reply_hint(*why));
  out.emplace<ev::BodyRefused>(*why, flaws);
  if (state_ == State::closed) return true;
  state_ = State::rcpt;
  forget_transaction();
  // A peer that ends lines in its own way may not mean what we read: RFC 5321 2.3.8.
  if (flaws.bare_ending()) close(Closed::bad_ending);
  return true;
}

std::optional<Errc> ServerSession::objection(Flaws flaws) {
  if (flaws.bare_ending()) {
    if (!allows(Lenience::convert_bare_endings) || state_ == State::chunk) return Errc::bare_ending_in_data;
    leniency_used_.count(Lenience::convert_bare_endings);
  }
  if (flaws.nul) return Errc::nul_in_data;
  if (flaws.long_line) {
    if (!allows(Lenience::long_text_line)) return Errc::text_line_too_long;
    leniency_used_.count(Lenience::long_text_line);
  }
  return std::nullopt;
}

void ServerSession::after_content(ReplyCode code) {
  if (code.positive()) {
    // Whoever brings mail is no prober: Postfix, too, clears the error count then.
    errors_ = 0;
    commands_without_mail_ = 0;
  }
  if (--open_replies_ != 0) {
    question_ = Question::content;
    return;
  }
  state_ = State::rcpt;
  forget_transaction();
}

std::uint32_t ServerSession::content_replies() const noexcept {
  return lmtp() && accepted_recipients_ != 0 ? accepted_recipients_ : 1;
}

void ServerSession::send_for_each_recipient(const ReplyView& reply) {
  for (std::uint32_t left = content_replies(); left != 0 && state_ != State::closed; --left) {
    if (left == 1)
      send_refusal(reply);  // one message, one error
    else
      send(reply);
  }
}

}  // namespace postrider::protocol
