// Drives a ServerSession and answers its questions by Choices, keeps the books of all that it tells, and
// requires what must hold at every step, whatever the peer sends.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "postrider/fuzz/support/choices.h"
#include "postrider/fuzz/support/fuzz_input.h"
#include "postrider/fuzz/support/require.h"
#include "postrider/fuzz/support/transcript.h"
#include "postrider/protocol/session/server_session.h"

namespace postrider::fuzz {

class ServerDriver {
 public:
  ServerDriver(const protocol::ServerProfile& profile, Choices& answers)
      : profile_(profile), answers_(answers), session_(profile) {}

  void greet(const protocol::ReplyView& greeting, std::string_view already_received = {}) {
    session_.greet(greeting, already_received);
    require(!session_.output().empty(), "a greeting is written");
  }

  // One read: the session runs until it needs more. Views that it gives are into memory that is gone
  // afterwards.
  void receive(std::string_view octets) {
    if (closed_) return;
    unconsumed_.append(octets);
    const ExactCopy copy(unconsumed_);
    std::string_view input = copy.view();
    run(input);
    unconsumed_.assign(input);
  }
  void end_of_input() {
    session_.end_of_input();
    receive({});
    require(closed_, "a session ends with its input");
  }
  void shut_down() {
    session_.shut_down({protocol::code::service_not_available, "Stopping"});
    receive({});
    require(closed_, "a session ends when it is told so");
  }

  // What was written since the last call.
  std::string take_written() { return std::exchange(fresh_, {}); }

  [[nodiscard]] bool closed() const { return closed_; }
  [[nodiscard]] protocol::ev::Closed::Cause cause() const { return cause_; }
  // Everything that was told but the slices of content, which are joined; for comparing runs.
  [[nodiscard]] const std::vector<std::string>& events() const { return events_; }
  [[nodiscard]] const std::vector<ReceivedMessage>& messages() const { return messages_; }
  // What the handler was asked; the texts of its answers begin with "q" and the place in this list.
  [[nodiscard]] const std::vector<std::string>& questions() const { return questions_; }
  // All octets in both directions.
  [[nodiscard]] const std::string& consumed() const { return consumed_; }
  [[nodiscard]] const std::string& written() const { return written_; }
  [[nodiscard]] const protocol::ServerSession& session() const { return session_; }

 private:
  enum class Stage : std::uint8_t { none, mail, rcpt, content };

  // Short names of the core, for all that follows.
  using Reply = protocol::Reply;
  using ReplyCode = protocol::ReplyCode;

  // ---- The loop ----

  void run(std::string_view& input) {
    // Octets are consumed, a question is asked or something is told with every step: this is far above what
    // can be.
    for (std::size_t left = 64 + 8 * input.size(); !closed_; --left) {
      require(left != 0, "the session makes progress");
      const std::size_t waiting = session_.output().size();
      const protocol::ServerSession::Step step = session_.next(input);
      require(step.consumed <= input.size(), "no more is consumed than there was");
      consumed_.append(input.substr(0, step.consumed));
      input.remove_prefix(step.consumed);
      check_output(waiting);
      require(to_string(session_.state()) != "?", "a state has a name for logs");
      if (std::holds_alternative<protocol::ev::NeedInput>(step.event)) break;
      std::visit([this](const auto& event) { on(event); }, step.event);
      require(!session_.question_open(), "a question that was answered is closed");
    }
    const protocol::Limits& limits = profile_->limits;
    // That a CR is bare is told by the octet behind it.
    if (closed_ && bare_cr_ && !input.empty()) consumed_ += input.front();
    require(closed_ || input.size() < std::max(limits.command_line, limits.auth_line),
            "no more than a line is left for the next read");
    flush();
  }

  // RFC 2920 3.2: a peer that does not read is no reason to keep ever more. Above the limit nothing is added;
  // below it one reply of the session's own, in LMTP one for each recipient.
  void check_output(std::size_t waiting) {
    constexpr std::size_t kOwnReply = 160;
    const protocol::Limits& limits = profile_->limits;
    const std::size_t most = limits.queued_output + kOwnReply * std::max<std::size_t>(1, limits.recipients);
    require(session_.output().size() <= std::max(waiting, most), "output that waits is bounded");
  }

  // In two writes, the first of which is cut anywhere.
  void flush() {
    const std::string all(session_.output());
    const std::size_t first = all.size() / 2;
    session_.output_sent(first);
    require_equal(session_.output(), std::string_view(all).substr(first), "what was not sent stays");
    session_.output_sent(all.size() - first);
    require(session_.output().empty(), "what was sent is gone");
    written_ += all;
    fresh_ += all;
  }

  // ---- Answers ----

  // The text begins with the number of the question, so that each reply can be traced to it.
  Reply answer(ReplyCode yes, const std::string& question) {
    std::string text = "q" + std::to_string(questions_.size()) + " " + question.substr(0, question.find('('));
    questions_.push_back(question);
    switch (const std::uint32_t choice = answers_.below(32); choice) {
      case 26: return {protocol::code::mailbox_busy, protocol::status::mail_system, text};
      case 27: return {protocol::code::insufficient_storage, protocol::status::system_full, text};
      case 28: return {protocol::code::mailbox_unavailable, protocol::status::bad_mailbox, text};
      case 29: return {protocol::code::transaction_failed, text};
      case 30: return {yes, text += "\nand\r\nmore\n\n250 no line of its own\0" + std::string(600, 'x')};
      case 31:
        if (answers_.below(4) == 3) return {protocol::code::service_not_available, text};
        return {yes, protocol::EnhancedDetail{7, 1234}, text + "\t\xC3\xA9\x7F"};
      default: return {yes, protocol::status::other, text};
    }
  }

  void say(const Reply& reply) {
    session_.reply(reply);
    log("  " + protocol::to_log_line(reply.view()).substr(0, 40));
  }
  bool ask(ReplyCode yes, const std::string& question) {
    require(!challenged_, "the line behind a challenge is no command");
    log(question);
    const Reply reply = answer(yes, question);
    say(reply);
    return reply.code() == yes && session_.state() != protocol::State::closed;
  }
  void log(std::string what) { events_.push_back(std::move(what)); }

  // ---- Events ----

  void on(const protocol::ev::NeedInput&) {}
  void on(const protocol::ev::FlushOutput&) {
    require(session_.output().size() > profile_->limits.queued_output,
            "a flush is wanted when there is much");
    flush();
  }
  void on(const protocol::ev::Hello& hello) {
    const bool lmtp = profile_->flavor == protocol::Flavor::lmtp;
    require(lmtp == (hello.verb == protocol::Verb::lhlo), "RFC 2033 4.1: LHLO in LMTP and nowhere else");
    const bool taken = ask(protocol::code::ok, "Hello(" + std::string(hello.name.text()) + ")");
    if (!taken) return;
    require(session_.extended_hello() == (hello.verb != protocol::Verb::helo), "HELO has no extensions");
    forget();
  }
  void on(const protocol::ev::StartTls&) {
    require(!session_.encrypted(), "RFC 3207 4.2: STARTTLS once");
    ask(protocol::code::service_ready, "StartTls");
  }
  void on(const protocol::ev::TlsHandshake&) {
    flush();
    log("TlsHandshake");
    session_.tls_established();
    require(session_.encrypted() && !session_.authenticated() && !session_.extended_hello(),
            "RFC 3207 4.2: what was said in clear is forgotten");
    forget();
  }
  void on(const protocol::ev::Auth& auth) {
    require(!session_.authenticated(), "RFC 4954 4: AUTH once");
    require(session_.offered().has_mechanism(auth.mechanism), "a mechanism that is offered");
    ask_auth("Auth(" + std::string(auth.mechanism) + ")");
  }
  void on(const protocol::ev::AuthLine& line) {
    require(std::exchange(challenged_, false), "an answer needs a challenge");
    ask_auth("AuthLine(" + std::string(line.base64) + ")");
  }
  void ask_auth(const std::string& question) {
    if (answers_.below(4) == 1) {
      challenged_ = true;
      log(question);
      return session_.challenge("dGVzdA==");
    }
    const bool yes = ask(protocol::code::authenticated, question);
    require(session_.authenticated() == yes || session_.state() == protocol::State::closed,
            "authenticated is who was told so");
  }
  void on(const protocol::ev::AuthCancelled& cancelled) {
    require(std::exchange(challenged_, false), "only an exchange can be cancelled");
    log(cancelled.by_client ? "AuthCancelled(by client)" : "AuthCancelled");
  }
  void on(const protocol::ev::Mail& mail) {
    require(stage_ == Stage::none, "one transaction at a time");
    const protocol::ExtensionSet offered =
        session_.extended_hello() ? session_.offered().extensions() : protocol::ExtensionSet();
    require(mail.parameters.used.within(offered), "what was not offered is not used");
    require(mail.parameters.smtputf8 || !mail.from.mailbox.has_non_ascii(), "UTF-8 needs SMTPUTF8");
    forget();
    current_.sender = mail.from.null ? "<>" : std::string(mail.from.mailbox.text());
    if (ask(protocol::code::ok, "Mail(" + current_.sender + ")")) stage_ = Stage::mail;
  }
  void on(const protocol::ev::Rcpt& rcpt) {
    require(stage_ == Stage::mail || stage_ == Stage::rcpt, "a recipient needs a sender");
    std::string to = rcpt.to.postmaster ? "Postmaster" : std::string(rcpt.to.mailbox.text());
    if (!ask(protocol::code::ok, "Rcpt(" + to + ")")) return;
    current_.recipients.push_back(std::move(to));
    stage_ = Stage::rcpt;
    require(session_.accepted_recipients() == current_.recipients.size(), "accepted recipients are counted");
    require(current_.recipients.size() <= profile_->limits.recipients, "and bounded");
  }
  void on(const protocol::ev::DataBegin&) {
    require(stage_ == Stage::rcpt, "content needs a recipient");
    if (ask(protocol::code::start_mail_input, "DataBegin")) begin_content();
  }
  void on(const protocol::ev::ChunkBegin& chunk) {
    require(stage_ == Stage::rcpt, "content needs a recipient");
    const bool taken = ask(protocol::code::ok, "ChunkBegin(" + std::to_string(chunk.size) + ")");
    if (taken) return begin_content();
    forget();
  }
  void begin_content() {
    stage_ = Stage::content;
    current_.octets.clear();
  }
  void on(const protocol::ev::Body& body) {
    require(stage_ == Stage::content, "a slice belongs to content");
    require(!body.octets.empty(), "and is not empty");
    current_.octets.append(body.octets);
    const std::uint64_t limit = profile_->limits.message_octets;
    require(limit == 0 || current_.octets.size() <= limit, "no more is told than a message may have");
  }
  void on(const protocol::ev::ChunkEnd&) {
    require(stage_ == Stage::content, "a chunk belongs to content");
    log("ChunkEnd");
  }
  void on(const protocol::ev::BodyEnd& end) {
    require(stage_ == Stage::content, "the end belongs to content");
    require(end.octets == current_.octets.size(), "as many octets as were told");
    log("BodyEnd(" + std::to_string(end.octets) + ")");
    const bool lmtp = profile_->flavor == protocol::Flavor::lmtp;
    const std::size_t expected = lmtp ? current_.recipients.size() : 1;
    while (session_.question_open()) {
      const Reply verdict = answer(protocol::code::ok, "message");
      say(verdict);
      current_.verdicts.push_back(verdict.code());
    }
    require(current_.verdicts.size() == expected || session_.state() == protocol::State::closed,
            "RFC 2033 4.2: in LMTP a reply for each recipient, else one");
    messages_.push_back(current_);
    forget();
  }
  void on(const protocol::ev::BodyRefused& refused) {
    require(stage_ == Stage::content, "content that was begun is refused");
    log("BodyRefused(" + std::string(to_string(refused.why)) + ")");
    forget();
  }
  void on(const protocol::ev::Query& query) {
    ask(protocol::code::ok, "Query(" + std::string(query.argument) + ")");
  }
  void on(const protocol::ev::Extended& extended) {
    const bool yes = ask(protocol::code::ok, "Extended(" + extended.verb->name + ")");
    if (!yes || !extended.verb->restarts_session) return;
    require(session_.state() == protocol::State::greeted, "the session is where the greeting left it");
    forget();
  }
  void on(const protocol::ev::Reset&) {
    log("Reset");
    require(session_.accepted_recipients() == 0, "a reset forgets the recipients");
    forget();
  }
  void on(const protocol::ev::Refused& refused) {
    log("Refused(" + std::string(to_string(refused.why)) + "," + std::to_string(refused.code.value()) + ")");
    require(refused.code.permanent() || refused.code.transient(), "a refusal is negative");
    require(!challenged_ || session_.state() == protocol::State::closed,
            "the line behind a challenge is no command");
    bare_cr_ = refused.why == protocol::Errc::bare_carriage_return;
  }
  void on(const protocol::ev::Closed& closed) {
    log("Closed(" + std::to_string(static_cast<int>(closed.cause)) + ")");
    closed_ = true;
    cause_ = closed.cause;
    const std::string left(session_.output());
    const protocol::ServerSession::Step again = session_.next("NOOP\r\n");
    const auto* same = std::get_if<protocol::ev::Closed>(&again.event);
    require(same != nullptr && same->cause == cause_ && again.consumed == 0, "Closed is the last event");
    require_equal(session_.output(), left, "nothing is written after it");
  }

  void forget() {
    stage_ = Stage::none;
    current_ = ReceivedMessage();
  }

  const protocol::ServerProfile& profile_;
  Choices& answers_;
  protocol::ServerSession session_;
  std::string unconsumed_;
  std::string consumed_;
  std::string written_;
  std::string fresh_;
  std::vector<std::string> events_;
  std::vector<std::string> questions_;
  std::vector<ReceivedMessage> messages_;
  ReceivedMessage current_;
  Stage stage_ = Stage::none;
  bool challenged_ = false;
  bool bare_cr_ = false;  // the last refusal was for one
  bool closed_ = false;
  protocol::ev::Closed::Cause cause_{};
};

}  // namespace postrider::fuzz
