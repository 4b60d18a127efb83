#include "postrider/server/connection.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstring>
#include <utility>

#include "postrider/transport/tls/info.h"

namespace postrider::server {
namespace {

namespace ev = protocol::ev;
namespace code = protocol::code;
using protocol::State;
using transport::BufferPool;
using transport::BufferSize;
using transport::error_code;
using transport::IoResult;
using transport::IoStatus;
using transport::SteadyTime;

constexpr ReplyView kStartMail{code::start_mail_input, "End data with <CR><LF>.<CR><LF>"};

// A credit is worked out for at most so much content at a time; more of it would not move the deadline
// further.
constexpr std::uint64_t kMostCredited = std::uint64_t{16} << 20;

// A parked line that took more than this gives its memory back.
constexpr std::size_t kParkedToKeep = 64;

// Full buffers read from one connection before the others have their turn.
constexpr unsigned kReadsInARow = 4;

}  // namespace

Connection::Connection(Sessions& sessions, std::unique_ptr<transport::Stream> stream,
                       Admission::Ticket ticket)
    : sessions_(sessions),
      service_(sessions.service()),
      stream_(std::move(stream)),
      standing_(service_->standing_of(stream_->peer())),
      session_(service_->profile(standing_)),
      client_{stream_->peer(), std::nullopt, standing_ == Standing::gateway, std::move(ticket)},
      info_(sessions.next_id(), sessions.loop(), session_, stream_, client_,
            sessions.loop().clock().system_now()) {
  sessions_.enter(*this);
  sessions_.counters().connections.add();
}

Connection::~Connection() {
  if (orphaned_) return;
  sessions_.leave(*this);
  sessions_.counters().ended.add();
}

// ---- Steps that the coroutine asks for ----

Connection::Need Connection::begin() {
  const transport::Duration most = service_->timeouts().session;
  if (most != transport::Duration::max())
    session_deadline_ = transport::later(sessions_.loop().clock().roughly_now(), most);
  handler_ = sessions_.factory().make(info_);
  if (service_->encrypted()) {
    expires_after(service_->timeouts().command);
    return Need::upgrade;
  }
  if (service_->timeouts().greeting > transport::Duration::zero()) {
    expires_after(service_->timeouts().greeting);
    waiting_ = true;
    return Need::input;
  }
  return greet();
}

Connection::Need Connection::input_ready(const error_code& waited) {
  waiting_ = false;
  const bool nudged = waited == transport::error::operation_aborted && sessions_.stopping();
  const bool timed_out = waited == transport::error::timed_out;
  if (waited && !nudged && !timed_out) return lost(waited);
  if (waited) {
    if (!greeted_) return greet();
    if (timed_out) {
      sessions_.counters().timeouts.add();
      end_.cause = SessionEnd::Cause::timed_out;
      session_.shut_down(service_->timed_out());
    }
    return advance();
  }
  const Need need = read();
  if (need == Need::input) {  // woken for nothing
    park();
    waiting_ = true;
    return Need::input;
  }
  if (need != Need::nothing) return need;
  if (!greeted_) {
    if (input_.empty()) return close_session(ev::Closed::Cause::end_of_input);
    greeted_ = true;
    session_.greet(service_->greeting(), input_);
  }
  return advance();
}

Connection::Need Connection::output_ready(const error_code& waited) {
  waiting_ = false;
  if (waited == transport::error::timed_out && !over_) {
    sessions_.counters().timeouts.add();
    end_.cause = SessionEnd::Cause::timed_out;
    return finish();
  }
  if (waited) return lost(waited);
  const Need need = flush();
  if (need != Need::nothing) return need;
  if (over_) return finish();
  if (upgrading_) return start_upgrade();
  return advance();
}

Task<void> Connection::await_handler() {
  try {
    if (auto* reply = std::get_if<Task<Reply>>(&pending_)) {
      Task<Reply> task = std::move(*reply);
      const Reply answer = co_await std::move(task);
      take(question_, answer);
    } else if (auto* opened = std::get_if<Task<Opened>>(&pending_)) {
      Task<Opened> task = std::move(*opened);
      Opened answer = co_await std::move(task);
      take(std::move(answer));
    } else if (auto* authenticated = std::get_if<Task<AuthStep>>(&pending_)) {
      Task<AuthStep> task = std::move(*authenticated);
      const AuthStep answer = co_await std::move(task);
      take(answer);
    } else if (auto* written = std::get_if<Task<void>>(&pending_)) {
      Task<void> task = std::move(*written);
      co_await std::move(task);
    }
  } catch (...) {
    threw_ = true;
  }
  pending_.emplace<std::monostate>();
}

Connection::Need Connection::answered() {
  if (threw_) return failed();
  if (std::exchange(in_finish_, false)) {
    const Need need = finish_body();
    if (need != Need::nothing) return need;
  }
  return advance();
}

Task<void> Connection::await_upgrade() {
  try {
    Task<transport::StreamResult> task = handler_->upgrade(std::move(stream_));
    transport::StreamResult upgraded = co_await std::move(task);
    if (upgraded) {
      stream_ = std::move(*upgraded);
    } else {
      end_.error = upgraded.error();
    }
  } catch (...) {
    threw_ = true;
  }
}

Connection::Need Connection::upgraded() {
  upgrading_ = false;
  if (threw_) return failed();
  if (!stream_) return lost(end_.error);
  const transport::TlsInfo* const tls = stream_->tls();
  if (tls != nullptr && tls->trust == transport::TlsTrust::trusted) {
    session_.adopt(service_->profile(standing_, true));
  }
  if (greeted_) {
    session_.tls_established();
    return advance();
  }
  session_.start_encrypted();
  return greet();
}

Connection::Need Connection::failed() noexcept {
  sessions_.counters().failures.add();
  threw_ = false;
  pending_.emplace<std::monostate>();
  if (over_) return finish();
  end_.cause = SessionEnd::Cause::failed;
  if (!stream_) return finish();
  if (std::exchange(greeted_, true)) {
    session_.shut_down(service_->failed());
  } else {
    session_.greet(service_->failed());
  }
  return close_session(ev::Closed::Cause::shut_down);
}

void Connection::nudge() noexcept {
  if (!waiting_ || !stream_) return;
  const bool idle = !over_ && !writing_ && !in_transaction();
  if (idle || sessions_.stopping_now()) stream_->cancel();
}

// ---- Events of the session ----

Connection::Need Connection::advance() {
  for (;;) {
    const protocol::ServerSession::Step step = session_.next(input_);
    input_.remove_prefix(step.consumed);
    const Need need = handle(step.event);
    if (need != Need::nothing) return need;
  }
}

Connection::Need Connection::handle(const protocol::ServerEvent& event) {
  if (std::holds_alternative<ev::NeedInput>(event)) return need_input();
  if (const auto* body = std::get_if<ev::Body>(&event)) return write_body(body->octets);
  if (const auto* rcpt = std::get_if<ev::Rcpt>(&event)) {
    return ask(Question::command, handler_->on_rcpt(*rcpt));
  }
  if (const auto* mail = std::get_if<ev::Mail>(&event)) {
    return ask(Question::command, handler_->on_mail(*mail));
  }
  if (std::holds_alternative<ev::DataBegin>(event) || std::holds_alternative<ev::ChunkBegin>(event)) {
    return open(handler_->on_data());
  }
  if (const auto* end = std::get_if<ev::BodyEnd>(&event)) {
    body_end_ = *end;
    recipient_ = 0;
    message_taken_ = false;
    return finish_body();
  }
  return handle_rare(event);
}

Connection::Need Connection::handle_rare(const protocol::ServerEvent& event) {
  if (std::holds_alternative<ev::FlushOutput>(event)) return flush();
  if (const auto* hello = std::get_if<ev::Hello>(&event)) {
    return ask(Question::command, handler_->on_hello(*hello));
  }
  if (const auto* query = std::get_if<ev::Query>(&event)) {
    return ask(Question::command, handler_->on_query(*query));
  }
  if (const auto* extended = std::get_if<ev::Extended>(&event)) {
    return ask(Question::command, handler_->on_extended(*extended));
  }
  if (std::holds_alternative<ev::StartTls>(event)) {
    return ask(Question::command, handler_->on_start_tls());
  }
  if (const auto* auth = std::get_if<ev::Auth>(&event)) return authenticate(handler_->on_auth(*auth));
  if (const auto* line = std::get_if<ev::AuthLine>(&event))
    return authenticate(handler_->on_auth_line(*line));
  if (std::holds_alternative<ev::TlsHandshake>(event)) {
    upgrading_ = true;
    const Need need = flush();
    return need == Need::nothing ? start_upgrade() : need;
  }
  if (const auto* closed = std::get_if<ev::Closed>(&event)) return close_session(closed->cause);
  if (const auto* reset = std::get_if<ev::Reset>(&event)) {
    drop_sink();
    handler_->on_reset(*reset);
  } else if (const auto* refused = std::get_if<ev::Refused>(&event)) {
    sessions_.counters().commands_refused.add();
    handler_->on_refused(*refused);
  } else if (const auto* content = std::get_if<ev::BodyRefused>(&event)) {
    drop_sink();
    handler_->on_body_refused(*content);
  } else if (std::holds_alternative<ev::AuthCancelled>(event)) {
    handler_->on_auth_cancelled();
  }
  return Need::nothing;
}

Connection::Need Connection::greet() {
  const Need need = ask(Question::greeting, handler_->on_connect(service_->greeting()));
  return need == Need::nothing ? advance() : need;
}

Connection::Need Connection::ask(Question question, Answer answer) {
  if (answer.is_ready()) {
    take(question, answer.view());
    return Need::nothing;
  }
  question_ = question;
  pending_.emplace<Task<Reply>>(std::move(answer).task());
  return Need::handler;
}

Connection::Need Connection::open(Soon<Opened> opened) {
  if (opened.is_ready()) {
    take(std::move(opened.value()));
    return Need::nothing;
  }
  pending_.emplace<Task<Opened>>(std::move(opened).task());
  return Need::handler;
}

Connection::Need Connection::authenticate(Soon<AuthStep> step) {
  if (step.is_ready()) {
    take(step.value());
    return Need::nothing;
  }
  pending_.emplace<Task<AuthStep>>(std::move(step).task());
  return Need::handler;
}

Connection::Need Connection::write_body(std::string_view octets) {
  sessions_.counters().octets.add(octets.size());
  Soon<void> written = sink_->write(octets);
  if (written.is_ready()) return Need::nothing;
  pending_.emplace<Task<void>>(std::move(written).task());
  return Need::handler;
}

// The wait for a message to become safe can be long and shared by many sessions, and no view is in use: the
// receive buffer goes back.
Connection::Need Connection::finish_body() {
  while (session_.question_open()) {
    Answer answer = sink_->finish(body_end_, recipient_);
    const Need need = ask(Question::content, std::move(answer));
    if (need != Need::nothing) {
      in_finish_ = true;
      park();
      return need;
    }
  }
  sink_.reset();
  LoopCounters& counters = sessions_.counters();
  (message_taken_ ? counters.messages : counters.messages_refused).add();
  return Need::nothing;
}

// RFC 3207 4.2: nothing that came in clear is read under TLS.
Connection::Need Connection::start_upgrade() {
  input_ = {};
  parked_.clear();
  buffer_.release();
  more_input_ = false;
  expires_after(service_->timeouts().command);
  return Need::upgrade;
}

Connection::Need Connection::need_input() {
  if (const Need need = flush(); need != Need::nothing) return need;
  if (sessions_.stopping() && (!in_transaction() || sessions_.stopping_now())) {
    end_.cause = SessionEnd::Cause::stopped;
    session_.shut_down(service_->stopping());
    return Need::nothing;
  }
  if (more_input_ && ++reads_in_a_row_ < kReadsInARow) {
    const Need need = read();
    if (need != Need::input) return need;
  }
  reads_in_a_row_ = 0;
  set_input_deadline();
  park();
  waiting_ = true;
  return Need::input;
}

Connection::Need Connection::close_session(ev::Closed::Cause cause) {
  using Cause = ev::Closed::Cause;
  over_ = true;
  writing_ = false;
  end_.closed = cause;
  drop_sink();
  // Whoever is refused may be in the middle of a sentence: let him read why before the connection goes.
  const bool talked_out = cause == Cause::quit || cause == Cause::end_of_input;
  closing_ = talked_out ? transport::Closing::at_once : transport::Closing::after_peer;
  const Need need = flush();
  return need == Need::nothing ? finish() : need;
}

Connection::Need Connection::lost(const error_code& error) {
  if (!over_ && error == transport::error::operation_aborted && sessions_.stopping()) {
    end_.cause = SessionEnd::Cause::stopped;
  } else if (!over_) {
    end_.cause = SessionEnd::Cause::lost;
    end_.error = error;
    sessions_.counters().lost.add();
  }
  closing_ = transport::Closing::at_once;
  return finish();
}

Connection::Need Connection::finish() {
  over_ = true;
  drop_sink();
  input_ = {};
  buffer_.release();
  if (handler_) handler_->on_end(end_);
  if (!stream_) return Need::over;
  expires_after(service_->timeouts().linger);
  waiting_ = true;
  return Need::closing;
}

// ---- Answers ----

void Connection::take(Question question, const ReplyView& reply) {
  switch (question) {
    case Question::greeting:
      greeted_ = true;
      session_.greet(reply);
      return;
    case Question::command: session_.reply(reply); return;
    case Question::content:
      message_taken_ = message_taken_ || reply.code.positive();
      ++recipient_;
      session_.reply(reply);
      return;
  }
}

void Connection::take(Opened opened) {
  if (!opened) return session_.reply(opened.error());
  assert(*opened != nullptr && "an opened message has a sink");
  sink_ = std::move(*opened);
  session_.reply(kStartMail);
}

void Connection::take(const AuthStep& step) {
  if (const auto* challenge = std::get_if<Challenge>(&step)) return session_.challenge(challenge->base64);
  session_.reply(std::get<Reply>(step));
}

// ---- Octets ----

Connection::Need Connection::flush() {
  for (;;) {
    const std::string_view output = session_.output();
    if (output.empty()) {
      writing_ = false;
      return Need::nothing;
    }
    replied_ = true;
    const IoResult result = stream_->try_write(std::span(&output, 1));
    if (result.status == IoStatus::failed) return lost(result.error);
    if (result.done()) {
      session_.output_sent(result.octets);
      continue;
    }
    if (!std::exchange(writing_, true)) {
      expires_after(over_ ? service_->timeouts().linger : service_->timeouts().write);
    }
    waiting_ = true;
    return Need::output;
  }
}

Connection::Need Connection::read() {
  const BufferSize wanted = in_content() ? BufferSize::large : BufferSize::small;
  BufferPool::Buffer kept_buffer;  // where the input lies until it is copied
  if (!buffer_ || buffer_.size() < wanted) {
    kept_buffer = std::exchange(buffer_, sessions_.loop().buffers().borrow(wanted));
  }
  const std::span<char> memory = buffer_.span();
  const std::size_t kept = input_.size();
  if (kept != 0) std::memmove(memory.data(), input_.data(), kept);
  input_ = {memory.data(), kept};
  if (parked_.capacity() > kParkedToKeep) std::string().swap(parked_);
  // A line that fills the buffer is longer than every limit; the session swallows such lines bit by bit.
  if (kept == memory.size()) return lost(transport::error::no_buffer_space);

  const std::span<char> room = memory.subspan(kept);
  const IoResult result = stream_->try_read(room);
  more_input_ = result.octets == room.size();
  switch (result.status) {
    case IoStatus::would_block: return Need::input;
    case IoStatus::failed: return lost(result.error);
    case IoStatus::end: session_.end_of_input(); return Need::nothing;
    case IoStatus::done: break;
  }
  input_ = {memory.data(), kept + result.octets};
  if (content_) octets_since_wait_ += result.octets;
  return Need::nothing;
}

void Connection::park() {
  if (!buffer_) return;
  if (!input_.empty()) parked_.assign(input_);
  input_ = input_.empty() ? std::string_view() : std::string_view(parked_);
  buffer_.release();
}

void Connection::drop_sink() noexcept {
  if (!sink_) return;
  sink_.reset();
  sessions_.counters().messages_refused.add();
}

// ---- State and time ----

bool Connection::in_content() const noexcept {
  switch (session_.state()) {
    case State::data:
    case State::chunk:
    case State::chunking: return true;
    default: return false;
  }
}

bool Connection::in_transaction() const noexcept {
  switch (session_.state()) {
    case State::mail:
    case State::rcpt:
    case State::chunk_failed: return true;
    default: return in_content();
  }
}

// A command has its time from our last reply to its end, however many octets come meanwhile. Content has a
// credit of time that its octets fill up again, as far as they come fast enough.
void Connection::set_input_deadline() {
  const SteadyTime now = sessions_.loop().clock().roughly_now();
  const Timeouts& timeouts = service_->timeouts();
  const bool content = in_content();
  if (content && content_ && timeouts.data_octets_per_minute != 0) {
    const auto octets = static_cast<std::int64_t>(std::min(octets_since_wait_, kMostCredited));
    const auto rate = static_cast<std::int64_t>(timeouts.data_octets_per_minute);
    const transport::Duration credit = transport::Duration(std::chrono::minutes(1)) * octets / rate;
    phase_deadline_ = std::min(transport::later(now, timeouts.data_block), phase_deadline_ + credit);
  } else if (content) {
    phase_deadline_ = transport::later(now, timeouts.data_block);
  } else if (content_ || replied_) {
    phase_deadline_ = transport::later(now, timeouts.command);
  }
  content_ = content;
  replied_ = false;
  octets_since_wait_ = 0;
  stream_->expires_at(std::min(phase_deadline_, session_deadline_));
}

void Connection::expires_after(transport::Duration wait) {
  stream_->expires_at(transport::later(sessions_.loop().clock().roughly_now(), wait));
}

}  // namespace postrider::server
