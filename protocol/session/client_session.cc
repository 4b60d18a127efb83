#include "postrider/protocol/session/client_session.h"

#include <cassert>

#include "postrider/protocol/grammar/base64.h"
#include "postrider/protocol/session/command_rules.h"

namespace postrider::protocol {

ClientSession::ClientSession(const Limits& limits, Flavor flavor, const ExtensionTable* extensions)
    : limits_(limits), flavor_(flavor), extensions_(extensions), reader_(limits) {
  pending_.resize(limits.in_flight == 0 ? 1 : limits.in_flight);
}

// ---- Sending ----

bool ClientSession::may_pipeline() const noexcept {
  if (in_flight_ == 0) return true;
  if (in_flight_ == pending_.size()) return false;
  return capabilities_.has(Extension::pipelining) && !back().last_in_group;  // RFC 2920 3.1
}

bool ClientSession::may_send(Verb verb) const noexcept {
  if (broken_ || end_of_input_ || !greeting_seen_ || tls_pending_ || in_content_ || in_auth_) return false;
  if (!greeted_ && verb != Verb::quit)
    return false;  // RFC 5321 3.1: after a 554 greeting nothing but QUIT is useful
  return may_pipeline() && in_order(verb);
}

// RFC 5321 4.1.4 and, for LMTP, RFC 2033 4.1.
bool ClientSession::in_order(Verb verb) const noexcept {
  const bool lmtp = flavor_ == Flavor::lmtp;
  const bool recipient_possible =
      recipients_in_flight_ != 0 || (answered_transaction_ == transaction_ && accepted_recipients_ != 0);
  switch (verb) {
    case Verb::ehlo:
    case Verb::helo: return !lmtp;
    case Verb::lhlo: return lmtp;
    case Verb::mail: return hello_done_ && sent_ == Sent::nothing;
    case Verb::rcpt: return sent_ == Sent::mail || sent_ == Sent::rcpt;
    case Verb::data: return sent_ == Sent::rcpt && recipient_possible;
    case Verb::bdat:
      return (sent_ == Sent::rcpt || sent_ == Sent::chunk) && recipient_possible && !chunk_failed_;
    case Verb::starttls: return hello_done_ && sent_ == Sent::nothing && !encrypted_;
    case Verb::auth: return hello_done_ && sent_ == Sent::nothing && !authenticated_;  // RFC 4954 4
    case Verb::etrn: return hello_done_ && sent_ == Sent::nothing;
    case Verb::rset:
    case Verb::vrfy:
    case Verb::expn:
    case Verb::help:
    case Verb::noop:
    case Verb::quit:
    case Verb::extension: return true;
    case Verb::unknown: return false;
  }
  return false;
}

Result<CommandId> ClientSession::send(const Command& command) {
  const Verb verb = verb_of(command);
  // Chunks carry octets behind them: send_chunk() counts them.
  if (!may_send(verb) || verb == Verb::bdat) return std::unexpected(Error{Errc::misuse});
  if (const auto why = objection(command)) return std::unexpected(Error{*why});
  if (const Result<void> written = write_command(command, output_, extensions_); !written) {
    return std::unexpected(written.error());
  }
  note_sent(command, verb);
  const auto* extended = std::get_if<Extended>(&command);
  if (extended == nullptr) return push(Kind::command, verb, command_rule(verb).last_in_group);
  return push(Kind::command, verb, extended->verb->last_in_group, extended->verb->restarts_session);
}

// What the server did not offer must not be used, RFC 5321 4.1.1.11; what it offered before TLS is forgotten.
std::optional<Errc> ClientSession::objection(const Command& command) const noexcept {
  const auto lacks = [this](Extension extension) { return !capabilities_.has(extension); };
  if (const auto* mail = std::get_if<Mail>(&command)) {
    if (!mail->parameters.smtputf8 && mail->from.mailbox.has_non_ascii())
      return Errc::non_ascii_without_smtputf8;
    // Not `used`: a command made by hand need not have filled it in.
    return parameter_objection(extensions_of(mail->parameters), mail->parameters.registered,
                               ParameterExtension::On::mail);
  }
  if (const auto* rcpt = std::get_if<Rcpt>(&command)) {
    if (!transaction_utf8_ && rcpt->to.mailbox.has_non_ascii()) return Errc::non_ascii_without_smtputf8;
    return parameter_objection(extensions_of(rcpt->parameters), rcpt->parameters.registered,
                               ParameterExtension::On::rcpt);
  }
  if (std::holds_alternative<Auth>(command) && lacks(Extension::auth)) return Errc::extension_not_offered;
  if (const auto* plain = std::get_if<Plain>(&command)) {
    if (plain->verb == Verb::starttls && lacks(Extension::starttls)) return Errc::extension_not_offered;
    if (plain->verb == Verb::etrn && lacks(Extension::etrn)) return Errc::extension_not_offered;
  }
  if (const auto* extended = std::get_if<Extended>(&command)) {
    if (extended->verb == nullptr) return Errc::misuse;
    const std::string& keyword = extended->verb->ehlo_keyword;
    if (!keyword.empty() && !capabilities_.keyword_parameters(keyword)) return Errc::extension_not_offered;
  }
  return std::nullopt;
}

std::optional<Errc> ClientSession::parameter_objection(ExtensionSet used,
                                                       const RegisteredParameters& registered,
                                                       ParameterExtension::On on) const noexcept {
  if (!used.within(capabilities_.extensions())) return Errc::extension_not_offered;
  Cursor cursor(registered.text);
  while (!cursor.done()) {
    cursor.take_while(kSpace);
    const Result<Parameter> parameter = esmtp_param(cursor, Utf8::yes);
    if (!parameter) return Errc::bad_parameter;
    const ParameterExtension* extension =
        extensions_ == nullptr ? nullptr : extensions_->find_parameter(parameter->keyword, on);
    if (extension == nullptr || extension->ehlo_keyword.empty()) continue;
    if (!capabilities_.keyword_parameters(extension->ehlo_keyword)) return Errc::extension_not_offered;
  }
  return std::nullopt;
}

void ClientSession::note_sent(const Command& command, Verb verb) noexcept {
  switch (verb) {
    case Verb::mail:
      ++transaction_;
      sent_ = Sent::mail;
      transaction_utf8_ = std::get<Mail>(command).parameters.smtputf8;
      recipients_in_flight_ = 0;
      chunk_failed_ = false;
      break;
    case Verb::rcpt:
      sent_ = Sent::rcpt;
      ++recipients_in_flight_;
      break;
    case Verb::data: sent_ = Sent::data; break;
    case Verb::rset:
    case Verb::ehlo:
    case Verb::helo:
    case Verb::lhlo: sent_ = Sent::nothing; break;
    default: break;
  }
}

Result<CommandId> ClientSession::send_auth_line(std::string_view base64) {
  if (broken_ || end_of_input_ || !in_auth_ || in_flight_ != 0) return std::unexpected(Error{Errc::misuse});
  if (!is_base64(base64)) return std::unexpected(Error{Errc::bad_base64});
  if (base64.size() + 2 > limits_.auth_line) return std::unexpected(Error{Errc::auth_line_too_long});
  output_.append(base64).append("\r\n");
  in_auth_ = false;
  return push(Kind::auth_line, Verb::auth, true);
}

Result<CommandId> ClientSession::cancel_auth() {
  if (broken_ || end_of_input_ || !in_auth_ || in_flight_ != 0) return std::unexpected(Error{Errc::misuse});
  output_.append("*\r\n");  // RFC 4954 4
  in_auth_ = false;
  return push(Kind::auth_line, Verb::auth, true);
}

Result<DotEncoder::Piece> ClientSession::content(std::string_view message) {
  if (broken_ || !in_content_) return std::unexpected(Error{Errc::misuse});
  return encoder_.next(message);
}

Result<CommandId> ClientSession::end_content(std::string_view& wire) {
  if (broken_ || !in_content_) return std::unexpected(Error{Errc::misuse});
  const Result<std::string_view> end = encoder_.finish();
  if (!end) return std::unexpected(end.error());
  wire = *end;
  in_content_ = false;
  sent_ = Sent::nothing;
  if (content_answered_) return last_id_;
  return push(Kind::content, Verb::data, false);
}

Result<CommandId> ClientSession::send_chunk(std::uint64_t size, bool last) {
  if (!may_send(Verb::bdat)) return std::unexpected(Error{Errc::misuse});
  if (!capabilities_.has(Extension::chunking)) return std::unexpected(Error{Errc::extension_not_offered});
  if (const Result<void> written = write_command(Bdat{size, last}, output_); !written) {
    return std::unexpected(written.error());
  }
  sent_ = last ? Sent::nothing : Sent::chunk;
  return push(last ? Kind::content : Kind::chunk, Verb::bdat, false);
}

void ClientSession::output_sent(std::size_t n) noexcept {
  output_begin_ += n;
  if (output_begin_ < output_.size()) return;
  output_.clear();
  output_begin_ = 0;
}

// ---- Receiving ----

ClientSession::Step ClientSession::next(std::string_view input) {
  if (broken_) return {0, Broken{*broken_}};
  if (tls_pending_) {
    // What follows the 220 in clear was not sent by the one we are about to shake hands with.
    if (!input.empty()) return {0, broken(Errc::plaintext_after_starttls)};
    return {0, TlsHandshake{}};
  }
  const ReplyReader::Read read = reader_.next(input);
  if (!read.reply) {
    if (end_of_input_) return {read.consumed, Closed{}};
    return {read.consumed, NeedInput{}};
  }
  if (!*read.reply) return {read.consumed, broken(read.reply->error().code)};
  return {read.consumed, on_reply(**read.reply, read.consumed < input.size())};
}

ClientSession::Event ClientSession::on_reply(const ReplyView& reply, bool octets_behind) {
  if (!greeting_seen_) {
    greeting_seen_ = true;
    greeted_ = reply.code.positive();
    if (reply.code.intermediate()) return broken(Errc::bad_reply_code);
    return Answer{0, Kind::greeting, Verb::unknown, 0, false, reply};
  }
  if (in_flight_ == 0) {
    if (in_content_ && !content_answered_ && !reply.code.intermediate()) {
      // The server does not wait for the end of the content: its verdict is this one (mox#198).
      content_answered_ = true;
      return Answer{last_id_, Kind::content, Verb::data, 0, true, reply};
    }
    if (reply.code == code::service_not_available) {  // RFC 5321 3.8: may come at any time
      return Answer{0, Kind::shutting_down, Verb::unknown, 0, false, reply};
    }
    return broken(Errc::unsolicited_reply);
  }
  Pending& pending = front();
  const Answer answer{pending.id, pending.kind, pending.verb, pending.replies_seen, false, reply};
  // Only DATA and AUTH have an intermediate answer, and no chunk or content has.
  if (reply.code.intermediate() && pending.verb != Verb::auth &&
      !(pending.verb == Verb::data && pending.kind == Kind::command)) {
    return broken(Errc::bad_reply_code);
  }
  // RFC 2033 4.2: one reply for each recipient that was accepted, in their order.
  if (pending.kind == Kind::content && flavor_ == Flavor::lmtp &&
      ++pending.replies_seen < accepted_recipients_) {
    return answer;
  }
  const Pending answered = pending;
  pop();
  on_answer(answered, reply);
  if (tls_pending_ && octets_behind) return broken(Errc::plaintext_after_starttls);
  return answer;
}

void ClientSession::on_answer(const Pending& pending, const ReplyView& reply) {
  const bool positive = reply.code.positive();
  switch (pending.kind) {
    case Kind::content: accepted_recipients_ = 0; return;
    case Kind::chunk:
      if (!positive && pending.transaction == transaction_) chunk_failed_ = true;
      return;
    case Kind::auth_line: break;
    case Kind::command: break;
    case Kind::greeting:
    case Kind::shutting_down: return;
  }
  switch (pending.verb) {
    case Verb::ehlo:
    case Verb::lhlo: {
      const Result<Capabilities> seen = parse_ehlo_reply(reply);
      capabilities_ = seen.value_or(Capabilities());
      hello_done_ = seen.has_value();
      if (positive) accepted_recipients_ = 0;
      break;
    }
    case Verb::helo:
      capabilities_ = Capabilities();
      hello_done_ = positive;
      if (positive) accepted_recipients_ = 0;
      break;
    case Verb::rset:
      if (positive) accepted_recipients_ = 0;
      break;
    case Verb::mail:
      answered_transaction_ = pending.transaction;
      accepted_recipients_ = 0;
      mail_accepted_ = positive;
      if (!positive && pending.transaction == transaction_ && sent_ != Sent::data) sent_ = Sent::nothing;
      break;
    case Verb::rcpt:
      if (pending.transaction == transaction_ && recipients_in_flight_ != 0) --recipients_in_flight_;
      if (positive) ++accepted_recipients_;
      break;
    case Verb::data:
      if (reply.code.intermediate()) {
        in_content_ = true;
        content_answered_ = false;
        encoder_ = DotEncoder();
      } else if (pending.transaction == transaction_ && sent_ == Sent::data) {
        sent_ = mail_accepted_ ? Sent::rcpt
                               : Sent::nothing;  // the server may still have the transaction: RSET ends it
      }
      break;
    case Verb::starttls: tls_pending_ = positive; break;
    case Verb::auth:
      in_auth_ = reply.code == code::auth_continue;
      if (positive) authenticated_ = true;
      break;
    case Verb::extension:
      if (positive && pending.restarts_session) forget_session();
      break;
    default: break;
  }
}

void ClientSession::tls_established() {
  assert(tls_pending_ && output().empty());
  tls_pending_ = false;
  encrypted_ = true;
  reader_.reset();
  forget_session();
}

void ClientSession::end_of_input() noexcept { end_of_input_ = true; }

// RFC 3207 4.2: nothing that was learned in clear is used under TLS.
void ClientSession::forget_session() noexcept {
  capabilities_ = Capabilities();
  hello_done_ = false;
  authenticated_ = false;
  sent_ = Sent::nothing;
  accepted_recipients_ = 0;
  recipients_in_flight_ = 0;
}

ClientSession::Event ClientSession::broken(Errc why) noexcept {
  broken_ = Error{why};
  return Broken{*broken_};
}

// ---- The ring of what is unanswered ----

CommandId ClientSession::push(Kind kind, Verb verb, bool last_in_group, bool restarts_session) {
  const std::size_t place = (first_pending_ + in_flight_) % pending_.size();
  pending_[place] = {++last_id_, transaction_, 0, kind, verb, last_in_group, restarts_session};
  ++in_flight_;
  return last_id_;
}

const ClientSession::Pending& ClientSession::back() const noexcept {
  return pending_[(first_pending_ + in_flight_ - 1) % pending_.size()];
}

void ClientSession::pop() noexcept {
  first_pending_ = static_cast<std::uint32_t>((first_pending_ + 1) % pending_.size());
  --in_flight_;
}

}  // namespace postrider::protocol
