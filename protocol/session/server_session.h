// The server's half of one SMTP or LMTP connection, without I/O, clock or policy.
//
//   ServerSession session(profile);
//   session.greet({code::service_ready, "mx.example.org ESMTP"}, in.data());
//   for (;;) {
//     ServerSession::Step step = session.next(in.data());
//     in.consume(step.consumed);
//     // look at step.event; a question is answered by session.reply() before the next next()
//   }
//
// NeedInput means: write output(), then read. So the replies to a pipelined group leave in one write exactly when no
// whole command is left (RFC 2920 3.2). Any split of the input gives the same events, as long as the peer keeps the
// rules of pipelining. Nothing is allocated for a command or a slice of content; a reply that does not fit into the
// small buffer inside the session is kept on the heap until it has been written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "postrider/protocol/framing/chunk_reader.h"
#include "postrider/protocol/framing/data_codec.h"
#include "postrider/protocol/framing/line_scanner.h"
#include "postrider/protocol/framing/output_buffer.h"
#include "postrider/protocol/grammar/capabilities.h"
#include "postrider/protocol/grammar/reply.h"
#include "postrider/protocol/leniency.h"
#include "postrider/protocol/limits.h"
#include "postrider/protocol/session/command_rules.h"
#include "postrider/protocol/session/events.h"
#include "postrider/protocol/session/flavor.h"

namespace postrider::protocol {

// What all sessions of one listener share. It must outlive them and not change meanwhile.
struct ServerProfile {
  std::string_view hostname = "localhost";     // first word of the reply to EHLO
  Limits limits;
  Leniency leniency;
  Capabilities capabilities;                   // offered before TLS (or always)
  Capabilities capabilities_after_tls;         // offered from tls_established() on
  const ExtensionTable* extensions = nullptr;
  Flavor flavor = Flavor::smtp;
};

class ServerSession {
 public:
  struct Step {
    std::size_t consumed;
    ServerEvent event;
  };

  explicit ServerSession(const ServerProfile& profile) noexcept;
  ServerSession(const ServerSession&) = delete;
  ServerSession& operator=(const ServerSession&) = delete;

  // The greeting: 220, or 421 or 554 to turn the peer away (then the next event is Closed, RFC 5321 3.1).
  // `already_received` is input that came before it: an early talker, told as Refused and then closed.
  void greet(const ReplyView& greeting, std::string_view already_received = {});

  // Must not be called while a question is open (Errc::misuse: asserts, and closes the session).
  Step next(std::string_view input);

  // Answers the open question. A 421 (RFC 5321 3.8) or, to anything, a reply after which the session cannot go on, ends the session.
  void reply(const ReplyView& reply);
  // Answers Auth or AuthLine with 334 and a challenge in base64.
  void challenge(std::string_view base64);
  // The handshake is done. Forgets EHLO, AUTH and everything else the client said, RFC 3207 4.2.
  void tls_established();
  // The connection is encrypted from the start (implicit TLS, RFC 8314 3); before greet().
  void start_encrypted() noexcept;
  // The peer has closed its side.
  void end_of_input() noexcept;
  // Ends the session with this reply (421) as soon as it can be said: at once, but not in the middle of another reply.
  void shut_down(const ReplyView& reply);

  // What waits to be written; `output_sent` says how much of it was.
  [[nodiscard]] std::string_view output() const noexcept { return output_.data(); }
  void output_sent(std::size_t n) noexcept { output_.consume(n); }

  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] bool question_open() const noexcept { return open_replies_ != 0; }
  [[nodiscard]] bool authenticated() const noexcept { return authenticated_; }
  [[nodiscard]] bool encrypted() const noexcept { return encrypted_; }
  // EHLO or LHLO, not HELO.
  [[nodiscard]] bool extended_hello() const noexcept { return extended_hello_; }
  [[nodiscard]] std::uint32_t accepted_recipients() const noexcept { return accepted_recipients_; }
  [[nodiscard]] std::uint32_t errors() const noexcept { return errors_; }
  [[nodiscard]] const LeniencyCounts& leniency_used() const noexcept { return leniency_used_; }
  [[nodiscard]] const Capabilities& offered() const noexcept;
};

}  // namespace postrider::protocol
