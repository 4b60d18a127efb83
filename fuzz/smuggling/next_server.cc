#include "postrider/fuzz/smuggling/next_server.h"

#include <optional>
#include <utility>

#include "postrider/protocol/grammar/octets.h"

namespace postrider::fuzz {
namespace {

constexpr std::string_view kEnd = "\r\n.\r\n";
constexpr std::string_view kHello = "250-next.example\r\n250-8BITMIME\r\n250 SIZE 1048576\r\n";

WireOptions wire_options() {
  WireOptions options;
  options.most_recorded = 0;
  return options;
}

bool has_verb(std::string_view line, std::string_view verb) noexcept {
  return line.size() >= verb.size() && protocol::equal_ignoring_case(line.substr(0, verb.size()), verb);
}

}  // namespace

struct NextServer::Session {
  Session(transport::Loop& loop, std::unique_ptr<transport::Stream> stream)
      : wire(loop, std::move(stream), WireRole::server, wire_options()) {}

  Wire wire;
  std::optional<TakenMessage> transaction;
  std::size_t number = 0;
  bool lmtp = false;
};

std::expected<transport::Endpoint, transport::error_code> NextServer::listen(const transport::Endpoint& at) {
  transport::ListenResult listener = network_.listen(at, {});
  if (!listener) return std::unexpected(listener.error());
  listener_ = std::move(*listener);
  last_heard_ = loop_.now();
  loop_.spawn(accept(*this));
  return listener_->local();
}

void NextServer::stop() noexcept {
  stopping_ = true;
  if (listener_) listener_->close();
}

Task<void> NextServer::accept(NextServer& self) {
  for (;;) {
    transport::StreamResult accepted = co_await self.listener_->accept();
    if (!accepted) co_return;
    self.loop_.spawn(serve(self, std::move(*accepted)));
  }
}

Task<void> NextServer::serve(NextServer& self, std::unique_ptr<transport::Stream> stream) {
  Session session(self.loop_, std::move(stream));
  session.number = self.connections_++;
  bool on = co_await self.say(session, "220 next.example ready\r\n");
  while (on) {
    WireOctets line = co_await session.wire.read_line(session.wire.in(self.patience_));
    if (!line.ok()) break;
    self.last_heard_ = self.loop_.now();
    on = co_await self.command(session, line.octets);
  }
}

Task<bool> NextServer::command(Session& session, std::string_view line) {
  std::string reply = "250 2.0.0 Ok\r\n";
  if (has_verb(line, "EHLO") || has_verb(line, "LHLO")) {
    session.lmtp = has_verb(line, "LHLO");
    reply = kHello;
  } else if (has_verb(line, "MAIL FROM:")) {
    session.transaction.emplace();
    session.transaction->connection = session.number;
    session.transaction->sender = line.substr(0, line.find_last_not_of("\r\n") + 1).substr(10);
  } else if (has_verb(line, "RCPT TO:")) {
    if (session.transaction) {
      session.transaction->recipients.emplace_back(
          line.substr(0, line.find_last_not_of("\r\n") + 1).substr(8));
    } else {
      reply = "503 5.5.1 From whom?\r\n";
    }
  } else if (has_verb(line, "DATA")) {
    const bool ready = session.transaction && !session.transaction->recipients.empty();
    if (ready) {
      const bool goes_on = co_await content(session);
      co_return goes_on;
    }
    reply = "503 5.5.1 To whom?\r\n";
  } else if (has_verb(line, "QUIT")) {
    (void)co_await say(session, "221 2.0.0 Bye\r\n");
    co_return false;
  } else if (has_verb(line, "RSET")) {
    session.transaction.reset();
  } else if (!has_verb(line, "NOOP") && !has_verb(line, "HELO")) {
    reply = "502 5.5.1 What?\r\n";
  }
  const bool said = co_await say(session, std::move(reply));
  co_return said;
}

Task<bool> NextServer::content(Session& session) {
  const bool said = co_await say(session, "354 Go on\r\n");
  if (!said) co_return false;
  // An empty message ends at once: the CRLF of DATA is the one before its dot (RFC 5321 4.1.1.4).
  std::string raw = "\r\n";
  while (!raw.ends_with(kEnd)) {
    WireOctets line = co_await session.wire.read_line(session.wire.in(patience_));
    if (!line.ok()) co_return false;
    if (raw.size() + line.octets.size() > kMostMessage) co_return false;
    raw += line.octets;
  }
  last_heard_ = loop_.now();
  raw.resize(raw.size() - 3);
  raw.erase(0, 2);
  TakenMessage taken = std::move(*session.transaction);
  session.transaction.reset();
  const std::size_t recipients = taken.recipients.size();
  taken.raw = std::move(raw);
  if (taken_.size() < kMostMessages) taken_.push_back(std::move(taken));
  std::string reply;
  for (std::size_t at = 0; at < (session.lmtp ? recipients : 1); ++at) reply += "250 2.0.0 Taken\r\n";
  const bool answered = co_await say(session, std::move(reply));
  co_return answered;
}

Task<bool> NextServer::say(Session& session, std::string reply) {
  const WireResult sent = co_await session.wire.send(std::move(reply), session.wire.in(patience_));
  co_return sent.ok() && !stopping_;
}

}  // namespace postrider::fuzz
