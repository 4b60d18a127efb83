// What a ServerSession tells its driver. Views point into the input that was handed to next() and stay valid
// until that memory is written to again.
//
// An event marked Q is a question: the session stands still until it is answered with reply() (or
// challenge()).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "postrider/protocol/error.h"
#include "postrider/protocol/framing/data_codec.h"
#include "postrider/protocol/grammar/command.h"
#include "postrider/protocol/grammar/reply_code.h"

namespace postrider::protocol::ev {

// Write output(), then read. Everything that could be done with the input was done.
struct NeedInput {};
// Write output() before going on: there is more of it than the peer should make us keep.
struct FlushOutput {};

// Q. A positive reply is answered with the capabilities; the text of the answer is the session's own.
struct Hello {
  Verb verb;
  Host name;
};
// Q. 220 or a refusal.
struct StartTls {};
// The 220 has been sent or is in output(): write it, throw away whatever input is left, do the handshake,
// then call tls_established(), or close.
struct TlsHandshake {};
// Q. challenge(), 235, or a refusal. `initial` is base64 as written; "=" stands for no octets.
struct Auth {
  LineText mechanism;
  std::optional<LineText> initial;
};
// Q. The client's answer to a challenge.
struct AuthLine {
  std::string_view base64;  // well formed; may be empty
};
// The exchange is over without a result: the client sent "*", or a line that is no base64 or too long. The
// reply is queued already, RFC 4954 4.
struct AuthCancelled {
  bool by_client;  // "*"
};
// Q
struct Mail {
  ReversePath from;
  MailParameters parameters;
};
// Q
struct Rcpt {
  ForwardPath to;
  RcptParameters parameters;
};
// Q. 354 or a refusal. After 354: Body*, then BodyEnd or BodyRefused.
struct DataBegin {};
// Q for the first chunk of a message alone: a positive reply is not sent but means "go on", a refusal is sent
// when the chunk has been swallowed. After it: Body* and ChunkEnd for each chunk, then BodyEnd or
// BodyRefused. Refused: nothing more of this message is told.
struct ChunkBegin {
  std::uint64_t size;
  bool last;
};
// A slice of message content, dots removed.
struct Body {
  std::string_view octets;
};
// A chunk that is not the last has come whole; its 250 is queued already.
struct ChunkEnd {};
// Q. The message is complete. In LMTP answered once for each accepted recipient, in the order of the RCPTs
// (RFC 2033 4.2).
struct BodyEnd {
  Flaws flaws;  // those that the policy tolerates
  std::uint64_t octets;
};
// The message was read to its end, or thrown away in the middle of its chunks, and will not be taken; the
// replies are queued already.
struct BodyRefused {
  Errc why;
  Flaws flaws;
};
// Q. VRFY, EXPN, HELP, ETRN.
struct Query {
  Verb verb;
  LineText argument;
};
// Q. A registered verb.
struct Extended {
  const VerbExtension* verb;
  LineText argument;
};
// The transaction, if there was one, is forgotten; envelope and content with it.
struct Reset {
  enum class Cause : std::uint8_t { rset, hello, restarted };
  Cause cause;
};
// A command was refused and its reply is queued: for logs and counters.
struct Refused {
  Verb verb;
  Errc why;
  ReplyCode code;
};
// The last event. Write output(), then close.
struct Closed {
  enum class Cause : std::uint8_t {
    quit,
    end_of_input,  // the peer closed; an unfinished message must be thrown away
    bad_ending,    // a bare CR, LF or NUL
    plaintext_after_starttls,
    pipelining_violation,  // DATA, AUTH or STARTTLS with octets behind it
    bad_chunk_size,        // the chunk cannot be skipped
    too_many_errors,
    too_many_commands,
    early_talker,  // octets before the greeting
    refused,       // the greeting, or some answer of the handler, was 421
    shut_down,     // shut_down() was called
  };
  Cause cause;
};

}  // namespace postrider::protocol::ev

namespace postrider::protocol {

using ServerEvent = std::variant<ev::NeedInput, ev::FlushOutput, ev::Hello, ev::StartTls, ev::TlsHandshake,
                                 ev::Auth, ev::AuthLine, ev::AuthCancelled, ev::Mail, ev::Rcpt, ev::DataBegin,
                                 ev::ChunkBegin, ev::Body, ev::ChunkEnd, ev::BodyEnd, ev::BodyRefused,
                                 ev::Query, ev::Extended, ev::Reset, ev::Refused, ev::Closed>;

}  // namespace postrider::protocol
