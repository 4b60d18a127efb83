#include "postrider/tests/protocol/support/server_script.h"

#include <utility>

namespace postrider::protocol::testing {
namespace {

std::string text(const ReversePath& path) { return path.null ? "<>" : std::string(path.mailbox.text()); }
std::string text(const ForwardPath& path) {
  return path.postmaster ? "Postmaster" : std::string(path.mailbox.text());
}
std::string text(std::string_view view) { return std::string(view); }
std::string number(std::uint64_t n) { return std::to_string(n); }

std::string_view to_string(ev::Closed::Cause cause) {
  using Cause = ev::Closed::Cause;
  switch (cause) {
    case Cause::quit: return "quit";
    case Cause::end_of_input: return "end_of_input";
    case Cause::bad_ending: return "bad_ending";
    case Cause::plaintext_after_starttls: return "plaintext_after_starttls";
    case Cause::pipelining_violation: return "pipelining_violation";
    case Cause::bad_chunk_size: return "bad_chunk_size";
    case Cause::too_many_errors: return "too_many_errors";
    case Cause::too_many_commands: return "too_many_commands";
    case Cause::early_talker: return "early_talker";
    case Cause::refused: return "refused";
    case Cause::shut_down: return "shut_down";
  }
  return "?";
}

}  // namespace

ServerOptions ServerScript::default_options() {
  ServerOptions options;
  options.hostname = "mx.example.org";
  options.capabilities.offer(Extension::pipelining)
      .offer_size(1000)
      .offer(Extension::eight_bit_mime)
      .offer(Extension::smtputf8)
      .offer(Extension::chunking)
      .offer(Extension::binarymime)
      .offer(Extension::dsn)
      .offer(Extension::enhanced_status_codes)
      .offer(Extension::starttls);
  options.capabilities_after_tls = options.capabilities;
  options.capabilities_after_tls.withdraw(Extension::starttls).offer_mechanism(Mechanism::plain);
  options.limits.message_octets = 1000;
  return options;
}

ServerScript::ServerScript(ServerOptions options, const ReplyView& greeting)
    : profile_(std::move(options)), session_(profile_) {
  session_.greet(greeting);
}

ServerScript& ServerScript::answer(const std::string& question, std::vector<Reply> replies) {
  answers_[question] = std::move(replies);
  return *this;
}

std::string ServerScript::feed(std::string_view octets) {
  input_.append(octets);
  return run();
}

std::string ServerScript::run() {
  std::string written;
  for (;;) {
    const ServerSession::Step step = session_.next(input_);
    handle(step.event);
    input_.erase(0, step.consumed);
    if (std::holds_alternative<ev::NeedInput>(step.event) || std::holds_alternative<ev::Closed>(step.event) ||
        std::holds_alternative<ev::TlsHandshake>(step.event)) {
      return written + take_output();
    }
    if (std::holds_alternative<ev::FlushOutput>(step.event)) written += take_output();
  }
}

std::vector<std::string> ServerScript::events() { return std::exchange(events_, {}); }

Reply ServerScript::next_answer(const std::string& question, const ReplyView& otherwise) {
  const auto found = answers_.find(question);
  if (found == answers_.end()) return Reply(otherwise);
  Reply reply = found->second.front();
  if (found->second.size() > 1) found->second.erase(found->second.begin());
  return reply;
}

std::string ServerScript::take_output() {
  std::string output(session_.output());
  session_.output_sent(output.size());
  return output;
}

void ServerScript::handle(const ServerEvent& event) {
  constexpr ReplyView kOk{code::ok, status::other, "Ok"};
  if (const auto* e = std::get_if<ev::Hello>(&event)) {
    events_.push_back("Hello(" + text(e->name.text()) + ")");
    session_.reply(next_answer("hello", kOk));
  } else if (std::holds_alternative<ev::StartTls>(event)) {
    events_.push_back("StartTls");
    session_.reply(next_answer("starttls", {code::service_ready, status::other, "Go ahead"}));
  } else if (std::holds_alternative<ev::TlsHandshake>(event)) {
    events_.push_back("TlsHandshake");
  } else if (const auto* auth = std::get_if<ev::Auth>(&event)) {
    events_.push_back("Auth(" + text(auth->mechanism.view()) +
                      (auth->initial ? "," + text(auth->initial->view()) : "") + ")");
    const Reply reply = next_answer("auth", {code::authenticated, status::security, "Welcome"});
    if (reply.code() == code::auth_continue)
      session_.challenge(reply.text());
    else
      session_.reply(reply);
  } else if (const auto* line = std::get_if<ev::AuthLine>(&event)) {
    events_.push_back("AuthLine(" + text(line->base64) + ")");
    const Reply reply = next_answer("auth", {code::authenticated, status::security, "Welcome"});
    if (reply.code() == code::auth_continue)
      session_.challenge(reply.text());
    else
      session_.reply(reply);
  } else if (const auto* cancelled = std::get_if<ev::AuthCancelled>(&event)) {
    events_.push_back(cancelled->by_client ? "AuthCancelled(*)" : "AuthCancelled");
  } else if (const auto* mail = std::get_if<ev::Mail>(&event)) {
    events_.push_back("Mail(" + text(mail->from) + ")");
    session_.reply(next_answer("mail", kOk));
  } else if (const auto* rcpt = std::get_if<ev::Rcpt>(&event)) {
    events_.push_back("Rcpt(" + text(rcpt->to) + ")");
    session_.reply(next_answer("rcpt", kOk));
  } else if (std::holds_alternative<ev::DataBegin>(event)) {
    events_.push_back("DataBegin");
    session_.reply(next_answer("data", {code::start_mail_input, "Go ahead"}));
  } else if (const auto* chunk = std::get_if<ev::ChunkBegin>(&event)) {
    events_.push_back("ChunkBegin(" + number(chunk->size) + (chunk->last ? ",LAST)" : ")"));
    session_.reply(next_answer("chunk", kOk));
  } else if (const auto* body = std::get_if<ev::Body>(&event)) {
    content_.append(body->octets);
  } else if (std::holds_alternative<ev::ChunkEnd>(event)) {
    events_.push_back("ChunkEnd");
  } else if (const auto* end = std::get_if<ev::BodyEnd>(&event)) {
    events_.push_back("BodyEnd(" + number(end->octets) + ")");
    content_.push_back('|');
    while (session_.question_open()) session_.reply(next_answer("content", kOk));
  } else if (const auto* refused_body = std::get_if<ev::BodyRefused>(&event)) {
    events_.push_back("BodyRefused(" + text(protocol::to_string(refused_body->why)) + ")");
    content_.push_back('|');
  } else if (const auto* query = std::get_if<ev::Query>(&event)) {
    events_.push_back("Query(" + text(protocol::to_string(query->verb)) + "," + text(query->argument.view()) +
                      ")");
    session_.reply(next_answer("query", kOk));
  } else if (const auto* extended = std::get_if<ev::Extended>(&event)) {
    events_.push_back("Extended(" + extended->verb->name + "," + text(extended->argument.view()) + ")");
    session_.reply(next_answer("extended", kOk));
  } else if (const auto* reset = std::get_if<ev::Reset>(&event)) {
    using Cause = ev::Reset::Cause;
    events_.push_back(reset->cause == Cause::rset    ? "Reset(rset)"
                      : reset->cause == Cause::hello ? "Reset(hello)"
                                                     : "Reset(restarted)");
  } else if (const auto* refused = std::get_if<ev::Refused>(&event)) {
    events_.push_back("Refused(" + text(protocol::to_string(refused->verb)) + "," +
                      text(protocol::to_string(refused->why)) + "," + number(refused->code.value()) + ")");
  } else if (const auto* closed = std::get_if<ev::Closed>(&event)) {
    if (!closed_) events_.push_back("Closed(" + text(to_string(closed->cause)) + ")");
    closed_ = true;
  }
}

}  // namespace postrider::protocol::testing
