#include "postrider/agent/load/load_session.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "postrider/transport/signal.h"
#include "postrider/transport/tls/info.h"
#include "postrider/transport/tls/tls_stream.h"

namespace postrider::agent {

using namespace protocol;
using transport::IoResult;
using transport::IoStatus;
using transport::Task;

namespace {

constexpr transport::Duration kConnectTimeout = std::chrono::seconds(30);
constexpr transport::Duration kTurnTimeout = std::chrono::minutes(5);
constexpr transport::Duration kPartingTimeout = std::chrono::seconds(1);
constexpr transport::Duration kPause = std::chrono::milliseconds(100);
constexpr std::uint32_t kMostFailures = 10;

Limits session_limits(const LoadOptions& options) noexcept {
  Limits limits;
  limits.in_flight = options.pipelining ? 8 : 1;
  return limits;
}

Command plain(Verb verb) { return Plain{.verb = verb, .argument = {}}; }

// Prepared once.
const Command& command_of(Verb verb) {
  static const Command data = plain(Verb::data);
  static const Command reset = plain(Verb::rset);
  static const Command quit = plain(Verb::quit);
  static const Command start_tls = plain(Verb::starttls);
  static const Command hello = Hello{.verb = Verb::ehlo, .name = *Host::parse("localhost")};
  switch (verb) {
    case Verb::data: return data;
    case Verb::rset: return reset;
    case Verb::quit: return quit;
    case Verb::starttls: return start_tls;
    default: return hello;
  }
}

}  // namespace

LoadSession::LoadSession(transport::Loop& loop, transport::Network& network, LoadJob& job, LoadCounts& counts)
    : loop_(loop), network_(network), job_(job), counts_(counts) {}

Task<void> LoadSession::run() {
  while (failures_ < kMostFailures && has_another()) {
    const bool connected = co_await connect();
    if (connected) co_await converse();
    if (failures_ != 0) co_await transport::sleep_until(loop_, transport::later(loop_.now(), kPause));
  }
}

// Takes the next message, unless that was done already.
bool LoadSession::has_another() noexcept {
  const std::uint64_t share = job_.options().per_connection;
  if (session_ && share != 0 && sent_here_ >= share) return false;
  if (!taken_) taken_ = job_.take();
  return taken_;
}

Task<bool> LoadSession::connect() {
  ++failures_;  // until a message comes to an end
  transport::ConnectOptions options;
  options.deadline = transport::later(loop_.now(), kConnectTimeout);
  transport::StreamResult stream = co_await network_.connect(job_.server(), options);
  if (!stream) {
    counts_.add_error(stream.error().message());
    co_return false;
  }
  stream_ = std::move(*stream);
  session_.emplace(session_limits(job_.options()), Flavor::smtp);
  in_ = InputBuffer(memory_);
  content_ = {};
  first_message_ = message_count_ = 0;
  sent_here_ = 0;
  step_ = Step::hello;
  greeted_ = over_ = encrypted_ = handshake_ = false;
  if (job_.options().tls != client::TlsUse::implicit) co_return true;
  const bool encrypted = co_await encrypt();
  if (encrypted) session_->start_encrypted();
  co_return encrypted;
}

Task<bool> LoadSession::encrypt() {
  auto engine = job_.tls().context->engine(job_.tls().target);
  if (!engine) {
    lost("TLS: " + engine.error());
    co_return false;
  }
  std::unique_ptr<transport::TlsEngine> ours = std::move(*engine);
  const transport::SteadyTime begun = loop_.now();
  const transport::SteadyTime deadline = transport::later(begun, kConnectTimeout);
  transport::TlsStart started =
      co_await transport::start_tls(loop_, std::move(stream_), std::move(ours), deadline);
  if (!started) {
    lost("TLS: " + started.error().text);
    co_return false;
  }
  counts_.handshakes.add(loop_.now() - begun);
  if ((*started)->tls()->resumed) ++counts_.resumptions;
  stream_ = std::move(*started);
  encrypted_ = true;
  co_return true;
}

Task<void> LoadSession::converse() {
  while (!over_) {
    if (std::exchange(handshake_, false)) {
      const bool encrypted = co_await encrypt();
      if (!encrypted) break;
      session_->tls_established();
      step_ = Step::hello;
    }
    now_ = loop_.now();
    stream_->expires_at(transport::later(now_, kTurnTimeout));
    fill();
    const bool written = write();
    if (over_) break;
    transport::error_code failure;
    if (written) {
      failure = co_await stream_->wait_readable();
    } else {
      failure = co_await stream_->wait_writable();
    }
    if (failure) {
      lost(failure.message());
      break;
    }
    if (!written) continue;
    const bool arrived = read();
    if (arrived) take_answers();
  }
  // TLS ends with a close_notify (RFC 8446 6.1), or OpenSSL does not resume the session.
  const bool politely = encrypted_ && stream_ && step_ == Step::quit_said;
  if (politely) {
    stream_->expires_at(transport::later(loop_.now(), kPartingTimeout));
    co_await stream_->close(transport::Closing::at_once);
  }
  stream_.reset();
  session_.reset();
}

// ---- Saying ----

void LoadSession::fill() {
  while (!over_ && fill_step()) {
  }
}

// One thing more, if it may be said now.
bool LoadSession::fill_step() {
  switch (step_) {
    case Step::hello: return greeted_ && say(command_of(Verb::ehlo), Step::hello_said);
    case Step::start_tls: return say(command_of(Verb::starttls), Step::tls_said);
    case Step::mail: return begin_message();
    case Step::rcpt: return say(job_.rcpt(), Step::data);
    case Step::data: return say(command_of(Verb::data), Step::content);
    case Step::reset: return say(command_of(Verb::rset), Step::mail);
    case Step::quit: return say(command_of(Verb::quit), Step::quit_said);
    case Step::content: {
      if (!session_->in_content()) return false;
      std::string_view end;
      const Result<CommandId> ended = session_->end_content(end);
      if (!ended) return false;
      // RFC 2920 3.1: 354 though the recipient was refused; nothing is sent then.
      const bool empty = messages_[first_message_].refused.has_value();
      content_ = {empty ? std::string_view() : job_.content(), end};
      step_ = Step::mail;
      return true;
    }
    case Step::hello_said:
    case Step::tls_said:
    case Step::quit_said: return false;
  }
  return false;
}

bool LoadSession::say(const Command& command, Step next) {
  if (!session_->may_send(verb_of(command))) return false;
  const Result<CommandId> sent = session_->send(command);
  if (!sent) {
    lost(to_string(sent.error().code));
    return false;
  }
  step_ = next;
  return true;
}

bool LoadSession::begin_message() {
  if (!has_another()) {
    step_ = Step::quit;
    return true;
  }
  if (!say(job_.mail(), Step::rcpt)) return false;
  taken_ = false;
  ++sent_here_;
  messages_[(first_message_ + message_count_++) % messages_.size()] = {.begun = now_, .refused = {}};
  return true;
}

// The content in front, then commands. True: all is written.
bool LoadSession::write() {
  for (;;) {
    const std::array<std::string_view, 3> pieces = {content_[0], content_[1], session_->output()};
    if (pieces[0].empty() && pieces[1].empty() && pieces[2].empty()) return true;
    const IoResult result = stream_->try_write(pieces);
    if (result.status == IoStatus::would_block) return false;
    if (!result.done()) {
      // Why it does not want to hear more it may have said already.
      const bool arrived = read();
      if (arrived) take_answers();
      if (!over_) lost(result.error.message());
      return false;
    }
    std::size_t left = result.octets;
    for (std::string_view& piece : content_) {
      const std::size_t part = std::min(left, piece.size());
      piece.remove_prefix(part);
      left -= part;
    }
    session_->output_sent(left);
  }
}

// ---- Hearing ----

bool LoadSession::read() {
  const std::span<char> space = in_.writable();
  const IoResult result = stream_->try_read(space);
  if (result.status == IoStatus::would_block) return false;
  if (!result.done()) {
    // After QUIT a server may close without a word.
    const bool expected = step_ == Step::quit_said && message_count_ == 0;
    if (!expected) lost(result.status == IoStatus::end ? "connection closed" : result.error.message());
    over_ = true;
    return false;
  }
  in_.commit(result.octets);
  now_ = loop_.now();
  return true;
}

void LoadSession::take_answers() {
  while (!over_) {
    const ClientSession::Step step = session_->next(in_.data());
    in_.consume(step.consumed);
    if (const auto* answer = std::get_if<Answer>(&step.event)) {
      on_answer(*answer);
    } else if (const auto* broken = std::get_if<ClientSession::Broken>(&step.event)) {
      lost(to_string(broken->why.code));
    } else {
      handshake_ = std::holds_alternative<ClientSession::TlsHandshake>(step.event);
      return;
    }
  }
}

void LoadSession::on_answer(const Answer& answer) {
  using Kind = ClientSession::Kind;
  const ReplyCode code = answer.reply.code;
  switch (answer.kind) {
    case Kind::greeting:
      greeted_ = code.positive();
      if (greeted_) return;
      break;
    case Kind::content:
      finish_message(code, answer.early ? Verdict::none : Verdict::content);
      if (!answer.early && code != code::service_not_available) return;
      break;
    case Kind::command:
      on_command_answer(answer);
      if (code != code::service_not_available) return;
      break;
    default: break;
  }
  // Turned away, or the connection is ending: RFC 5321 3.8.
  if (answer.kind != Kind::content) counts_.add_error(code);
  over_ = true;
  while (message_count_ != 0) finish_message(code, Verdict::none);
}

void LoadSession::on_command_answer(const Answer& answer) {
  const ReplyCode code = answer.reply.code;
  switch (answer.verb) {
    case Verb::ehlo:
      if (code.positive()) {
        on_hello_answer();
      } else {
        static const Command kHelo = Hello{.verb = Verb::helo, .name = *Host::parse("localhost")};
        say(kHelo, Step::hello_said);
      }
      return;
    case Verb::helo: code.positive() ? on_hello_answer() : lost("HELO refused"); return;
    case Verb::starttls:
      if (code.positive()) return;
      over_ = true;
      if (code != code::service_not_available) counts_.add_error(code);
      return;
    case Verb::quit: over_ = true; return;
    default: break;
  }
  // A refusal of the second message's envelope can only come after the verdict on the first one.
  if (message_count_ == 0) return;
  Message& message = messages_[first_message_];
  const bool refused = answer.verb == Verb::data ? !code.intermediate() : !code.positive();
  if (refused && !message.refused) message.refused = code;
  if (message.refused && session_->in_flight() == 0 && !session_->in_content()) after_refused_envelope();
}

void LoadSession::on_hello_answer() {
  if (job_.options().tls != client::TlsUse::required || encrypted_) {
    counts_.connections.add();
    step_ = Step::mail;
  } else if (session_->capabilities().has(Extension::starttls)) {
    step_ = Step::start_tls;
  } else {
    lost("STARTTLS is not offered");
  }
}

// The envelope of a message was refused, and nothing more will be said to it.
void LoadSession::after_refused_envelope() {
  finish_message(*messages_[first_message_].refused, Verdict::none);
  step_ = Step::reset;
}

// A positive reply to anything but the whole content accepts nothing: there are servers that say 250 to DATA.
void LoadSession::finish_message(ReplyCode code, Verdict verdict) {
  const Message& message = messages_[first_message_];
  first_message_ = (first_message_ + 1) % static_cast<std::uint32_t>(messages_.size());
  --message_count_;
  failures_ = 0;
  const bool accepted = verdict == Verdict::content && !message.refused && code.positive();
  if (accepted) {
    counts_.delivered.add();
    counts_.latency.add(now_ - message.begun);
  } else {
    counts_.failed.add();
    counts_.add_error(message.refused.value_or(code));
  }
}

// The connection is of no more use; what was under way is lost.
void LoadSession::lost(std::string_view what) {
  over_ = true;
  counts_.add_error(what);
  if (message_count_ != 0) failures_ = 0;  // so it cannot go on for ever
  for (; message_count_ != 0; --message_count_) counts_.failed.add();
}

}  // namespace postrider::agent
