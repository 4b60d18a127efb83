#include "postrider/client/outcome.h"

#include <utility>

namespace postrider::client {

std::string_view to_string(Phase phase) noexcept {
  switch (phase) {
    case Phase::connect: return "connecting";
    case Phase::greeting: return "waiting for the greeting";
    case Phase::hello: return "waiting for the reply to EHLO";
    case Phase::start_tls: return "starting TLS";
    case Phase::authentication: return "authenticating";
    case Phase::mail: return "waiting for the reply to MAIL";
    case Phase::rcpt: return "waiting for the reply to RCPT";
    case Phase::data: return "waiting for the reply to DATA";
    case Phase::content: return "sending the message";
    case Phase::end_of_content: return "waiting for the reply to the end of the message";
    case Phase::reset: return "waiting for the reply to RSET";
    case Phase::quit: return "waiting for the reply to QUIT";
  }
  std::unreachable();
}

protocol::Stage stage_of(Phase phase) noexcept {
  using protocol::Stage;
  switch (phase) {
    case Phase::connect:
    case Phase::greeting: return Stage::greeting;
    case Phase::hello: return Stage::hello;
    case Phase::start_tls: return Stage::start_tls;
    case Phase::authentication: return Stage::authenticate;
    case Phase::mail: return Stage::mail;
    case Phase::rcpt: return Stage::rcpt;
    case Phase::data: return Stage::data;
    case Phase::content:
    case Phase::end_of_content: return Stage::content;
    case Phase::reset: return Stage::reset;
    case Phase::quit: return Stage::quit;
  }
  std::unreachable();
}

protocol::Decision Failure::decision() const noexcept {
  using protocol::Decision;
  // A message that cannot be sent as it is will not become better; one that could not be read might.
  if (message_fault) return protocol ? Decision::fail_message : Decision::retry_later;
  // Another host now would be the surest way to deliver twice.
  if (may_have_been_delivered) return Decision::retry_later;
  if (error == transport::error::operation_aborted) return Decision::retry_later;
  if (reply && !reply->code().positive()) return decide(stage_of(phase), *reply);
  return Decision::try_next_host;
}

std::string Failure::text() const {
  std::string text;
  if (reply) text.append("server said \"").append(to_log_line(*reply)).append("\"");
  if (protocol) {
    if (!text.empty()) text.append(", then ");
    text.append(message_fault ? "message unfit to be sent: " : "server out of step: ");
    text.append(to_string(protocol->code));
  }
  if (!detail.empty()) {
    if (!text.empty()) text.append(": ");
    text.append(detail);
  } else if (error) {
    if (!text.empty()) text.append(", then ");
    if (message_fault) text.append("message could not be read: ");
    if (error == transport::error::eof) {
      text.append("connection closed by the server");
    } else if (error == transport::error::timed_out) {
      text.append("timed out");
    } else if (error == transport::error::operation_aborted) {
      text.append("cancelled");
    } else {
      text.append(error.message());
    }
  }
  text.append(" while ").append(to_string(phase));
  if (may_have_been_delivered) text.append("; the message may have been delivered");
  return text;
}

}  // namespace postrider::client
