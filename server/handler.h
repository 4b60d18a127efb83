// What a server does with mail: the policy and the destination behind the protocol.
//
// One Handler for each connection, made by a HandlerFactory; one MessageSink for each message. Every question
// may be answered at once or by a Task (see soon.h); the session stands still meanwhile, other connections go
// on. Calls come from the loop's thread, one at a time, in the order of the protocol: mail after hello, rcpt
// after mail, never twice. The session itself answers everything that is wrong by the protocol, so a handler
// sees sound commands only. Views in events point into the receive buffer and are valid until the answer is
// there; keep copies (protocol::Owned).
//
//   class Discard : public Handler {
//     Answer on_rcpt(const protocol::ev::Rcpt&) override { return kOk; }
//     Soon<Opened> on_data() override { return Opened(std::make_unique<Drain>()); }
//   };
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "postrider/protocol/grammar/reply.h"
#include "postrider/protocol/session/events.h"
#include "postrider/protocol/session/server_session.h"
#include "postrider/server/admission.h"
#include "postrider/server/soon.h"
#include "postrider/transport/clock.h"
#include "postrider/transport/endpoint.h"
#include "postrider/transport/error.h"
#include "postrider/transport/network.h"

namespace postrider::server {

using protocol::Reply;
using protocol::ReplyView;
using transport::Task;

inline constexpr ReplyView kOk{protocol::code::ok, protocol::status::other, "Ok"};

// The reply to a command.
class Answer {
 public:
  // `fixed.text` outlives the session: a literal, or text of the handler's own.
  Answer(const ReplyView& fixed) : state_(fixed) {}      // NOLINT(google-explicit-constructor)
  Answer(Reply reply) : state_(std::move(reply)) {}      // NOLINT(google-explicit-constructor)
  Answer(Task<Reply> task) : state_(std::move(task)) {}  // NOLINT(google-explicit-constructor)

  bool is_ready() const noexcept { return state_.index() != 2; }
  ReplyView view() const {  // when is_ready()
    if (const auto* fixed = std::get_if<ReplyView>(&state_)) return *fixed;
    return std::get<Reply>(state_).view();
  }
  Task<Reply> task() && { return std::move(std::get<2>(state_)); }  // otherwise

 private:
  std::variant<ReplyView, Reply, Task<Reply>> state_;
};

// Identifies a session in logs and Received lines: unique in a process, and in practice across restarts.
struct SessionId {
  std::uint64_t value = 0;

  std::string to_string() const;  // 13 of 0-9 a-v
  friend bool operator==(SessionId, SessionId) = default;
};

// Whose a connection is, and what it is counted as.
struct ServedClient {
  transport::Endpoint peer;
  std::optional<transport::Endpoint> local;  // our end, as a gateway says
  bool is_gateway = false;
  Admission::Ticket ticket;
};

// What is known of a connection. Lives as long as its handler.
class ConnectionInfo {
 public:
  ConnectionInfo(SessionId id, transport::Loop& loop, const protocol::ServerSession& session,
                 const std::unique_ptr<transport::Stream>& stream, ServedClient& client,
                 transport::SystemTime started)
      : id_(id), loop_(loop), session_(session), stream_(stream), client_(client), started_(started) {}

  SessionId id() const noexcept { return id_; }
  const transport::Endpoint& peer() const noexcept { return client_.peer; }
  transport::Endpoint local() const;
  // Whoever connected, and to where: the gateway, when peer() is its client. Not during upgrade().
  const transport::Endpoint& real_peer() const noexcept { return stream_->peer(); }
  transport::Endpoint real_local() const { return stream_->local(); }
  // ServerConfig::is_gateway says so of whoever connected.
  bool is_gateway() const noexcept { return client_.is_gateway; }
  // A gateway speaks for this client: what peer() and local() say, and what the limits count, from now on.
  // The limits may refuse the client; nothing has changed then, and 421 is the reply. `local` left out: ours.
  std::optional<Admission::Refusal> stand_for(const transport::Endpoint& peer,
                                              std::optional<transport::Endpoint> local) const;
  // What TLS has agreed on; nullptr in clear.
  const transport::TlsInfo* tls() const noexcept { return stream_ ? stream_->tls() : nullptr; }
  transport::SystemTime started() const noexcept { return started_; }
  transport::Loop& loop() const noexcept { return loop_; }
  // encrypted(), authenticated(), extended_hello(), accepted_recipients() and the like.
  const protocol::ServerSession& session() const noexcept { return session_; }

 private:
  SessionId id_;
  transport::Loop& loop_;
  const protocol::ServerSession& session_;
  const std::unique_ptr<transport::Stream>& stream_;
  ServedClient& client_;
  transport::SystemTime started_;
};

// Takes the content of one message. Destroyed without finish(): the message was abandoned, nothing of it may
// stay.
//
// A sink that cannot go on (disk full, message refused) remembers it, ignores the rest and says so in
// finish(): between 354 and the end of data SMTP has no place for a reply.
class MessageSink {
 public:
  virtual ~MessageSink() = default;

  // The next octets of content, dots removed. The view is valid until the answer is there.
  virtual Soon<void> write(std::string_view octets) = 0;

  // The content is complete: make it safe, then answer; 250 makes us responsible for it (RFC 5321 6.1). SMTP
  // asks once, with `recipient` 0. LMTP asks for each accepted recipient, in the order of the RCPTs (RFC
  // 2033 4.2).
  virtual Answer finish(const protocol::ev::BodyEnd& end, std::size_t recipient) = 0;
};

// A sink, or the refusal of DATA (or of the first BDAT).
using Opened = std::expected<std::unique_ptr<MessageSink>, Reply>;

// 334 with a challenge in base64, or the final 235 or refusal.
struct Challenge {
  explicit Challenge(std::string text) : base64(std::move(text)) {}
  std::string base64;
};
using AuthStep = std::variant<Reply, Challenge>;

// How a connection came to its end.
struct SessionEnd {
  enum class Cause : std::uint8_t {
    protocol,   // as `closed` says: QUIT, too many errors, the client closed, ...
    timed_out,  // the client was too slow
    lost,       // `error`: the connection broke
    stopped,    // the server is going down
    failed,     // the handler threw an exception
  };
  Cause cause = Cause::protocol;
  protocol::ev::Closed::Cause closed = protocol::ev::Closed::Cause::quit;
  transport::error_code error = {};
};
std::string_view to_string(const SessionEnd& end) noexcept;  // "quit", "timed_out", ...

class Handler {
 public:
  virtual ~Handler() = default;

  // The greeting: 220, or 421 or 554 to turn the peer away. `greeting` is the configured 220; its text
  // outlives the session.
  virtual Answer on_connect(const ReplyView& greeting);
  // A positive reply is replaced by the capabilities.
  virtual Answer on_hello(const protocol::ev::Hello& hello);
  virtual Answer on_mail(const protocol::ev::Mail& mail);
  // Refuses by default: 550 5.1.1.
  virtual Answer on_rcpt(const protocol::ev::Rcpt& rcpt);
  // DATA or the first BDAT, with at least one recipient accepted. Refuses by default: 451 4.3.0.
  virtual Soon<Opened> on_data();
  // VRFY: 252 by default (RFC 5321 7.3). HELP: 214. EXPN and ETRN: 502.
  virtual Answer on_query(const protocol::ev::Query& query);
  // A verb that was registered in the ExtensionTable. Refuses by default: 502.
  virtual Answer on_extended(const protocol::ev::Extended& command);
  // AUTH, where it was offered. Refuse by default: 454 4.7.0.
  virtual Soon<AuthStep> on_auth(const protocol::ev::Auth& auth);
  virtual Soon<AuthStep> on_auth_line(const protocol::ev::AuthLine& line);
  virtual void on_auth_cancelled() noexcept {}
  // STARTTLS, where it was offered: 220 or a refusal. Refuses by default: 454 4.7.0.
  virtual Answer on_start_tls();
  // After the 220: makes the encrypted stream from the plain one. An error ends the session.
  virtual Task<transport::StreamResult> upgrade(std::unique_ptr<transport::Stream> plain);

  // The transaction is forgotten: RSET, a second EHLO, STARTTLS. Sinks are destroyed by the driver.
  virtual void on_reset(const protocol::ev::Reset& reset) noexcept;
  // For logs: the session refused a command, or a message, on its own.
  virtual void on_refused(const protocol::ev::Refused& refused) noexcept;
  virtual void on_body_refused(const protocol::ev::BodyRefused& refused) noexcept;
  // The last call.
  virtual void on_end(const SessionEnd& end) noexcept;
};

class HandlerFactory {
 public:
  virtual ~HandlerFactory() = default;
  // Called on the thread of the connection's loop: with several loops, on several threads at once. Never
  // null. `info` outlives the handler.
  virtual std::unique_ptr<Handler> make(const ConnectionInfo& info) = 0;
  // For logs: a proxy's connection was closed, since no sound PROXY header came in time. On the same threads.
  virtual void on_bad_proxy_header(const transport::Endpoint& proxy,
                                   const transport::error_code& why) noexcept;
};

}  // namespace postrider::server
