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
  proceed,  // positive: go on; at Stage::content the message is delivered
  delivered,
  retry_same_host,  // say it again on the same connection in another way, or reconnect: HELO for EHLO, no
                    // TLS, fewer recipients
  try_next_host,    // another host of the destination may do better, now
  retry_later,      // temporary: keep the recipient (at Stage::rcpt and LMTP content) or the message queued
  fail_recipient,   // permanent for this recipient
  fail_message,     // permanent for the whole message
};
std::string_view to_string(Decision decision) noexcept;

Decision decide(Stage stage, const ReplyView& reply) noexcept;

}  // namespace postrider::protocol
