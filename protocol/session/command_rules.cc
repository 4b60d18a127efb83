#include "postrider/protocol/session/command_rules.h"

namespace postrider::protocol {
namespace {

using S = State;

// RFC 5321 4.1.4: NOOP, HELP, EXPN, VRFY, RSET and QUIT may come at any time, also before EHLO, and EHLO
// again later.
constexpr StateSet kAnyTime(S::greeted, S::ready, S::mail, S::rcpt, S::chunking, S::chunk_failed);
constexpr StateSet kQuitTime(S::greeted, S::ready, S::mail, S::rcpt, S::chunking, S::chunk_failed,
                             S::turned_away);
constexpr StateSet kBeforeTransaction(S::ready);
constexpr StateSet kUpgradeTime(S::greeted, S::ready);
constexpr StateSet kRcptTime(S::mail, S::rcpt);
constexpr StateSet kDataTime(S::rcpt);
constexpr StateSet kChunkTime(S::rcpt, S::chunking);
constexpr StateSet kNever;

}  // namespace

// RFC 2920 3.1: EHLO, DATA, VRFY, EXPN, TURN, QUIT and NOOP can only be the last command of a group; RFC 3207
// 4 and RFC 4954 4 say so of STARTTLS and AUTH. HELO is older than pipelining, so it is treated like EHLO.
constexpr std::array<CommandRule, kVerbCount> kCommandRules{{
    // verb            allowed             last   closes idle
    {Verb::ehlo, kAnyTime, true, false, true},
    {Verb::helo, kAnyTime, true, false, true},
    {Verb::lhlo, kAnyTime, true, false, true},
    {Verb::mail, kBeforeTransaction, false, false, true},
    {Verb::rcpt, kRcptTime, false, false, false},
    {Verb::data, kDataTime, true, true, false},
    {Verb::bdat, kChunkTime, false, false, false},
    {Verb::rset, kAnyTime, false, false, true},
    {Verb::vrfy, kAnyTime, true, false, true},
    {Verb::expn, kAnyTime, true, false, true},
    {Verb::help, kAnyTime, false, false, true},
    {Verb::noop, kAnyTime, true, false, true},
    {Verb::quit, kQuitTime, true, false, false},
    {Verb::starttls, kUpgradeTime, true, true, true},
    {Verb::auth, kBeforeTransaction, true, true, true},
    {Verb::etrn, kBeforeTransaction, false, false, true},
    {Verb::extension, kAnyTime, false, false, true},
    {Verb::unknown, kNever, false, false, false},
}};

const CommandRule& command_rule(Verb verb) noexcept { return kCommandRules[static_cast<std::size_t>(verb)]; }

std::optional<Errc> refusal(Verb verb, State state) noexcept {
  if (command_rule(verb).allowed.has(state)) return std::nullopt;
  // Before EHLO the useful thing to say is that EHLO is missing, if that would help.
  if (state == State::greeted && command_rule(verb).allowed.has(State::ready)) return Errc::hello_required;
  if (state == State::greeted && (verb == Verb::rcpt || verb == Verb::data || verb == Verb::bdat)) {
    return Errc::hello_required;
  }
  return Errc::verb_not_allowed_now;
}

std::optional<Errc> refusal(VerbExtension::Moment moment, State state) noexcept {
  using Moment = VerbExtension::Moment;
  if (!kAnyTime.has(state)) return Errc::verb_not_allowed_now;
  if (moment == Moment::always) return std::nullopt;
  if (moment == Moment::between_transactions && state == State::greeted) return std::nullopt;
  if (state == State::greeted) return Errc::hello_required;
  if (moment != Moment::after_hello && state != State::ready) return Errc::verb_not_allowed_now;
  return std::nullopt;
}

std::string_view to_string(State state) noexcept {
  switch (state) {
    case State::banner: return "banner";
    case State::turned_away: return "turned_away";
    case State::greeted: return "greeted";
    case State::ready: return "ready";
    case State::mail: return "mail";
    case State::rcpt: return "rcpt";
    case State::chunking: return "chunking";
    case State::chunk_failed: return "chunk_failed";
    case State::data: return "data";
    case State::chunk: return "chunk";
    case State::auth: return "auth";
    case State::tls: return "tls";
    case State::closed: return "closed";
  }
  return "?";
}

}  // namespace postrider::protocol
