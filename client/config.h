// How a client behaves; the same for many connections.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "postrider/client/timeouts.h"
#include "postrider/protocol/grammar/extension_table.h"
#include "postrider/protocol/limits.h"
#include "postrider/protocol/sasl/client.h"
#include "postrider/protocol/session/flavor.h"
#include "postrider/transport/endpoint.h"
#include "postrider/transport/tls/provider.h"

namespace postrider::client {

// When messages go by BDAT instead of DATA, where the server offers CHUNKING (RFC 3030); why, and what it
// costs: docs/decisions/0008-how-a-message-is-sent.md.
enum class Chunking : std::uint8_t {
  when_needed,  // binary content alone
  always,       // once a recipient has been accepted
  // The same, but a message of at most kChunkAtOnce octets leaves in one write with its envelope, where
  // PIPELINING is offered: one round trip instead of two. For servers that are known to swallow a chunk
  // although they refused every recipient. One that does not takes the message for commands, and those were
  // written by whoever wrote the message.
  at_once,
};
// As much as fits, with the envelope, into the first window of a TCP connection (10 segments, RFC 6928).
inline constexpr std::uint64_t kChunkAtOnce = 12 * 1024;

// Content with octets above 127 for a server without 8BITMIME. RFC 6152 3 wants it converted or refused; this
// library converts nothing.
enum class EightBitToSeven : std::uint8_t {
  refuse,  // 554 5.6.3, without asking the server
  pass,    // as it is: nearly every server takes it
};

// When a connection is encrypted.
enum class TlsUse : std::uint8_t {
  none,
  opportunistic,  // STARTTLS where it is offered and not refused, RFC 7435
  required,       // STARTTLS, or no mail: RFC 3207 4.1
  implicit,       // TLS from the first octet, RFC 8314 3.3
};

struct ClientTls {
  TlsUse use = TlsUse::none;
  std::shared_ptr<const transport::TlsClientContext> context;  // unless `use` is none
  transport::TlsTarget target;  // its policy decides whether the server's certificate matters
};

// Who we are for the server. Without it no AUTH is sent.
struct ClientLogin {
  protocol::sasl::Credentials credentials;
  const protocol::sasl::Primitives* primitives = nullptr;  // outlives the clients
  std::optional<protocol::Mechanism> only;                 // this one, or the strongest that both have
  bool allow_clear = false;                                // let secrets go unencrypted
};

// Who said what, for people. Commands and replies come with their CRLF, several lines at a time perhaps; what
// AUTH carries is replaced by "****".
// `note` is ours: what TLS has agreed on.
enum class Direction : std::uint8_t { received, sent, content, note };
using Transcript = std::function<void(Direction direction, std::string_view octets)>;

struct ClientConfig {
  std::string hello_name = "localhost";  // a domain or an address literal
  protocol::Flavor flavor = protocol::Flavor::smtp;
  protocol::Limits limits;
  const protocol::ExtensionTable* extensions = nullptr;  // outlives the clients
  Timeouts timeouts;
  std::optional<transport::Endpoint> source;  // the local address to connect from
  ClientTls tls;
  std::shared_ptr<const ClientLogin> login;
  bool pipelining = true;  // where the server offers it
  Chunking chunking = Chunking::when_needed;
  EightBitToSeven eight_bit_to_seven = EightBitToSeven::refuse;
  Transcript transcript;  // may be empty
};

}  // namespace postrider::client
