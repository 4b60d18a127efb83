// What is wrong with a server, and which clause says so.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace postrider::fuzz {

enum class Fault : std::uint8_t {
  crash,               // nobody listens any more
  hang,                // no reply, and no end, in time
  malformed_reply,     // octets that are no reply
  unbounded_output,    // more of them than a client can be expected to keep
  unasked_reply,       // a reply that belongs to no command
  closed_early,        // the end of the connection instead of a reply
  wrong_reply,         // a class or code that this command does not have
  out_of_sequence,     // a command was taken where the RFC has it refused
  bare_line_end,       // a command ended by something else than CRLF
  early_end_of_data,   // content ended by something else than CRLF . CRLF: smuggling
  chunk_as_commands,   // octets of a chunk were read as commands
  injected_plaintext,  // octets that came in clear behind STARTTLS were read inside TLS
  capability_leak,     // what was offered before TLS is offered after it
  cut_matters,         // the same octets in other pieces have other replies
};
inline constexpr std::size_t kFaultCount = static_cast<std::size_t>(Fault::cut_matters) + 1;

// "early-end-of-data"
std::string_view to_string(Fault fault) noexcept;

struct Finding {
  Fault fault = Fault::hang;
  std::string_view clause;  // "RFC 5321 4.1.1.4"; static
  std::string what;         // one sentence for people, with the command and the reply

  // The same kind of finding: reported once.
  bool same_kind(const Finding& other) const noexcept {
    return fault == other.fault && clause == other.clause;
  }
};

}  // namespace postrider::fuzz
