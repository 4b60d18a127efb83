// What a reply means for the mail: a pure table from (stage, reply) to what a sender does next.
//
// The reply code decides, refined by the enhanced status and, for a short list of well-known replies whose
// code says something else than is meant, by the text (each with the server that sends it, see
// delivery_decision.cc).
#pragma once

#include <cstdint>
#include <string_view>

#include "postrider/protocol/grammar/reply.h"

namespace postrider::protocol {

// Where in the conversation the reply came.
enum class Stage : std::uint8_t {
  greeting,
  hello,  // EHLO, HELO, LHLO
  start_tls,
  authenticate,
  mail,
  rcpt,
  data,     // the reply to DATA
  content,  // the reply after the end of data or the last BDAT; in LMTP one for each recipient
  reset,    // RSET and NOOP
  quit,
};
inline constexpr std::size_t kStageCount = static_cast<std::size_t>(Stage::quit) + 1;
std::string_view to_string(Stage stage) noexcept;

enum class Decision : std::uint8_t {
  proceed,    // positive: go on
  delivered,  // Stage::content alone: the host has taken the responsibility for the message, RFC 5321 6.1
  // The same host, at once, in another way: HELO for EHLO, without TLS for STARTTLS (where the sender's
  // policy allows it) or with TLS where it asks for it, another mechanism for AUTH, this recipient in another
  // transaction for RCPT, a new connection for the others.
  retry_same_host,
  try_next_host,   // another host of the destination may do better, now
  retry_later,     // temporary: keep the recipient (at Stage::rcpt) or the message queued
  fail_recipient,  // permanent for this recipient
  fail_message,    // permanent for the whole message
};
std::string_view to_string(Decision decision) noexcept;

// In LMTP a reply at Stage::content is about one recipient, and so are retry_later and fail_message there.
//
// What the table cannot know is left to the sender: a way that was tried already and led to retry_same_host
// again is a try_next_host (for RCPT: a retry_later), and where no host is left, the first digit of the last
// reply decides: 4 is retry_later, 5 is fail_message.
Decision decide(Stage stage, const ReplyView& reply) noexcept;

}  // namespace postrider::protocol
