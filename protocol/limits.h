// Every bound of the core, each with the reason for its default and the attack that it stops. A session
// copies what it needs of this once; sizes are octets including CRLF unless said otherwise.
#pragma once

#include <cstddef>
#include <cstdint>

namespace postrider::protocol {

// RFC 5321 4.5.3.1.1: a local-part has at most 64 octets.
inline constexpr std::size_t kMaxLocalPart = 64;
// RFC 5321 4.5.3.1.2: a domain has at most 255 octets.
inline constexpr std::size_t kMaxDomain = 255;
// RFC 5321 4.5.3.1.3: a path has at most 256 octets including the punctuation. A source route, which is read
// and dropped, is not counted: RFC 5321 4.1.1.3 lets a server ignore it.
inline constexpr std::size_t kMaxPath = 256;

struct Limits {
  // One command line. RFC 5321 4.5.3.1.4 says 512; MAIL and RCPT grow with their extensions: SIZE +26 (RFC
  // 1870 5), AUTH= +500 (RFC 4954 3), ENVID +100, ORCPT +500 (RFC 3461 5). Stops: filling memory with a line
  // without end.
  std::size_t command_line = 2048;
  // One line of an AUTH exchange, RFC 4954 4: 12288 octets.
  std::size_t auth_line = 12288;
  // One line of a reply. RFC 5321 4.5.3.1.5 says 512; real servers exceed it.
  std::size_t reply_line = 2048;
  // The text of one reply that is kept. More is read and dropped, so that the stream stays in step.
  std::size_t reply_text = 8 * 1024;
  // Lines of one reply. Stops: a server that never ends its reply.
  std::size_t reply_lines = 256;
  // One line of message text, RFC 5321 4.5.3.1.6. A longer one is a flaw that is noted, not an error of
  // framing.
  std::size_t text_line = 1000;
  // One message, RFC 1870; 0: no limit.
  std::uint64_t message_octets = 50ull << 20;
  // Recipients of one message; RFC 5321 4.5.3.1.8 requires at least 100.
  std::uint32_t recipients = 1000;
  // Refused commands in one session, then 421 and close. Stops: guessing at addresses and passwords, and
  // noise.
  std::uint32_t errors = 20;
  // Commands without an accepted message in between, then 421 and close. Stops: NOOP, RSET and VRFY loops.
  std::uint32_t commands_without_mail = 1000;
  // Replies that the peer has not read yet. Above it no further command is looked at. Stops: a peer that
  // pipelines commands and never reads, RFC 2920 3.2.
  std::size_t queued_output = 64 * 1024;
  // Client: commands sent whose reply has not come. Stops: the deadlock of two full send windows, RFC
  // 2920 3.1.
  std::uint32_t in_flight = 128;
};

}  // namespace postrider::protocol
