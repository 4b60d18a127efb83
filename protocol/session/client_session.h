// The client's half of one SMTP or LMTP connection, without I/O, clock or strategy. Commands go in and octets come out of output();
// reply octets go in and Answers come out, each tied to its command. Sender and receiver advance separately, so
// commands are pipelined as far as the server allows it, bounded by Limits::in_flight (RFC 2920 3.1).
//
//   ClientSession session(limits, Flavor::smtp);
//   if (session.may_send(Verb::mail)) id = session.send(mail);
//   ... write session.output(); read ...
//   ClientSession::Step step = session.next(in.data());
//   in.consume(step.consumed);
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "postrider/protocol/framing/data_codec.h"
#include "postrider/protocol/framing/reply_reader.h"
#include "postrider/protocol/grammar/capabilities.h"
#include "postrider/protocol/grammar/command.h"
#include "postrider/protocol/grammar/reply.h"
#include "postrider/protocol/limits.h"
#include "postrider/protocol/session/flavor.h"

namespace postrider::protocol {

// Numbers what was sent, from 1 on, in order.
using CommandId = std::uint32_t;

class ClientSession {
 public:
  // What an answer belongs to.
  enum class Kind : std::uint8_t {
    greeting,   // id 0
    command,
    auth_line,  // to send_auth_line() or cancel_auth()
    content,    // to end_content(), or to the last chunk; in LMTP one for each accepted recipient
    chunk,      // to a chunk that was not the last
    shutting_down,  // a 421 that nobody asked for, id 0; the connection is ending
  };
  struct NeedInput {};   // write output(), then read
  struct Answer {
    CommandId id;
    Kind kind;
    Verb verb;
    std::uint32_t recipient;  // LMTP content: which of the accepted recipients, from 0; else 0
    ReplyView reply;          // valid until the next next()
  };
  struct TlsHandshake {};   // the 220 came and nothing behind it: do the handshake, then tls_established()
  struct Broken {           // the stream is out of step; sticky. Close and try elsewhere
    Error why;
  };
  struct Closed {};         // end_of_input() was called and nothing is left to tell
  using Event = std::variant<NeedInput, Answer, TlsHandshake, Broken, Closed>;
  struct Step {
    std::size_t consumed;
    Event event;
  };

  // `extensions` may be null; it must outlive the session.
  ClientSession(const Limits& limits, Flavor flavor, const ExtensionTable* extensions = nullptr);
  ClientSession(const ClientSession&) = delete;
  ClientSession& operator=(const ClientSession&) = delete;

  // May this be sent now? False before the greeting, while a command that ends its group is unanswered, while anything is without
  // PIPELINING, above Limits::in_flight, inside content, after a failure, and in the wrong order (RCPT before MAIL).
  [[nodiscard]] bool may_send(Verb verb) const noexcept;
  // Errors: misuse (!may_send), extension_not_offered (a verb or parameter that the server did not offer; SMTPUTF8
  // addresses without the parameter: non_ascii_without_smtputf8), those of write_command.
  Result<CommandId> send(const Command& command);
  // The next line of an AUTH exchange, after a 334. Errors: misuse, bad_base64.
  Result<CommandId> send_auth_line(std::string_view base64);
  Result<CommandId> cancel_auth();

  // Content after a 354 to DATA: call until `message` is consumed, and write each piece before or with the next; pieces are not copied.
  // Errors: misuse, bare_carriage_return, bare_line_feed.
  Result<DotEncoder::Piece> content(std::string_view message);
  // The end of data. `wire` must be written as it is.
  Result<CommandId> end_content(std::string_view& wire);
  // A chunk: sends "BDAT size [LAST]"; the caller writes output() and then exactly `size` octets of content before anything else.
  Result<CommandId> send_chunk(std::uint64_t size, bool last);

  Step next(std::string_view input);
  // Forgets the capabilities: a new EHLO is required, RFC 3207 4.2.
  void tls_established();
  void end_of_input() noexcept;

  [[nodiscard]] std::string_view output() const noexcept;
  void output_sent(std::size_t n) noexcept;

  [[nodiscard]] std::uint32_t in_flight() const noexcept;
  // A 354 to DATA came and the content has not ended?
  [[nodiscard]] bool in_content() const noexcept;
  [[nodiscard]] const Capabilities& capabilities() const noexcept;  // empty before EHLO and after HELO
  [[nodiscard]] bool encrypted() const noexcept;
};

}  // namespace postrider::protocol
