#include "postrider/server/handler.h"

#include <utility>

#include "postrider/transport/loop.h"

namespace postrider::server {
namespace {

namespace code = protocol::code;
namespace status = protocol::status;
namespace ev = protocol::ev;

constexpr ReplyView kNoSuchUser{code::mailbox_unavailable, status::bad_mailbox, "No such user here"};
constexpr ReplyView kNoContent{code::local_error, status::mail_system, "This server keeps no mail"};
constexpr ReplyView kCannotVerify{code::cannot_verify, status::other,
                                  "Cannot verify, send some mail and see"};
constexpr ReplyView kHelp{code::help_message, status::other, "See RFC 5321"};
constexpr ReplyView kNotImplemented{code::not_implemented, status::invalid_command,
                                    "Command not implemented"};
constexpr ReplyView kNoAuthentication{code::temporary_auth_failure, status::security,
                                      "Authentication is not available"};
constexpr ReplyView kNoTls{code::temporary_auth_failure, status::security, "TLS is not available"};

std::string_view to_string(ev::Closed::Cause cause) noexcept {
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
  return "unknown";
}

Task<transport::StreamResult> refuse_upgrade() {
  co_return std::unexpected(transport::error_code(transport::error::operation_not_supported));
}

}  // namespace

std::string SessionId::to_string() const {
  constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuv";
  std::string text(13, '0');
  std::uint64_t rest = value;
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit, rest >>= 5) *digit = kDigits[rest & 31];
  return text;
}

transport::Endpoint ConnectionInfo::local() const {
  if (client_.local) return *client_.local;
  return stream_ ? stream_->local() : transport::Endpoint();
}

std::optional<Admission::Refusal> ConnectionInfo::stand_for(const transport::Endpoint& peer,
                                                            std::optional<transport::Endpoint> local) const {
  if (const auto refusal = client_.ticket.pass_to(peer, loop_.now())) return refusal;
  client_.peer = peer;
  client_.local = std::move(local);
  return std::nullopt;
}

std::string_view to_string(const SessionEnd& end) noexcept {
  switch (end.cause) {
    case SessionEnd::Cause::protocol: return to_string(end.closed);
    case SessionEnd::Cause::timed_out: return "timed_out";
    case SessionEnd::Cause::lost: return "lost";
    case SessionEnd::Cause::stopped: return "stopped";
    case SessionEnd::Cause::failed: return "failed";
  }
  return "unknown";
}

Answer Handler::on_connect(const ReplyView& greeting) { return greeting; }
Answer Handler::on_hello(const ev::Hello&) { return kOk; }
Answer Handler::on_mail(const ev::Mail&) { return kOk; }
Answer Handler::on_rcpt(const ev::Rcpt&) { return kNoSuchUser; }
Soon<Opened> Handler::on_data() { return Opened(std::unexpect, kNoContent); }

Answer Handler::on_query(const ev::Query& query) {
  if (query.verb == protocol::Verb::vrfy) return kCannotVerify;
  if (query.verb == protocol::Verb::help) return kHelp;
  return kNotImplemented;
}

Answer Handler::on_extended(const ev::Extended&) { return kNotImplemented; }
Soon<AuthStep> Handler::on_auth(const ev::Auth&) { return AuthStep(Reply(kNoAuthentication)); }
Soon<AuthStep> Handler::on_auth_line(const ev::AuthLine&) { return AuthStep(Reply(kNoAuthentication)); }
Answer Handler::on_start_tls() { return kNoTls; }
Task<transport::StreamResult> Handler::upgrade(std::unique_ptr<transport::Stream>) {
  return refuse_upgrade();
}
void Handler::on_reset(const ev::Reset&) noexcept {}
void Handler::on_refused(const ev::Refused&) noexcept {}
void Handler::on_body_refused(const ev::BodyRefused&) noexcept {}
void Handler::on_end(const SessionEnd&) noexcept {}

void HandlerFactory::on_bad_proxy_header(const transport::Endpoint&, const transport::error_code&) noexcept {}

}  // namespace postrider::server
