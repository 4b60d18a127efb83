// What comes back on a Wire, as values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/protocol/grammar/enhanced_status.h"

namespace postrider::fuzz {

enum class WireOutcome : std::uint8_t {
  done,
  closed,         // the peer ended its side
  cut,            // the connection ended under TLS without close_notify
  reset,          // broken, by the peer or on the way
  timeout,        // the deadline passed
  refused,        // connect(): nobody listens there, or no way leads there
  tls_failed,     // the handshake, or a record that is none
  too_much,       // a bound of WireOptions
  not_connected,  // there is no connection
};
// "closed the connection", "did not answer in time": what follows "the server".
std::string_view to_string(WireOutcome outcome) noexcept;

struct WireResult {
  WireOutcome outcome = WireOutcome::done;
  std::string detail = {};  // "Connection refused"; empty where there is nothing to add

  bool ok() const noexcept { return outcome == WireOutcome::done; }
};

struct WireOctets {
  WireOutcome outcome = WireOutcome::done;
  std::string octets = {};

  bool ok() const noexcept { return outcome == WireOutcome::done; }
};

// One reply, or why there is none.
struct WireReply {
  WireOutcome outcome = WireOutcome::done;  // else: the connection, and `raw` has what came of a reply
  std::string raw = {};                     // the lines as they came, with their ends
  std::vector<std::string> lines = {};      // the text of each, behind code and separator
  unsigned code = 0;                        // of the first line; 0 when it has none
  std::optional<protocol::EnhancedStatus> status = std::nullopt;  // of the first line
  std::string malformed = {};  // what RFC 5321 4.2 does not allow, the first that was found; empty: nothing

  // A whole reply as RFC 5321 4.2 has it.
  bool ok() const noexcept { return outcome == WireOutcome::done && malformed.empty(); }
  unsigned first_digit() const noexcept { return code / 100; }
  // "250 2.0.0 ok", the lines joined by " / "; or what became of the connection. For people.
  std::string text() const;
};

// The octets of one reply at the beginning of `octets`, line by line, or 0 when its last line has not come. A
// line ends in LF; what has no code is a reply of its own.
std::size_t reply_length(std::string_view octets, std::size_t most_lines) noexcept;
// Reads what reply_length() found.
WireReply read_wire_reply(std::string_view octets);

}  // namespace postrider::fuzz
