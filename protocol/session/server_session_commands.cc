// What a ServerSession does with each command.
#include "postrider/protocol/grammar/reply_hint.h"
#include "postrider/protocol/session/server_session.h"

namespace postrider::protocol {
namespace {

constexpr ReplyView kOk{code::ok, status::other, "Ok"};
constexpr ReplyView kBye{code::closing_channel, status::other, "Bye"};

// RFC 4954 4: the one case in which AUTH need not end its group is an initial response to a mechanism that
// is known to have no more than that one.
bool authenticates_at_once(const ParsedLine& line) noexcept {
  if (!line.command) return false;
  const auto* auth = std::get_if<Auth>(&*line.command);
  return auth != nullptr && auth->initial &&
         (equal_ignoring_case(auth->mechanism, "PLAIN") || equal_ignoring_case(auth->mechanism, "EXTERNAL"));
}

}  // namespace

bool ServerSession::on_command(const ParsedLine& line, bool octets_behind, ServerEvent& out) {
  const CommandRule& rule = command_rule(line.verb);
  const VerbExtension* registered = nullptr;
  if (line.command) {
    if (const auto* extended = std::get_if<Extended>(&*line.command)) registered = extended->verb;
  }

  const bool last_in_group = registered != nullptr ? registered->last_in_group : rule.last_in_group;
  if (octets_behind && last_in_group && !authenticates_at_once(line)) {
    // CVE-2011-0411 and its relatives: what came in clear behind STARTTLS must never be read as if it came
    // under TLS.
    if (line.verb == Verb::starttls) {
      return refuse_and_close(line.verb, Errc::plaintext_after_starttls, Closed::plaintext_after_starttls,
                              out);
    }
    // Behind DATA and AUTH stands something that is no command. Were the command refused, it would be run as
    // commands.
    const bool must_close = rule.closes_on_octets_behind || registered != nullptr;
    if (must_close && !allows(Lenience::octets_after_group_end)) {
      return refuse_and_close(line.verb, Errc::pipelining_violation, Closed::pipelining_violation, out);
    }
    ++pipelining_violations_;
    if (must_close) leniency_used_.count(Lenience::octets_after_group_end);
  }

  // RFC 3030 2: a chunk must be skipped even when it is refused. One of unknown size cannot be.
  if (line.verb == Verb::bdat && !line.command) {
    return refuse_and_close(Verb::bdat, line.command.error().code, Closed::bad_chunk_size, out);
  }
  if (state_ == State::turned_away && line.verb != Verb::quit && line.verb != Verb::bdat) {  // RFC 5321 3.1
    return refuse(line.verb, Errc::verb_not_allowed_now, out);
  }
  if (line.verb == Verb::unknown) return refuse(Verb::unknown, line.command.error().code, out);
  // RFC 2033 4.1: LMTP has LHLO and neither HELO nor EHLO; SMTP has no LHLO.
  if (line.verb == Verb::lhlo ? !lmtp() : (lmtp() && (line.verb == Verb::ehlo || line.verb == Verb::helo))) {
    return refuse(line.verb, Errc::unknown_verb, out);
  }
  const std::optional<Errc> wrong_moment =
      registered != nullptr ? refusal(registered->moment, state_) : refusal(line.verb, state_);
  if (wrong_moment && line.verb != Verb::bdat) {
    const bool no_recipients =
        line.verb == Verb::data && state_ == State::mail && recipients_refused_ && !lmtp();
    return refuse(line.verb, no_recipients ? Errc::no_valid_recipients : *wrong_moment, out);
  }
  if (!line.command) return refuse(line.verb, line.command.error().code, out);
  if (rule.counts_as_idle && ++commands_without_mail_ > (*profile_)->limits.commands_without_mail) {
    return refuse_and_close(line.verb, Errc::too_many_commands, Closed::too_many_commands, out);
  }
  return on_legal(*line.command, out);
}

bool ServerSession::on_legal(const Command& command, ServerEvent& out) {
  if (const auto* mail = std::get_if<Mail>(&command)) return on_mail(*mail, out);
  if (const auto* rcpt = std::get_if<Rcpt>(&command)) return on_rcpt(*rcpt, out);
  if (const auto* plain = std::get_if<Plain>(&command)) return on_plain(*plain, out);
  if (const auto* bdat = std::get_if<Bdat>(&command)) return on_bdat(*bdat, out);
  if (const auto* hello = std::get_if<Hello>(&command)) return on_hello(*hello, out);
  if (const auto* auth = std::get_if<Auth>(&command)) return on_auth(*auth, out);
  return on_extended(std::get<Extended>(command), out);
}

bool ServerSession::on_plain(const Plain& plain, ServerEvent& out) {
  switch (plain.verb) {
    case Verb::data:
      if (transaction_binary_) return refuse(Verb::data, Errc::binary_needs_chunking, out);  // RFC 3030 3
      return ask(Question::data, out, ev::DataBegin{});
    case Verb::rset:
      forget_transaction();
      send(kOk);
      out.emplace<ev::Reset>(ev::Reset::Cause::rset);
      return true;
    case Verb::noop: send(kOk); return false;
    case Verb::quit:
      send(kBye);
      close(Closed::quit);
      return false;
    case Verb::starttls: return on_start_tls(out);
    default: return ask(Question::query, out, ev::Query{plain.verb, plain.argument});
  }
}

bool ServerSession::on_hello(const Hello& hello, ServerEvent& out) {
  asked_extended_hello_ = hello.verb != Verb::helo;
  return ask(Question::hello, out, ev::Hello{hello.verb, hello.name});
}

bool ServerSession::on_mail(const Mail& mail, ServerEvent& out) {
  const MailParameters& parameters = mail.parameters;
  if (auto why = parameter_objection(parameters.used, parameters.registered, ParameterExtension::On::mail)) {
    return refuse(Verb::mail, *why, out);
  }
  if (!parameters.smtputf8 && mail.from.mailbox.has_non_ascii()) {  // RFC 6531 3.4
    return refuse(Verb::mail, Errc::non_ascii_without_smtputf8, out);
  }
  const std::uint64_t limit = (*profile_)->limits.message_octets;
  if (limit != 0 && parameters.size.value_or(0) > limit) {  // RFC 1870 6.1
    return refuse(Verb::mail, Errc::message_too_big_declared, out);
  }
  forget_transaction();
  transaction_utf8_ = parameters.smtputf8;
  transaction_binary_ = parameters.body == BodyType::binary_mime;
  return ask(Question::mail, out, ev::Mail{mail.from, parameters});
}

bool ServerSession::on_rcpt(const Rcpt& rcpt, ServerEvent& out) {
  const RcptParameters& parameters = rcpt.parameters;
  if (auto why = parameter_objection(parameters.used, parameters.registered, ParameterExtension::On::rcpt)) {
    recipients_refused_ = true;
    return refuse(Verb::rcpt, *why, out);
  }
  if (accepted_recipients_ >= (*profile_)->limits.recipients) {  // RFC 5321 4.5.3.1.10
    return refuse(Verb::rcpt, Errc::too_many_recipients, out);
  }
  return ask(Question::rcpt, out, ev::Rcpt{rcpt.to, parameters});
}

bool ServerSession::on_auth(const Auth& auth, ServerEvent& out) {
  const Capabilities& offer = offered();
  if (!offer.has(Extension::auth)) {
    const bool under_tls = !encrypted_ && profile_->capabilities(true).has(Extension::auth);
    return refuse(Verb::auth, under_tls ? Errc::encryption_required : Errc::not_implemented, out);
  }
  if (authenticated_) return refuse(Verb::auth, Errc::already_authenticated, out);  // RFC 4954 4
  if (!offer.has_mechanism(auth.mechanism)) return refuse(Verb::auth, Errc::unknown_mechanism, out);
  return ask(Question::auth, out, ev::Auth{auth.mechanism, auth.initial});
}

bool ServerSession::on_start_tls(ServerEvent& out) {
  if (encrypted_) return refuse(Verb::starttls, Errc::verb_not_allowed_now, out);  // RFC 3207 4.2
  if (!offered().has(Extension::starttls)) return refuse(Verb::starttls, Errc::not_implemented, out);
  return ask(Question::start_tls, out, ev::StartTls{});
}

bool ServerSession::on_extended(const Extended& extended, ServerEvent& out) {
  const VerbExtension& verb = *extended.verb;
  if (!verb.ehlo_keyword.empty() && !offered().keyword_parameters(verb.ehlo_keyword)) {
    return refuse(Verb::extension, Errc::unknown_verb, out);
  }
  asked_verb_ = &verb;
  return ask(Question::extended, out, ev::Extended{&verb, extended.argument});
}

std::optional<Errc> ServerSession::parameter_objection(ExtensionSet used,
                                                       const RegisteredParameters& registered,
                                                       ParameterExtension::On on) const noexcept {
  // After HELO nothing is offered, RFC 5321 4.1.1.1.
  if (!used.within(extended_hello_ ? offered().extensions() : ExtensionSet()))
    return Errc::parameter_not_offered;
  Cursor cursor(registered.text);
  while (!cursor.done()) {
    cursor.take_while(kSpace);
    const Result<Parameter> parameter = esmtp_param(cursor, Utf8::yes);
    if (!parameter) break;
    const ParameterExtension* extension = (*profile_)->extensions->find_parameter(parameter->keyword, on);
    if (extension == nullptr || extension->ehlo_keyword.empty()) continue;
    if (!extended_hello_ || !offered().keyword_parameters(extension->ehlo_keyword))
      return Errc::parameter_not_offered;
  }
  return std::nullopt;
}

}  // namespace postrider::protocol
