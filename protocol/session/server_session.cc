// The flow of a session: next(), lines, replies and the end. The commands are in server_session_commands.cc,
// message content in server_session_content.cc.
#include "postrider/protocol/session/server_session.h"

#include <cassert>
#include <utility>

#include "postrider/protocol/grammar/base64.h"
#include "postrider/protocol/grammar/reply_hint.h"

namespace postrider::protocol {
namespace {

constexpr ReplyView kShutDown{code::service_not_available, status::not_accepting,
                              "Service not available, closing"};

// The hint for a command line, where the code or status also depends on which command it is.
ReplyView hint_for(Verb verb, Errc why) noexcept {
  ReplyView hint = reply_hint(why);
  const bool about_address = hint.code == code::bad_mailbox_name;
  if (about_address && (verb == Verb::ehlo || verb == Verb::helo || verb == Verb::lhlo)) {
    hint.code = code::bad_arguments;  // RFC 5321 4.3.2 knows no 553 for EHLO
    hint.status = status::invalid_arguments;
  } else if (about_address && verb == Verb::mail) {
    // RFC 6531 3.5: 550 when it is the sender's address; RFC 3463 3.2: X.1.7 is the sender's syntax.
    if (why == Errc::non_ascii_without_smtputf8)
      hint.code = code::mailbox_unavailable;
    else
      hint.status = status::bad_sender_syntax;
  }
  return hint;
}

}  // namespace

ServerProfile::ServerProfile(ServerOptions options) : options_(std::move(options)) {
  write_ehlo_text(options_.hostname, options_.capabilities, hello_texts_[0]);
  write_ehlo_text(options_.hostname, options_.capabilities_after_tls, hello_texts_[1]);
}

ServerSession::ServerSession(const ServerProfile& profile) noexcept
    : profile_(&profile),
      scanner_(profile->leniency.allows(Lenience::bare_line_feed_in_command)
                   ? LineScanner::BareLineFeed::accept
                   : LineScanner::BareLineFeed::refuse) {}

void ServerSession::start_encrypted() noexcept { encrypted_ = true; }

void ServerSession::greet(const ReplyView& greeting, std::string_view already_received) {
  assert(state_ == State::banner);
  // RFC 5321 4.3.1: a client waits for the greeting. One that does not is a spam engine or speaks another
  // protocol.
  if (!already_received.empty() && !allows(Lenience::octets_after_group_end)) {
    send(reply_hint(Errc::early_talker), WriteEnhanced::no);
    return close(Closed::early_talker);
  }
  send(greeting, WriteEnhanced::no);  // RFC 2034 4: no status in the greeting
  if (greeting.code.positive()) {
    state_ = State::greeted;
  } else if (greeting.code == code::service_not_available) {
    close(Closed::refused);
  } else {
    state_ = State::turned_away;  // RFC 5321 3.1: after 554 everything but QUIT is answered 503
  }
}

ServerSession::Step ServerSession::next(std::string_view input) {
  assert(question_ == Question::none && state_ != State::banner);
  if (question_ != Question::none || state_ == State::banner) close(Closed::shut_down);

  Step step{0, ev::NeedInput{}};
  for (;;) {
    if (reset_) {
      step.event.emplace<ev::Reset>(*reset_);
      reset_.reset();
      return step;
    }
    if (state_ == State::closed) {
      step.event.emplace<ev::Closed>(closed_because_);
      return step;
    }
    if (output_.size() > (*profile_)->limits.queued_output) {
      step.event.emplace<ev::FlushOutput>();
      return step;
    }
    if (state_ == State::tls) {
      step.event.emplace<ev::TlsHandshake>();
      return step;
    }
    const Progress done = progress(input.substr(step.consumed), step.event);
    step.consumed += done.consumed;
    if (done.told) return step;
    if (done.needs_input) {
      if (!end_of_input_) return step;
      close(Closed::end_of_input);
    }
  }
}

ServerSession::Progress ServerSession::progress(std::string_view input, ServerEvent& out) {
  if (state_ == State::data) return on_data_octets(input, out);
  if (state_ == State::chunk) return on_chunk_octets(input, out);
  const Limits& limits = (*profile_)->limits;
  const LineScanner::Scan scan =
      scanner_.scan(input, state_ == State::auth ? limits.auth_line : limits.command_line);
  if (scan.status == LineScanner::Status::need_more) return {.consumed = scan.consumed, .needs_input = true};
  const bool told = on_line(scan, scan.consumed < input.size(), out);
  return {.consumed = scan.consumed, .told = told};
}

bool ServerSession::on_line(const LineScanner::Scan& scan, bool octets_behind, ServerEvent& out) {
  const bool in_auth = state_ == State::auth;
  switch (scan.status) {
    case LineScanner::Status::bad_ending:
      // What is behind a wrong line end could be read in two ways, so nothing behind it is read at all.
      return refuse_and_close(in_auth ? Verb::auth : Verb::unknown, scan.flaw, Closed::bad_ending, out);
    case LineScanner::Status::too_long:
      if (in_auth) {
        send_refusal(reply_hint(Errc::auth_line_too_long));
        if (state_ == State::auth) state_ = State::ready;
        out.emplace<ev::AuthCancelled>(false);
        return true;
      }
      return refuse(Verb::unknown, Errc::line_too_long, out);  // RFC 5321 4.5.3.1.9
    case LineScanner::Status::line:
    case LineScanner::Status::need_more: break;
  }
  if (scan.bare_line_feed) leniency_used_.count(Lenience::bare_line_feed_in_command);
  if (in_auth) return on_auth_line(scan.line, octets_behind, out);

  const Syntax syntax{
      // RFC 6531 3.4: UTF-8 in a RCPT needs SMTPUTF8 in the MAIL before it; in a MAIL the parameter comes
      // after it.
      .utf8 = (state_ == State::mail || state_ == State::rcpt
                   ? transaction_utf8_
                   : extended_hello_ && offered().has(Extension::smtputf8))
                  ? Utf8::yes
                  : Utf8::no,
      .leniency = (*profile_)->leniency,
      .extensions = (*profile_)->extensions,
  };
  const ParsedLine line = parse_command(scan.line, syntax);
  leniency_used_.count_all(line.used);
  return on_command(line, octets_behind, out);
}

// RFC 4954 4: the lines between AUTH and its final reply.
bool ServerSession::on_auth_line(std::string_view line, bool octets_behind, ServerEvent& out) {
  if (octets_behind && !allows(Lenience::octets_after_group_end)) {
    return refuse_and_close(Verb::auth, Errc::pipelining_violation, Closed::pipelining_violation, out);
  }
  if (line != "*" && is_base64(line)) return ask(Question::auth, out, ev::AuthLine{line});
  const bool by_client = line == "*";
  state_ = State::ready;
  send_refusal(by_client ? ReplyView(code::bad_arguments, status::security, "Authentication cancelled")
                         : reply_hint(Errc::bad_base64));
  out.emplace<ev::AuthCancelled>(by_client);
  return true;
}

void ServerSession::reply(const ReplyView& reply) {
  assert(question_ != Question::none);
  const Question question = std::exchange(question_, Question::none);
  const bool positive = reply.code.positive();
  if (reply.code == code::service_not_available) {  // RFC 5321 3.8: 421 may answer anything, and closes
    send(reply);
    return close(Closed::refused);
  }
  // A refused chunk is answered when it has been swallowed; EHLO's answer is not the handler's text.
  if (question == Question::chunk) return after_chunk(reply);
  if (question == Question::hello && positive) return after_hello(reply.code);
  if (question == Question::extended && positive) {
    send(reply, asked_verb_->restarts_session ? WriteEnhanced::no : WriteEnhanced::yes);
    return after_extended(reply.code);
  }
  if (question == Question::data && !positive && reply.code.intermediate()) {
    send(reply);
    decoder_ = DotDecoder((*profile_)->limits.text_line,
                          allows(Lenience::convert_bare_endings) ? BareEndings::convert : BareEndings::keep);
    content_error_.reset();
    state_ = State::data;
    return;
  }
  const bool out_of_place = reply.code.intermediate() || (question == Question::data && positive);
  const ReplyView answer =
      out_of_place ? ReplyView(code::local_error, status::mail_system, "Internal error, try again later")
                   : reply;
  assert(!out_of_place);

  ReplyCode sent = answer.code;
  // A message refused for many recipients (RFC 2033 4.2) is one error.
  const bool counts = question != Question::content || open_replies_ == 1;
  if (answer.code.permanent() && counts)
    sent = send_refusal(answer);
  else
    send(answer);
  if (state_ == State::closed) return;
  switch (question) {
    case Question::start_tls:
      if (sent.positive()) state_ = State::tls;
      break;
    case Question::auth: return after_auth(sent);
    case Question::mail:
      if (sent.positive())
        state_ = State::mail;
      else
        forget_transaction();
      break;
    case Question::rcpt:
      if (sent.positive()) {
        ++accepted_recipients_;
        state_ = State::rcpt;
      } else {
        recipients_refused_ = true;
      }
      break;
    case Question::content: return after_content(sent);
    case Question::hello:
    case Question::extended:
    case Question::data:
    case Question::chunk:
    case Question::query:
    case Question::none: break;
  }
}

void ServerSession::after_hello(ReplyCode code) {
  // RFC 5321 4.1.4: a second EHLO clears everything, as RSET does.
  if (state_ != State::greeted && state_ != State::ready) reset_ = ev::Reset::Cause::hello;
  forget_transaction();
  state_ = State::ready;
  extended_hello_ = asked_extended_hello_;
  // RFC 2034 4: replies to EHLO and HELO carry no status.
  send({code, extended_hello_ ? profile_->hello_text(encrypted_) : std::string_view((*profile_)->hostname)},
       WriteEnhanced::no);
}

void ServerSession::after_auth(ReplyCode code) {
  state_ = State::ready;
  if (code.positive()) authenticated_ = true;
}

void ServerSession::after_extended(ReplyCode) {
  if (!asked_verb_->restarts_session) return;
  if (state_ != State::greeted && state_ != State::ready) reset_ = ev::Reset::Cause::restarted;
  forget_transaction();
  authenticated_ = false;
  extended_hello_ = false;
  state_ = State::greeted;
}

void ServerSession::challenge(std::string_view base64) {
  assert(question_ == Question::auth && is_base64(base64));
  question_ = Question::none;
  state_ = State::auth;
  send({code::auth_continue, base64}, WriteEnhanced::no);
}

void ServerSession::tls_established() {
  assert(state_ == State::tls && output_.empty());
  // RFC 3207 4.2: the server forgets all that it learned from the client in clear.
  forget_transaction();
  scanner_.reset();
  encrypted_ = true;
  authenticated_ = false;
  extended_hello_ = false;
  state_ = State::greeted;
}

void ServerSession::adopt(const ServerProfile& profile) noexcept {
  assert(state_ == State::banner || state_ == State::tls);
  profile_ = &profile;
}

void ServerSession::end_of_input() noexcept { end_of_input_ = true; }

void ServerSession::shut_down(const ReplyView& reply) {
  if (state_ == State::closed) return;
  question_ = Question::none;
  // Inside a TLS handshake nothing can be said; everywhere else a line of our own stands between whole
  // replies.
  if (state_ != State::tls) send(reply.code == code::service_not_available ? reply : kShutDown);
  close(Closed::shut_down);
}

void ServerSession::send(const ReplyView& reply, WriteEnhanced enhanced) {
  write_reply(reply, enhanced, output_);
}

void ServerSession::send(const ReplyView& reply) {
  send(reply, offered().has(Extension::enhanced_status_codes) ? WriteEnhanced::yes : WriteEnhanced::no);
}

ReplyCode ServerSession::send_refusal(const ReplyView& reply) {
  if (reply.code.permanent() && ++errors_ > (*profile_)->limits.errors) {
    const ReplyView last = reply_hint(Errc::too_many_errors);
    send(last);
    close(Closed::too_many_errors);
    return last.code;
  }
  send(reply);
  return reply.code;
}

bool ServerSession::refuse(Verb verb, Errc why, ServerEvent& out) {
  const ReplyCode sent = send_refusal(hint_for(verb, why));
  out.emplace<ev::Refused>(verb, why, sent);
  return true;
}

bool ServerSession::refuse_and_close(Verb verb, Errc why, Closed cause, ServerEvent& out) {
  refuse(verb, why, out);
  if (state_ != State::closed) close(cause);
  return true;
}

void ServerSession::close(Closed cause) noexcept {
  question_ = Question::none;
  reset_.reset();
  closed_because_ = cause;
  state_ = State::closed;
}

void ServerSession::forget_transaction() noexcept {
  if (state_ == State::mail || state_ == State::rcpt || state_ == State::chunking ||
      state_ == State::chunk_failed) {
    state_ = State::ready;
  }
  accepted_recipients_ = 0;
  recipients_refused_ = false;
  transaction_utf8_ = false;
  transaction_binary_ = false;
  content_error_.reset();
}

}  // namespace postrider::protocol
