// How an operation of the client ends: with a value, or with a Failure that says at which phase, why, what
// the server said last, and whether trying again may deliver a message twice.
//
//   const Outcome<void> started = co_await client.connect(network, endpoint);
//   if (!started) log(started.error().text());
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "postrider/protocol/error.h"
#include "postrider/protocol/grammar/delivery_decision.h"
#include "postrider/protocol/grammar/reply.h"
#include "postrider/transport/error.h"

namespace postrider::client {

// Where in the life of a connection. Finer than protocol::Stage, which knows replies alone: connecting has
// none, and sending the content and waiting for the verdict on it have deadlines of their own.
enum class Phase : std::uint8_t {
  connect,
  greeting,
  hello,           // EHLO, HELO, LHLO
  start_tls,       // STARTTLS, and the TLS handshake
  authentication,  // AUTH
  mail,
  rcpt,
  data,            // waiting for the 354
  content,         // sending the message
  end_of_content,  // all is sent; waiting for the reply, or in LMTP the replies
  reset,           // RSET
  quit,
};
inline constexpr std::size_t kPhaseCount = static_cast<std::size_t>(Phase::quit) + 1;
// For people: "waiting for the reply to MAIL".
std::string_view to_string(Phase phase) noexcept;
// What a reply in this phase answers.
protocol::Stage stage_of(Phase phase) noexcept;

struct Failure {
  Phase phase = Phase::connect;
  // The transport's: timed_out, eof (the server closed), operation_aborted (cancel()), or what the system
  // says. None when a reply, the protocol or the message was the reason.
  transport::error_code error = {};
  // What the server said: the refusal, or a 421 before it closed.
  std::optional<protocol::Reply> reply = {};
  // The server's octets were out of step; or, with `message_fault`, what is wrong with the message.
  std::optional<protocol::Error> protocol = {};
  // What of TLS or AUTH did not work out, in words; it says more than `error`.
  std::string detail = {};
  // The message could not be read or cannot be sent as it is: another server would not help.
  bool message_fault = false;
  // The whole message was on its way and no verdict came: it may be delivered, and sending it again may
  // deliver it twice.
  bool may_have_been_delivered = false;

  // What a sender does next with what was not decided. Cancelled and perhaps delivered: retry_later.
  protocol::Decision decision() const noexcept;
  // One line for people: "connection timed out while waiting for the reply to MAIL".
  std::string text() const;
};

template <class T>
using Outcome = std::expected<T, Failure>;

}  // namespace postrider::client
