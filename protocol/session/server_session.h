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
// NeedInput means: write output(), then read. So the replies to a pipelined group leave in one write exactly
// when no whole command is left (RFC 2920 3.2). Any split of the input gives the same events, as long as the
// peer keeps the rules of pipelining. Nothing is allocated for a command or a slice of content; a reply that
// does not fit into the small buffer inside the session is kept on the heap until it has been written.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
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

// What a server is and offers.
struct ServerOptions {
  std::string hostname = "localhost";  // first word of the reply to EHLO
  Limits limits;
  Leniency leniency;
  Capabilities capabilities;                   // offered before TLS (or always)
  Capabilities capabilities_after_tls;         // offered once the connection is encrypted
  const ExtensionTable* extensions = nullptr;  // must outlive the profile
  Flavor flavor = Flavor::smtp;
};

// The options of one listener, made ready once and shared by all its sessions, which it must outlive.
class ServerProfile {
 public:
  explicit ServerProfile(ServerOptions options);

  const ServerOptions* operator->() const noexcept { return &options_; }
  [[nodiscard]] const Capabilities& capabilities(bool encrypted) const noexcept {
    return encrypted ? options_.capabilities_after_tls : options_.capabilities;
  }
  // The text of the reply to EHLO or LHLO.
  [[nodiscard]] std::string_view hello_text(bool encrypted) const noexcept {
    return hello_texts_[encrypted ? 1 : 0];
  }

 private:
  ServerOptions options_;
  std::array<std::string, 2> hello_texts_;
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

  // Answers the open question. A 421 (RFC 5321 3.8) or, to anything, a reply after which the session cannot
  // go on, ends the session.
  void reply(const ReplyView& reply);
  // Answers Auth or AuthLine with 334 and a challenge in base64.
  void challenge(std::string_view base64);
  // The handshake is done. Forgets EHLO, AUTH and everything else the client said, RFC 3207 4.2.
  void tls_established();
  // The connection is encrypted from the start (implicit TLS, RFC 8314 3); before greet().
  void start_encrypted() noexcept;
  // Offers from now on what another profile says, which outlives the session too: for a client of whom more
  // is known than at the beginning. Before greet(), or while a TLS handshake is under way; limits and
  // leniency are the same in both profiles.
  void adopt(const ServerProfile& profile) noexcept;
  // The peer has closed its side.
  void end_of_input() noexcept;
  // Ends the session with this reply (421) as soon as it can be said: at once, but not in the middle of
  // another reply.
  void shut_down(const ReplyView& reply);

  // What waits to be written; `output_sent` says how much of it was.
  [[nodiscard]] std::string_view output() const noexcept { return output_.data(); }
  void output_sent(std::size_t n) noexcept { output_.consume(n); }

  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] bool question_open() const noexcept { return question_ != Question::none; }
  [[nodiscard]] bool authenticated() const noexcept { return authenticated_; }
  [[nodiscard]] bool encrypted() const noexcept { return encrypted_; }
  // EHLO or LHLO, not HELO.
  [[nodiscard]] bool extended_hello() const noexcept { return extended_hello_; }
  [[nodiscard]] std::uint32_t accepted_recipients() const noexcept { return accepted_recipients_; }
  [[nodiscard]] std::uint32_t errors() const noexcept { return errors_; }
  [[nodiscard]] const LeniencyCounts& leniency_used() const noexcept { return leniency_used_; }
  // Commands that must end their pipelined group and did not, and were let pass (RFC 2920 3.1).
  [[nodiscard]] std::uint32_t pipelining_violations() const noexcept { return pipelining_violations_; }
  // What EHLO offers now; nothing after HELO.
  [[nodiscard]] const Capabilities& offered() const noexcept { return profile_->capabilities(encrypted_); }

 private:
  // What the driver has been asked and must answer.
  enum class Question : std::uint8_t {
    none,
    hello,
    start_tls,
    auth,
    mail,
    rcpt,
    data,
    chunk,
    content,
    query,
    extended,
  };
  using Closed = ev::Closed::Cause;

  // One step through the input: what it consumed, and whether it told an event or cannot go on without more
  // input.
  struct Progress {
    std::size_t consumed = 0;
    bool told = false;
    bool needs_input = false;
  };
  Progress progress(std::string_view input, ServerEvent& out);
  Progress on_data_octets(std::string_view input, ServerEvent& out);
  Progress on_chunk_octets(std::string_view input, ServerEvent& out);

  // Each of these handles one thing that came. True: `out` tells of it. False: it was answered, and there is
  // nothing to tell.
  bool on_line(const LineScanner::Scan& scan, bool octets_behind, ServerEvent& out);
  bool on_command(const ParsedLine& line, bool octets_behind, ServerEvent& out);
  bool on_auth_line(std::string_view line, bool octets_behind, ServerEvent& out);
  bool on_legal(const Command& command, ServerEvent& out);
  bool on_plain(const Plain& plain, ServerEvent& out);
  bool on_hello(const Hello& hello, ServerEvent& out);
  bool on_mail(const Mail& mail, ServerEvent& out);
  bool on_rcpt(const Rcpt& rcpt, ServerEvent& out);
  bool on_bdat(const Bdat& bdat, ServerEvent& out);
  bool on_auth(const Auth& auth, ServerEvent& out);
  bool on_start_tls(ServerEvent& out);
  bool on_extended(const Extended& extended, ServerEvent& out);
  bool on_body(std::string_view body, ServerEvent& out);
  bool end_of_chunk(ServerEvent& out);
  bool end_of_content(Flaws flaws, ServerEvent& out);
  [[nodiscard]] std::optional<Errc> objection(Flaws flaws);

  // Asks the driver: the event is told, and the session stands still until reply().
  template <class Event>
  bool ask(Question question, ServerEvent& out, const Event& event) {
    question_ = question;
    out.emplace<Event>(event);
    return true;
  }
  void after_hello(ReplyCode code);
  void after_auth(ReplyCode code);
  void after_chunk(const ReplyView& reply);
  void after_content(ReplyCode code);
  void after_extended(ReplyCode code);

  void send(const ReplyView& reply, WriteEnhanced enhanced);
  void send(const ReplyView& reply);
  // Queues the reply to a refused command, or the 421 that ends a session with too many of them; what was
  // queued.
  ReplyCode send_refusal(const ReplyView& reply);
  // The same with the reply for `why`, and tells of it.
  bool refuse(Verb verb, Errc why, ServerEvent& out);
  bool refuse_and_close(Verb verb, Errc why, Closed cause, ServerEvent& out);
  void close(Closed cause) noexcept;

  void forget_transaction() noexcept;
  [[nodiscard]] std::optional<Errc> parameter_objection(ExtensionSet used,
                                                        const RegisteredParameters& registered,
                                                        ParameterExtension::On on) const noexcept;
  [[nodiscard]] bool allows(Lenience lenience) const noexcept {
    return (*profile_)->leniency.allows(lenience);
  }
  [[nodiscard]] bool lmtp() const noexcept { return (*profile_)->flavor == Flavor::lmtp; }
  [[nodiscard]] std::uint32_t content_replies() const noexcept;
  void send_for_each_recipient(const ReplyView& reply);

  const ServerProfile* profile_;
  State state_ = State::banner;
  Question question_ = Question::none;
  Closed closed_because_ = Closed::shut_down;
  std::optional<Errc> content_error_;      // why the message being read will be refused
  std::optional<ev::Reset::Cause> reset_;  // to be told by the next next()
  bool encrypted_ = false;
  bool authenticated_ = false;
  bool extended_hello_ = false;
  bool end_of_input_ = false;
  bool content_complete_ = false;  // the end was seen together with a slice that had to be told first
  bool chunk_last_ = false;
  bool asked_extended_hello_ = false;  // the question is EHLO or LHLO
  bool chunk_refused_ = false;         // swallow it, then send chunk_refusal_
  State state_before_chunk_ = State::ready;
  bool transaction_utf8_ = false;
  bool transaction_binary_ = false;
  bool recipients_refused_ = false;
  std::uint32_t accepted_recipients_ = 0;
  std::uint32_t open_replies_ = 0;  // of Question::content
  std::uint32_t errors_ = 0;
  std::uint32_t commands_without_mail_ = 0;
  std::uint32_t pipelining_violations_ = 0;
  std::uint64_t message_octets_ = 0;  // of all chunks
  const VerbExtension* asked_verb_ = nullptr;
  Reply chunk_refusal_;
  LineScanner scanner_;
  ChunkReader chunk_;
  DotDecoder decoder_;
  FlawScanner chunk_flaws_;
  LeniencyCounts leniency_used_;
  OutputBuffer<704> output_;
};

}  // namespace postrider::protocol
