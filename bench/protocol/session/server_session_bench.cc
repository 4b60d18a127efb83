// A whole server session per message: EHLO, then 10 x (MAIL, RCPT, DATA, 1 KiB), parsed and answered, in
// memory.
#include <string>
#include <string_view>

#include <benchmark/benchmark.h>

#include "postrider/protocol/session/server_session.h"

namespace {

using namespace postrider::protocol;

std::string message_of(std::size_t octets) {
  std::string message = "From: <a@example.org>\r\nTo: <b@example.net>\r\nSubject: bench\r\n\r\n";
  const std::string line(70, 'X');
  while (message.size() + line.size() + 2 <= octets) message += line + "\r\n";
  return message;
}

ServerOptions options() {
  ServerOptions options;
  options.hostname = "mx.example.org";
  options.capabilities.offer(Extension::pipelining)
      .offer_size(50 << 20)
      .offer(Extension::eight_bit_mime)
      .offer(Extension::smtputf8)
      .offer(Extension::chunking)
      .offer(Extension::dsn)
      .offer(Extension::enhanced_status_codes);
  return options;
}

// Reads all of `input`, says yes to everything, and counts the octets of content.
std::size_t play(ServerSession& session, std::string_view input) {
  constexpr ReplyView kOk{code::ok, status::other, "Ok"};
  std::size_t content = 0;
  for (;;) {
    const ServerSession::Step step = session.next(input);
    input.remove_prefix(step.consumed);
    if (const auto* body = std::get_if<ev::Body>(&step.event)) {
      content += body->octets.size();
    } else if (std::holds_alternative<ev::DataBegin>(step.event)) {
      session.reply({code::start_mail_input, "Go ahead"});
    } else if (session.question_open()) {
      session.reply(kOk);
    } else if (std::holds_alternative<ev::NeedInput>(step.event)) {
      session.output_sent(session.output().size());
      return content;
    }
  }
}

void whole_session(benchmark::State& state) {
  constexpr int kMessages = 10;
  const ServerProfile profile(options());
  const std::string body = message_of(1024) + ".\r\n";
  std::size_t content = 0;
  for (auto _ : state) {
    ServerSession session(profile);
    session.greet({code::service_ready, "mx.example.org ESMTP"});
    session.output_sent(session.output().size());
    content += play(session, "EHLO client.example.org\r\n");
    for (int i = 0; i < kMessages; ++i) {
      content +=
          play(session, "MAIL FROM:<someone@example.org> SIZE=1024\r\nRCPT TO:<b@example.net>\r\nDATA\r\n");
      content += play(session, body);
    }
  }
  benchmark::DoNotOptimize(content);
  state.SetItemsProcessed(state.iterations() * kMessages);
}
BENCHMARK(whole_session);

}  // namespace
