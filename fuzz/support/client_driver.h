// Drives a ClientSession through whole conversations, with what to say chosen by Choices, and keeps the books
// of all that it said and was answered.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "postrider/fuzz/support/choices.h"
#include "postrider/fuzz/support/extensions.h"
#include "postrider/fuzz/support/fuzz_input.h"
#include "postrider/fuzz/support/require.h"
#include "postrider/fuzz/support/transcript.h"
#include "postrider/protocol/session/client_session.h"

namespace postrider::fuzz {

class ClientDriver {
 public:
  ClientDriver(const protocol::Limits& limits, protocol::Flavor flavor, Choices& choices)
      : choices_(choices),
        flavor_(flavor),
        session_(limits, flavor, &extensions()),
        messages_left_(choices.below(4) + 1) {}

  // Says something if there is something to say; it is then in `wire()`. False: it waits for an answer, or is
  // done.
  bool act() {
    if (over_ || !greeted_) return false;
    if (session_.in_content()) return send_content();
    if (in_auth_) return send_auth_line();
    return digress() || follow_plan();
  }

  // One read.
  void receive(std::string_view octets) {
    unconsumed_.append(octets);
    read();
  }
  void end_of_input() {
    session_.end_of_input();
    read();
    require(over_, "a session ends with its input");
  }

  // What it wants to write.
  std::string take_wire() {
    wire_ += take_output();
    said_ += wire_;
    return std::exchange(wire_, {});
  }

  [[nodiscard]] bool over() const { return over_; }
  // The last EHLO, LHLO or HELO was.
  [[nodiscard]] bool hello_refused() const { return hello_refused_; }
  [[nodiscard]] const protocol::ClientSession& session() const { return session_; }
  // All octets it has written.
  [[nodiscard]] const std::string& said() const { return said_; }
  // What it said and was answered, in order, and what the server's handler is asked for each: empty for
  // nothing, or for chunks and content.
  [[nodiscard]] const std::vector<Exchange>& exchanges() const { return exchanges_; }
  [[nodiscard]] const std::vector<std::string>& questions() const { return questions_; }
  // Those whose end was sent, with the verdicts that came.
  [[nodiscard]] const std::vector<SentMessage>& messages() const { return messages_; }

 private:
  using Kind = Exchange::Kind;
  using Session = protocol::ClientSession;
  using Verb = protocol::Verb;
  enum class Plan : std::uint8_t { hello, mail, rcpt, begin_content, wait_for_go, chunks, reset, done };

  // ---- Saying ----

  std::string take_output() {
    std::string octets(session_.output());
    // In two writes.
    session_.output_sent(octets.size() / 2);
    require(session_.output() == std::string_view(octets).substr(octets.size() / 2),
            "what was not sent stays");
    session_.output_sent(octets.size() - octets.size() / 2);
    return octets;
  }

  // `question`: what the server's handler will be asked, empty when it is not asked.
  bool send(const std::string& line, const std::string& question) {
    const protocol::ParsedLine parsed =
        protocol::parse_command(line, {protocol::Utf8::yes, {}, &extensions()});
    require(parsed.command.has_value(), "the driver's commands are good: " + line);
    if (!session_.may_send(parsed.verb)) return false;
    const protocol::Result<protocol::CommandId> id = session_.send(*parsed.command);
    if (!id) {
      require(id.error().code == protocol::Errc::extension_not_offered, "what may be sent is sent: " + line);
      return false;
    }
    note(*id, Kind::command, line, question);
    return true;
  }

  std::size_t note(protocol::CommandId id, Kind kind, const std::string& line, const std::string& question) {
    exchanges_.push_back({.kind = kind, .line = line, .octets = ""});
    questions_.push_back(question);
    by_id_[id] = exchanges_.size() - 1;
    return exchanges_.size() - 1;
  }

  // Something that has nothing to do with the message, if it is the time for it.
  bool digress() {
    switch (choices_.below(32)) {
      case 24: return reset();
      case 25: return send("NOOP", "");
      case 26: return send("VRFY someone", "Query(someone)");
      case 27: return send("HELP", "Query()");
      case 28: return send("XNOTE a note", "Extended(XNOTE)");
      case 29: return start_tls_or_auth();
      case 30: return choices_.once_in(4) && quit();
      case 31: return choices_.once_in(4) && say_hello();
      default: return false;
    }
  }

  bool follow_plan() {
    switch (plan_) {
      case Plan::hello: return say_hello();
      case Plan::mail:
        if (messages_left_ == 0) return quit();
        return send_mail() || unstick();
      case Plan::rcpt:
        if (recipients_left_ == 0) plan_ = Plan::begin_content;
        return recipients_left_ == 0 || send_rcpt() || unstick();
      case Plan::begin_content: return begin_content() || unstick();
      case Plan::wait_for_go: return false;
      case Plan::chunks: return send_chunk() || unstick();
      case Plan::reset: return reset();
      case Plan::done: return false;
    }
    return false;
  }

  // With nothing under way, what cannot be said now never can.
  bool unstick() {
    if (session_.in_flight() == 0) plan_ = Plan::reset;
    return plan_ == Plan::reset;
  }

  bool say_hello() {
    const bool lmtp = flavor_ == protocol::Flavor::lmtp;
    if (!send(lmtp    ? "LHLO client.example"
              : helo_ ? "HELO client.example"
                      : "EHLO client.example",
              "Hello(client.example)")) {
      return false;
    }
    plan_ = Plan::wait_for_go;
    return true;
  }

  bool reset() {
    if (!send("RSET", "")) return false;
    if (plan_ != Plan::hello) plan_ = Plan::mail;
    return true;
  }

  bool quit() {
    if (!send("QUIT", "")) return false;
    plan_ = Plan::done;
    return true;
  }

  bool start_tls_or_auth() {
    using protocol::Extension;
    if (session_.capabilities().has(Extension::starttls) && !session_.encrypted()) {
      return send("STARTTLS", "StartTls");
    }
    if (session_.capabilities().has(Extension::auth) && !session_.authenticated()) {
      return choices_.once_in(2) ? send("AUTH X-OTHER =", "Auth(X-OTHER)")
                                 : send("AUTH PLAIN", "Auth(PLAIN)");
    }
    if (session_.capabilities().keyword_parameters("XCLIENT") && session_.accepted_recipients() == 0) {
      return send("XCLIENT NAME=x", "Extended(XCLIENT)");
    }
    return false;
  }

  bool send_auth_line() {
    const bool cancel = choices_.once_in(4);
    const auto id = cancel ? session_.cancel_auth() : session_.send_auth_line("AGEAYg==");
    require(id.has_value(), "a challenge may be answered");
    in_auth_ = false;
    note(*id, Kind::auth_line, cancel ? "*" : "AGEAYg==", cancel ? "" : "AuthLine(AGEAYg==)");
    return true;
  }

  // ---- An envelope ----

  bool send_mail() {
    using protocol::Extension;
    const protocol::Capabilities& offered = session_.capabilities();
    const std::string number = std::to_string(choices_.below(100));
    std::string from = "s" + number + "@a.example";
    std::string line;
    binary_ = false;
    switch (choices_.below(16)) {
      case 8: from = "\"s " + number + "\"@[192.0.2.1]"; break;
      case 9: from = ""; break;
      case 10:
        if (offered.has(Extension::smtputf8)) from = "\xC3\xA9" + number + "@a.example", line = " SMTPUTF8";
        break;
      case 11:
        if (offered.has(Extension::size)) line = " SIZE=1" + number + "0";
        break;
      case 12:
        binary_ = offered.has(Extension::binarymime) && offered.has(Extension::chunking);
        if (binary_) line = " BODY=BINARYMIME";
        break;
      case 13:
        if (offered.has(Extension::dsn)) line = " RET=HDRS ENVID=e" + number;
        break;
      case 14:
        if (offered.keyword_parameters("XTRACE")) line = " XTRACE=" + number;
        break;
      default: break;
    }
    if (binary_ && !offered.has(Extension::eight_bit_mime)) binary_ = false, line.clear();
    const std::string path = from.empty() ? "<>" : from;
    if (!send("MAIL FROM:<" + from + ">" + line, "Mail(" + path + ")")) return false;
    --messages_left_;
    recipients_left_ = 1 + choices_.below(3);
    utf8_ = line == " SMTPUTF8";
    chunks_.clear();
    plan_ = Plan::rcpt;
    return true;
  }

  bool send_rcpt() {
    std::string to = "r" + std::to_string(choices_.below(100)) + "@b.example";
    std::string line;
    switch (choices_.below(8)) {
      case 5: to = "Postmaster"; break;
      case 6:
        if (utf8_) to = "\xE2\x82\xAC@b.example";
        break;
      case 7:
        if (session_.capabilities().has(protocol::Extension::dsn)) line = " NOTIFY=FAILURE,DELAY";
        break;
      default: break;
    }
    if (!send("RCPT TO:<" + to + ">" + line, "Rcpt(" + to + ")")) return false;
    --recipients_left_;
    return true;
  }

  // ---- Content ----

  bool begin_content() {
    const bool chunks =
        session_.capabilities().has(protocol::Extension::chunking) && (binary_ || choices_.once_in(2));
    if (chunks) {
      if (!session_.may_send(Verb::bdat)) return false;
      content_ = make_text(true);
      plan_ = Plan::chunks;
      return true;
    }
    if (!send("DATA", "DataBegin")) return false;
    content_ = make_text(false);
    plan_ = Plan::wait_for_go;
    return true;
  }

  // A few lines with all that matters to dots and line ends; `any`: octets that only BDAT can carry as they
  // are.
  std::string make_text(bool any) {
    static constexpr std::string_view kLines[] = {"text\r\n",  ".\r\n", "..\r\n", "\r\n",         ".text\r\n",
                                                  "\r\n.\r\n", "text",  ".",      "\xC3\xA9\r\n", "QUIT\r\n"};
    static constexpr std::string_view kLoose[] = {"\n", "\r", "\n.\n", "\n.\r\n"};
    std::string text;
    for (std::uint32_t left = choices_.below(8); left != 0; --left) {
      if (any && binary_ && choices_.once_in(3)) text += kLoose[choices_.below(4)];
      text += kLines[choices_.below(10)];
    }
    if (any && choices_.once_in(32)) text += "\r";
    if (choices_.once_in(16)) text += std::string(choices_.below(200), 'x');
    return text;
  }

  bool send_content() {
    const std::size_t part = std::min<std::size_t>(content_.size(), 1 + choices_.below(64));
    std::string_view rest = std::string_view(content_).substr(0, part);
    while (!rest.empty()) {
      const ExactCopy copy(rest);
      const auto piece = session_.content(copy.view());
      require(piece.has_value(), "content that has no bare endings is taken");
      wire_ += piece->wire;
      rest.remove_prefix(piece->consumed);
    }
    if (part < content_.size()) {
      content_.erase(0, part);
      return true;
    }
    std::string_view end;
    const auto id = session_.end_content(end);
    require(id.has_value(), "content ends");
    wire_ += end;
    const bool answered_early = by_id_.contains(*id);
    if (!answered_early) by_id_[*id] = open_content_;
    end_message(open_content_, whole_content_);
    plan_ = Plan::mail;
    return true;
  }

  bool send_chunk() {
    const std::size_t size = std::min<std::size_t>(content_.size(), choices_.below(64));
    const bool last = size == content_.size() || !choices_.more();
    const std::string octets = last ? content_ : content_.substr(0, size);
    if (!session_.may_send(Verb::bdat)) return false;
    const auto id = session_.send_chunk(octets.size(), last);
    require(id.has_value(), "a chunk that may be sent is sent");
    wire_ += take_output() + octets;
    const std::string line = "BDAT " + std::to_string(octets.size()) + (last ? " LAST" : "");
    const std::size_t place = note(*id, last ? Kind::content : Kind::chunk, line, "");
    exchanges_[place].octets = octets;
    chunks_ += octets;
    content_.erase(0, octets.size());
    if (!last) return true;
    end_message(place, chunks_);
    plan_ = Plan::mail;
    return true;
  }

  // The envelope is known when the answers to it have come, which is before the verdict.
  void end_message(std::size_t place, std::string octets) {
    messages_.push_back({.sender = "", .recipients = {}, .octets = std::move(octets)});
    message_at_[place] = messages_.size() - 1;
    if (!exchanges_[place].replies.empty()) close_message(place);
  }

  // ---- Hearing ----

  void read() {
    while (!over_) {
      const ExactCopy copy(unconsumed_);
      const Session::Step step = session_.next(copy.view());
      require(step.consumed <= unconsumed_.size(), "no more is consumed than there was");
      unconsumed_.erase(0, step.consumed);
      if (std::holds_alternative<Session::NeedInput>(step.event)) return;
      if (const auto* broken = std::get_if<Session::Broken>(&step.event)) {
        require(false, "our server is understood: " + std::string(to_string(broken->why.code)));
      }
      if (const auto* answer = std::get_if<Session::Answer>(&step.event)) on(*answer);
      if (std::holds_alternative<Session::Closed>(step.event)) over_ = true;
      if (std::holds_alternative<Session::TlsHandshake>(step.event)) {
        require(unconsumed_.empty() && wire_.empty(), "RFC 3207: nothing stands behind the 220");
        session_.tls_established();
        plan_ = Plan::hello;
        helo_ = false;
      }
    }
  }

  void on(const Session::Answer& answer) {
    const protocol::Reply reply(answer.reply);
    if (answer.kind == Session::Kind::greeting || answer.kind == Session::Kind::shutting_down) {
      greeted_ = reply.code().positive();
      const bool first = answer.kind == Session::Kind::greeting;
      exchanges_.push_back(
          {.kind = first ? Kind::greeting : Kind::unasked, .line = "", .octets = "", .replies = {reply}});
      questions_.emplace_back();
      if (!first || !greeted_) plan_ = Plan::done;  // nothing more is said
      return;
    }
    const std::size_t place = answer.early ? open_content_ : by_id_.at(answer.id);
    Exchange& exchange = exchanges_[place];
    exchange.replies.push_back(reply);
    if (reply.code() == protocol::code::service_not_available) greeted_ = false;  // nothing more is said
    if (exchange.kind == Kind::content) {
      require(answer.recipient + 1 == exchange.replies.size() || answer.early,
              "one for each, in their order");
      if (message_at_.contains(place)) close_message(place);
      return;
    }
    on_command(answer.verb, exchange, reply.code());
  }

  void on_command(Verb verb, const Exchange& exchange, protocol::ReplyCode code) {
    switch (verb) {
      case Verb::ehlo:
      case Verb::lhlo:
      case Verb::helo:
        hello_refused_ = !code.positive();
        if (code.positive()) {
          plan_ = Plan::mail;
          return;
        }
        helo_ = true;
        plan_ = flavor_ == protocol::Flavor::smtp && verb == Verb::ehlo ? Plan::hello : Plan::done;
        if (plan_ == Plan::done) greeted_ = false;
        return;
      case Verb::mail:
        if (code.positive()) answered_ = {.sender = path_of(exchange), .recipients = {}, .octets = ""};
        return;
      case Verb::rcpt:
        if (code.positive()) answered_.recipients.push_back(path_of(exchange));
        return;
      case Verb::data:
        if (!code.intermediate()) {
          plan_ = Plan::reset;
          return;
        }
        whole_content_ = content_;
        if (!content_.empty() && !content_.ends_with("\r\n")) whole_content_ += "\r\n";
        open_content_ = exchanges_.size();
        exchanges_.push_back({.kind = Kind::content, .line = "", .octets = ""});
        questions_.emplace_back();
        return;
      case Verb::auth: in_auth_ = code == protocol::code::auth_continue; return;
      case Verb::extension:
        if (code.positive() && exchange.line.starts_with("XCLIENT")) plan_ = Plan::hello, helo_ = false;
        return;
      default: return;
    }
  }

  // What stands in the path of MAIL or RCPT.
  static std::string path_of(const Exchange& exchange) {
    const std::size_t begin = exchange.line.find('<') + 1;
    const std::string path = exchange.line.substr(begin, exchange.line.find('>') - begin);
    return path.empty() ? "<>" : path;
  }

  void close_message(std::size_t place) {
    SentMessage& message = messages_[message_at_.at(place)];
    if (message.verdicts.empty()) {
      message.sender = answered_.sender;
      message.recipients = answered_.recipients;
    }
    message.verdicts.clear();
    for (const protocol::Reply& reply : exchanges_[place].replies) message.verdicts.push_back(reply.code());
  }

  Choices& choices_;
  const protocol::Flavor flavor_;
  Session session_;
  Plan plan_ = Plan::hello;
  std::uint32_t messages_left_;
  std::uint32_t recipients_left_ = 0;
  std::string content_;        // what is left to send
  std::string whole_content_;  // of DATA, as the server must have it
  std::string chunks_;         // those sent so far
  std::size_t open_content_ = 0;
  std::string unconsumed_;
  std::string wire_;
  std::string said_;
  std::vector<Exchange> exchanges_;
  std::vector<std::string> questions_;
  std::map<protocol::CommandId, std::size_t> by_id_;  // places in exchanges_
  std::map<std::size_t, std::size_t> message_at_;     // place in exchanges_: place in messages_
  std::vector<SentMessage> messages_;
  SentMessage answered_;  // the envelope, as far as the answers say
  bool binary_ = false;
  bool utf8_ = false;
  bool helo_ = false;
  bool hello_refused_ = false;
  bool in_auth_ = false;
  bool greeted_ = false;
  bool over_ = false;
};

}  // namespace postrider::fuzz
