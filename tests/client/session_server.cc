#include "postrider/tests/client/session_server.h"

#include <array>
#include <string_view>
#include <utility>

namespace postrider::client::testing {

using namespace protocol;

namespace {

// What SessionServer::handle does with each event.
struct Handle {
  ServerSession& session;
  SessionServer& server;
  SessionServer::Message& message;
  bool& closed;

  static constexpr ReplyView kOk{code::ok, status::other, "Ok"};

  void operator()(const ev::Hello&) const { session.reply(kOk); }
  void operator()(const ev::Mail& mail) const {
    message = {};
    message.sender = mail.from.mailbox.text();
    session.reply(kOk);
  }
  void operator()(const ev::Rcpt& rcpt) const {
    const std::string address(rcpt.to.mailbox.text());
    const auto refusal = server.refusals.find(address);
    if (refusal != server.refusals.end()) {
      session.reply(refusal->second);
      return;
    }
    message.recipients.push_back(address);
    session.reply(kOk);
  }
  void operator()(const ev::DataBegin&) const { session.reply({code::start_mail_input, "Go on"}); }
  void operator()(const ev::ChunkBegin&) const { session.reply(kOk); }
  void operator()(const ev::Body& body) const { message.content.append(body.octets); }
  void operator()(const ev::BodyEnd&) const {
    while (session.question_open()) session.reply(kOk);
    server.messages.push_back(std::exchange(message, {}));
  }
  void operator()(const ev::Closed&) const { closed = true; }
  void operator()(const auto&) const {
    if (session.question_open()) session.reply({code::not_implemented, status::invalid_command, "No"});
  }
};

}  // namespace

ServerOptions SessionServer::options(Flavor flavor) {
  ServerOptions with;
  with.hostname = "mx.example.org";
  with.flavor = flavor;
  with.capabilities.offer(Extension::pipelining)
      .offer_size(10'000'000)
      .offer(Extension::eight_bit_mime)
      .offer(Extension::chunking)
      .offer(Extension::binarymime)
      .offer(Extension::smtputf8)
      .offer(Extension::dsn)
      .offer(Extension::enhanced_status_codes);
  return with;
}

transport::Task<void> SessionServer::serve(transport::Loop&,
                                           std::unique_ptr<transport::MemoryStream> stream) {
  ServerSession session(profile_);
  session.greet({code::service_ready, "mx.example.org ESMTP"});
  std::array<char, 4096> memory;
  std::string input;
  while (!closed_ || !session.output().empty()) {
    const ServerSession::Step step = session.next(input);
    if (!std::holds_alternative<ev::NeedInput>(step.event) &&
        !std::holds_alternative<ev::FlushOutput>(step.event)) {
      handle(step.event, session);
      input.erase(0, step.consumed);
      if (!closed_) continue;
    } else {
      input.erase(0, step.consumed);
    }
    const transport::error_code failure = co_await stream->write_all(session.output());
    if (failure) co_return;
    session.output_sent(session.output().size());
    if (closed_ || !std::holds_alternative<ev::NeedInput>(step.event)) continue;
    const transport::IoResult result = co_await stream->read_some(memory);
    if (!result.done()) {
      session.end_of_input();
      continue;
    }
    input.append(memory.data(), result.octets);
  }
  co_await stream->close(transport::Closing::at_once);
}

void SessionServer::handle(const ServerEvent& event, ServerSession& session) {
  std::visit(Handle{session, *this, message_, closed_}, event);
}

}  // namespace postrider::client::testing
