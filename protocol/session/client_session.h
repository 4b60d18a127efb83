// The client's half of one SMTP or LMTP connection, without I/O, clock or strategy. Commands go in and octets
// come out of output(); reply octets go in and Answers come out, each tied to its command. Sender and
// receiver advance separately, so commands are pipelined as far as the server allows it, bounded by
// Limits::in_flight (RFC 2920 3.1).
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
    greeting,  // id 0
    command,
    auth_line,      // to send_auth_line() or cancel_auth()
    content,        // to end_content(), or to the last chunk; in LMTP one for each accepted recipient
    chunk,          // to a chunk that was not the last
    shutting_down,  // a 421 that nobody asked for, id 0; the connection is ending
  };
  struct NeedInput {};  // write output(), then read
  struct Answer {
    CommandId id;
    Kind kind;
    Verb verb;
    std::uint32_t recipient;  // LMTP content: which of the accepted recipients, from 0; else 0
    bool early;       // content: it came before the end of the content, which now needs no more than its end
    ReplyView reply;  // valid until the next next()
  };
  struct TlsHandshake {};  // the 220 came and nothing behind it: do the handshake, then tls_established()
  struct Broken {          // the stream is out of step; sticky. Close and try elsewhere
    Error why;
  };
  struct Closed {};  // end_of_input() was called and nothing is left to tell
  using Event = std::variant<NeedInput, Answer, TlsHandshake, Broken, Closed>;
  struct Step {
    std::size_t consumed;
    Event event;
  };

  // `extensions` may be null; it must outlive the session.
  ClientSession(const Limits& limits, Flavor flavor, const ExtensionTable* extensions = nullptr);
  ClientSession(const ClientSession&) = delete;
  ClientSession& operator=(const ClientSession&) = delete;

  // May this be sent now? False before the greeting, while a command that ends its group is unanswered, while
  // anything is without PIPELINING, above Limits::in_flight, inside content, after a failure, and in the
  // wrong order (RCPT before MAIL).
  [[nodiscard]] bool may_send(Verb verb) const noexcept;
  // Errors: misuse (!may_send), extension_not_offered (a verb or parameter that the server did not offer;
  // SMTPUTF8 addresses without the parameter: non_ascii_without_smtputf8), those of write_command.
  Result<CommandId> send(const Command& command);
  // The next line of an AUTH exchange, after a 334. Errors: misuse, bad_base64.
  Result<CommandId> send_auth_line(std::string_view base64);
  Result<CommandId> cancel_auth();

  // The connection is encrypted from the start (implicit TLS, RFC 8314 3).
  void start_encrypted() noexcept { encrypted_ = true; }

  // Content after a 354 to DATA: call until `message` is consumed, and write each piece before or with the
  // next; pieces are not copied. Errors: misuse, bare_carriage_return, bare_line_feed.
  Result<DotEncoder::Piece> content(std::string_view message);
  // The end of data. `wire` must be written as it is.
  Result<CommandId> end_content(std::string_view& wire);
  // A chunk: sends "BDAT size [LAST]"; the caller writes output() and then exactly `size` octets of content
  // before anything else.
  Result<CommandId> send_chunk(std::uint64_t size, bool last);

  Step next(std::string_view input);
  // Forgets the capabilities: a new EHLO is required, RFC 3207 4.2.
  void tls_established();
  void end_of_input() noexcept;

  [[nodiscard]] std::string_view output() const noexcept {
    return std::string_view(output_).substr(output_begin_);
  }
  void output_sent(std::size_t n) noexcept;

  // Commands and contents whose reply has not come.
  [[nodiscard]] std::uint32_t in_flight() const noexcept { return in_flight_; }
  // A 354 to DATA came and the content has not ended?
  [[nodiscard]] bool in_content() const noexcept { return in_content_; }
  // Recipients of the current transaction whose RCPT was accepted so far.
  [[nodiscard]] std::uint32_t accepted_recipients() const noexcept { return accepted_recipients_; }
  [[nodiscard]] const Capabilities& capabilities() const noexcept {
    return capabilities_;
  }  // empty before EHLO and after HELO
  [[nodiscard]] bool encrypted() const noexcept { return encrypted_; }
  [[nodiscard]] bool authenticated() const noexcept { return authenticated_; }

 private:
  // How far the commands that were *sent* have brought the transaction; the answers may be under way.
  enum class Sent : std::uint8_t { nothing, mail, rcpt, data, chunk };

  struct Pending {
    CommandId id = 0;
    std::uint32_t transaction = 0;
    std::uint32_t replies_seen = 0;  // LMTP content
    Kind kind = Kind::command;
    Verb verb = Verb::unknown;
    bool last_in_group = false;
    bool restarts_session = false;
  };

  [[nodiscard]] bool may_pipeline() const noexcept;
  [[nodiscard]] bool in_order(Verb verb) const noexcept;
  [[nodiscard]] std::optional<Errc> objection(const Command& command) const noexcept;
  [[nodiscard]] std::optional<Errc> parameter_objection(ExtensionSet used,
                                                        const RegisteredParameters& registered,
                                                        ParameterExtension::On on) const noexcept;
  CommandId push(Kind kind, Verb verb, bool last_in_group, bool restarts_session = false);
  Pending& front() noexcept { return pending_[first_pending_]; }
  [[nodiscard]] const Pending& back() const noexcept;
  void pop() noexcept;
  void note_sent(const Command& command, Verb verb) noexcept;

  Event on_reply(const ReplyView& reply, bool octets_behind);
  void on_answer(const Pending& pending, const ReplyView& reply);
  Event broken(Errc why) noexcept;
  void forget_session() noexcept;

  Limits limits_;
  Flavor flavor_;
  const ExtensionTable* extensions_;
  ReplyReader reader_;
  DotEncoder encoder_;
  Capabilities capabilities_;
  std::string output_;
  std::size_t output_begin_ = 0;
  std::vector<Pending> pending_;  // a ring of Limits::in_flight places
  std::uint32_t first_pending_ = 0;
  std::uint32_t in_flight_ = 0;
  CommandId last_id_ = 0;
  std::uint32_t transaction_ = 0;           // counts MAIL commands
  std::uint32_t answered_transaction_ = 0;  // the one whose MAIL was answered last
  std::uint32_t accepted_recipients_ = 0;   // of that one
  std::uint32_t recipients_in_flight_ = 0;  // RCPTs of the transaction being sent
  Sent sent_ = Sent::nothing;
  std::optional<Error> broken_;
  bool greeting_seen_ = false;
  bool greeted_ = false;  // positively
  bool mail_accepted_ = false;
  bool hello_done_ = false;
  bool in_auth_ = false;  // a 334 waits for its line
  bool in_content_ = false;
  bool content_answered_ = false;  // early
  bool chunk_failed_ = false;
  bool transaction_utf8_ = false;
  bool tls_pending_ = false;
  bool encrypted_ = false;
  bool authenticated_ = false;
  bool end_of_input_ = false;
};

}  // namespace postrider::protocol
