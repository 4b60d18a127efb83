// Whatever a server sends: each answer belongs to the command that was sent first, and what is broken stays
// so.
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

// Two lines of choices, then octets of a server.
#define POSTRIDER_FUZZ_CHOICE_LINES 2
#define POSTRIDER_FUZZ_SIDE postrider::fuzz::Side::server
#include "postrider/fuzz/generator/custom_mutator.h"
#include "postrider/fuzz/support/alphabet.h"
#include "postrider/fuzz/support/choices.h"
#include "postrider/fuzz/support/explained.h"
#include "postrider/fuzz/support/extensions.h"
#include "postrider/fuzz/support/fuzz_input.h"
#include "postrider/fuzz/support/require.h"
#include "postrider/protocol/session/client_session.h"

namespace {

using namespace postrider::protocol;
using namespace postrider::fuzz;

using Kind = ClientSession::Kind;

constexpr std::array<std::string_view, 40> kWords = {
    "220 mx.example.org ESMTP\r\n",
    "250 2.0.0 Ok\r\n",
    "250 2.0.0 Ok\r\n",
    "250 2.1.5 Ok\r\n",
    "250-mx.example.org\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n250-STARTTLS\r\n"
    "250-AUTH PLAIN\r\n250-XTRACE\r\n250-XCLIENT\r\n250 CHUNKING\r\n",
    "250-mx\r\n250 PIPELINING\r\n",
    "250 mx\r\n",
    "354 Go\r\n",
    "354 Go\r\n",
    "334 \r\n",
    "334 dGVzdA==\r\n",
    "235 2.7.0 Ok\r\n",
    "221 2.0.0 Bye\r\n",
    "220 Go\r\n",
    "421 4.3.2 Bye\r\n",
    "450 4.2.1 Later\r\n",
    "451 4.3.0 Later\r\n",
    "452 4.5.3 Enough\r\n",
    "500 5.5.2 What\r\n",
    "503 5.5.1 Not now\r\n",
    "550 5.1.1 No\r\n",
    "554 5.7.1 No\r\n",
    "252 2.1.5 Maybe\r\n",
    "214-a\r\n214 b\r\n",
    "250-a\r\n",
    "250-b\r\n",
    "550-",
    "250",
    "2",
    "5",
    "-",
    " ",
    "\r\n",
    "\r",
    "\n",
    "x",
    "\xFF",
    std::string_view("\0", 1),
    "600 x\r\n",
    "199 x\r\n"};

constexpr std::array<Verb, 16> kVerbs = {
    Verb::ehlo, Verb::mail, Verb::rcpt, Verb::data, Verb::rset, Verb::noop, Verb::vrfy, Verb::starttls,
    Verb::auth, Verb::helo, Verb::lhlo, Verb::help, Verb::expn, Verb::etrn, Verb::quit, Verb::extension};

// A command that can be sent, of every verb; `variant` chooses what needs an extension.
Command make_command(Verb verb, std::uint32_t variant) {
  static constexpr std::array<std::string_view, 8> kMails = {"MAIL FROM:<a@b.example>",
                                                             "MAIL FROM:<>",
                                                             "MAIL FROM:<a@b.example> SIZE=10",
                                                             "MAIL FROM:<a@b.example> BODY=8BITMIME",
                                                             "MAIL FROM:<\xC3\xA9@b.example> SMTPUTF8",
                                                             "MAIL FROM:<\xC3\xA9@b.example>",
                                                             "MAIL FROM:<a@b.example> XTRACE=1",
                                                             "MAIL FROM:<a@b.example> RET=FULL"};
  static constexpr std::array<std::string_view, 4> kRcpts = {"RCPT TO:<c@d.example>", "RCPT TO:<Postmaster>",
                                                             "RCPT TO:<\xC3\xA9@d.example>",
                                                             "RCPT TO:<c@d.example> NOTIFY=NEVER"};
  std::string_view line = "NOOP";
  switch (verb) {
    case Verb::ehlo: line = "EHLO client.example"; break;
    case Verb::helo: line = "HELO client.example"; break;
    case Verb::lhlo: line = "LHLO client.example"; break;
    case Verb::mail: line = kMails[variant % kMails.size()]; break;
    case Verb::rcpt: line = kRcpts[variant % kRcpts.size()]; break;
    case Verb::data: line = "DATA"; break;
    case Verb::rset: line = "RSET"; break;
    case Verb::vrfy: line = "VRFY someone"; break;
    case Verb::expn: line = "EXPN list"; break;
    case Verb::help: line = "HELP"; break;
    case Verb::quit: line = "QUIT"; break;
    case Verb::starttls: line = "STARTTLS"; break;
    case Verb::auth: line = variant % 2 == 0 ? "AUTH PLAIN" : "AUTH PLAIN AGEAYg=="; break;
    case Verb::etrn: line = "ETRN example.org"; break;
    case Verb::extension: line = variant % 2 == 0 ? "XCLIENT NAME=a" : "XNOTE"; break;
    default: break;
  }
  const ParsedLine parsed = parse_command(line, {Utf8::yes, {}, &extensions()});
  require(parsed.command.has_value(), "the commands of the target are good");
  return *parsed.command;
}

class ClientRun {
 public:
  ClientRun(const Limits& limits, Flavor flavor, Choices& script)
      : limits_(limits), flavor_(flavor), script_(script), session_(limits, flavor, &extensions()) {}

  void play(std::string_view from_server) {
    while (!over_ && !from_server.empty()) {
      const std::size_t n = next_part(from_server);
      unconsumed_.append(from_server.substr(0, n));
      from_server.remove_prefix(n);
      read();
    }
    if (over_) return;
    session_.end_of_input();
    require(!session_.may_send(Verb::noop), "nothing is sent to a server that has gone");
    read();
    require(over_, "a session ends with its input");
  }

 private:
  struct Expected {
    CommandId id;
    Kind kind;
    Verb verb;
    bool restarts;
  };

  std::size_t next_part(std::string_view rest) {
    const std::size_t line = std::min(rest.find('\n'), rest.size() - 1) + 1;
    switch (script_.below(8)) {
      case 5: return 1;
      case 6: return rest.size();
      case 7: return std::min<std::size_t>(1 + script_.below(64), rest.size());
      default: return line;
    }
  }

  void read() {
    for (std::size_t left = unconsumed_.size() + 8; !over_; --left) {
      require(left != 0, "the session makes progress");
      const ExactCopy copy(unconsumed_);
      const ClientSession::Step step = session_.next(copy.view());
      require(step.consumed <= unconsumed_.size(), "no more is consumed than there was");
      unconsumed_.erase(0, step.consumed);
      const bool more = std::visit([this](const auto& event) { return on(event); }, step.event);
      if (over_) break;
      check_counts();
      act();
      if (!more) break;
    }
    require(over_ || unconsumed_.size() < limits_.reply_line,
            "no more than a line is left for the next read");
  }

  void check_counts() {
    require(session_.in_flight() == expected_.size(), "what is unanswered is counted");
    require(session_.in_flight() <= limits_.in_flight, "and bounded");
    require(session_.accepted_recipients() == accepted_, "accepted recipients are counted");
  }

  // ---- Events; false: wait for more ----

  bool on(const ClientSession::NeedInput&) { return false; }
  bool on(const ClientSession::Closed&) {
    over_ = true;
    return false;
  }
  bool on(const ClientSession::TlsHandshake&) {
    require(unconsumed_.empty(), "RFC 3207: nothing stands behind the 220");
    require(!session_.may_send(Verb::ehlo), "nothing is sent before the handshake");
    session_.tls_established();
    accepted_ = 0;
    require(session_.encrypted() && session_.capabilities() == Capabilities(),
            "what was offered in clear is forgotten");
    return true;
  }
  bool on(const ClientSession::Broken& broken) {
    over_ = true;
    for (const std::string_view more : {"", "250 2.0.0 Ok\r\n"}) {
      const ClientSession::Step again = session_.next(more);
      const auto* same = std::get_if<ClientSession::Broken>(&again.event);
      require(same != nullptr && same->why == broken.why && again.consumed == 0, "what is broken stays so");
    }
    for (const Verb verb : kVerbs) {
      require(!session_.may_send(verb), "nothing is sent on a broken stream");
      require(!session_.send(make_command(verb, 0)), "nothing is sent on a broken stream");
    }
    std::string_view end;
    require(!session_.end_content(end) && !session_.content("x") && !session_.cancel_auth() &&
                !session_.send_chunk(0, true),
            "nor content");
    return false;
  }

  bool on(const ClientSession::Answer& answer) {
    require(answer.reply.code.value() >= 200 && answer.reply.code.value() <= 599, "an answer has a code");
    (void)to_log_line(answer.reply);  // looks at every octet of its text
    switch (answer.kind) {
      case Kind::greeting:
        require(!greeted_ && answer.id == 0, "there is one greeting, and it comes first");
        greeted_ = true;
        return true;
      case Kind::shutting_down:
        require(answer.id == 0 && expected_.empty(), "what was not asked for answers nothing");
        require(answer.reply.code == code::service_not_available, "RFC 5321 3.8: 421 alone");
        return true;
      default: break;
    }
    require(greeted_, "the greeting comes first");
    if (answer.early) {
      require(expected_.empty() && in_content_ && !early_, "an early answer comes inside content, once");
      require(answer.id == last_id_ && answer.kind == Kind::content, "and is for it");
      early_ = true;
      return true;
    }
    owned(answer);
    return true;
  }

  // The answer to what was sent first of all that is unanswered.
  void owned(const ClientSession::Answer& answer) {
    require(!expected_.empty(), "an answer has an owner");
    const Expected front = expected_.front();
    require(answer.id == front.id && answer.kind == front.kind && answer.verb == front.verb,
            "which was sent before all others that are unanswered");
    const ReplyCode code = answer.reply.code;
    const bool asks_for_more =
        (front.verb == Verb::data && front.kind == Kind::command) || front.verb == Verb::auth;
    require(!code.intermediate() || asks_for_more, "only DATA and AUTH have an intermediate reply");
    if (front.kind == Kind::content && flavor_ == Flavor::lmtp) {
      require(answer.recipient == verdicts_, "RFC 2033 4.2: one for each recipient, in their order");
      if (++verdicts_ < accepted_) return;
      verdicts_ = 0;
    }
    expected_.pop_front();
    if (front.kind == Kind::content) accepted_ = 0;
    if (front.kind != Kind::command) {
      if (front.kind == Kind::auth_line) in_auth_ = code == code::auth_continue;
      return;
    }
    switch (front.verb) {
      case Verb::mail: accepted_ = 0; break;
      case Verb::rset:
      case Verb::ehlo:
      case Verb::helo:
      case Verb::lhlo:
        if (code.positive()) accepted_ = 0;
        break;
      case Verb::rcpt: accepted_ += code.positive() ? 1u : 0u; break;
      case Verb::data:
        in_content_ = code.intermediate();
        early_ = false;
        break;
      case Verb::auth: in_auth_ = code == code::auth_continue; break;
      case Verb::extension:
        if (code.positive() && front.restarts) accepted_ = 0;
        break;
      default: break;
    }
    require(session_.in_content() == in_content_, "content follows a 354");
  }

  // ---- What the client does ----

  void act() {
    for (std::uint32_t left = 1 + script_.below(4); left != 0; --left) {
      const std::uint32_t choice = script_.below(24);
      if (choice == 0) {
        natural();
      } else if (choice <= kVerbs.size()) {
        send(kVerbs[choice - 1], script_.below(16));
      } else {
        others(choice);
      }
    }
    session_.output_sent(session_.output().size());
    require(session_.output().empty(), "what was sent is gone");
  }

  // What a client would do that wants to send a message.
  void natural() {
    if (in_content_) return end_content();
    if (in_auth_) return others(17);
    for (const Verb verb : {Verb::mail, Verb::data, Verb::rcpt}) {
      if (session_.may_send(verb)) return send(verb, 0);
    }
    const Verb hello = flavor_ == Flavor::lmtp ? Verb::lhlo : Verb::ehlo;
    if (session_.may_send(hello) && session_.capabilities() == Capabilities()) send(hello, 0);
  }

  void others(std::uint32_t choice) {
    switch (choice) {
      case 17: return push(session_.send_auth_line("AGEAYg=="), in_auth_, Kind::auth_line, Verb::auth);
      case 18: return push(session_.cancel_auth(), in_auth_, Kind::auth_line, Verb::auth);
      case 19: require(!session_.send_auth_line("no base64"), "an answer is base64"); return;
      case 20: return chunk(false);
      case 21: return chunk(true);
      case 22: return end_content();
      default: return content("Subject: x\r\n\r\n.\r\n");
    }
  }

  void content(std::string_view message) {
    while (!message.empty()) {
      const Result<DotEncoder::Piece> piece = session_.content(message);
      require(piece.has_value() == in_content_, "content is taken after a 354 alone");
      if (!piece) return;
      message.remove_prefix(piece->consumed);
    }
  }

  void send(Verb verb, std::uint32_t variant) {
    const Command command = make_command(verb, variant);
    const std::string before(session_.output());
    const bool may = session_.may_send(verb);
    require(!may || may_pipeline(), "RFC 2920 3.1: what may be pipelined, and behind what");
    const Result<CommandId> sent = session_.send(command);
    require(may || (!sent && sent.error().code == Errc::misuse), "what may not be sent is not sent");
    const std::string_view fresh = session_.output().substr(before.size());
    if (!sent) {
      require_explained(sent.error().code);
      return require(fresh.empty(), "what is not sent leaves no octets");
    }
    require(fresh.ends_with("\r\n") && fits_one_line(fresh.substr(0, fresh.size() - 2)),
            "a command is one line");
    const auto* extended = std::get_if<Extended>(&command);
    push(sent, true, Kind::command, verb, extended != nullptr && extended->verb->restarts_session);
  }

  [[nodiscard]] bool may_pipeline() const {
    if (expected_.empty()) return true;
    const Expected& last = expected_.back();
    if (last.kind == Kind::auth_line || !session_.capabilities().has(Extension::pipelining)) return false;
    switch (last.verb) {
      case Verb::ehlo:
      case Verb::helo:
      case Verb::lhlo:
      case Verb::vrfy:
      case Verb::expn:
      case Verb::noop:
      case Verb::quit:
      case Verb::auth:
      case Verb::starttls: return false;
      case Verb::data: return last.kind == Kind::content;
      case Verb::extension: return !last.restarts;  // XCLIENT
      default: return true;
    }
  }

  void chunk(bool last) {
    require(!session_.may_send(Verb::bdat) || may_pipeline(), "a chunk is pipelined like a command");
    const bool may = session_.may_send(Verb::bdat) && session_.capabilities().has(Extension::chunking);
    push(session_.send_chunk(3, last), may, last ? Kind::content : Kind::chunk, Verb::bdat);
  }

  void end_content() {
    std::string_view wire;
    const bool was_early = early_;
    const Result<CommandId> ended = session_.end_content(wire);
    require(ended.has_value() == in_content_, "content ends once");
    if (!ended) return;
    require(wire.ends_with(".\r\n"), "with the end of data");
    in_content_ = false;
    early_ = false;
    if (was_early) return require(*ended == last_id_, "its answer has come already");
    push(ended, true, Kind::content, Verb::data);
  }

  void push(const Result<CommandId>& id, bool may, Kind kind, Verb verb, bool restarts = false) {
    require(id.has_value() == may, "what may be sent is sent, and nothing else");
    if (!id) return;
    require(*id == last_id_ + 1, "ids count from 1 in the order of sending");
    last_id_ = *id;
    expected_.push_back({*id, kind, verb, restarts});
    if (kind == Kind::auth_line) in_auth_ = false;
  }

  const Limits limits_;
  const Flavor flavor_;
  Choices& script_;
  ClientSession session_;
  std::string unconsumed_;
  std::deque<Expected> expected_;
  CommandId last_id_ = 0;
  std::uint32_t accepted_ = 0;
  std::uint32_t verdicts_ = 0;
  bool greeted_ = false;
  bool in_content_ = false;
  bool early_ = false;
  bool in_auth_ = false;
  bool over_ = false;
};

void run(std::string_view settings, std::string_view script, std::string_view wire) {
  OctetChoices choices(settings);
  OctetChoices steps(script);
  Limits limits;
  const Flavor flavor = choices.once_in(2) ? Flavor::lmtp : Flavor::smtp;
  limits.in_flight = 16 - choices.below(16);
  limits.reply_line = 256 - choices.below(200);
  limits.reply_text = 256 - choices.below(200);
  limits.reply_lines = 16 - choices.below(15);
  ClientRun(limits, flavor, steps).play(wire);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  if (size > 2048) return 0;
  FuzzInput in(octets, size);
  const std::string_view settings = in.line();
  const std::string_view script = in.line();
  run(settings, script, in.rest());
  if (in.rest().size() <= 128) run(settings, script, spell(in.rest(), kWords));
  return 0;
}
