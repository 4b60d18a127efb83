// What a relay made of one variant, by its replies and by what came out behind it. Pure.
//
//   const Verdict verdict = judge(variant, probe, said, next.taken());
//   if (verdict.disagreement()) ...
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/fuzz/smuggling/inbound.h"
#include "postrider/fuzz/smuggling/next_server.h"

namespace postrider::fuzz {

// The relay as receiver.
enum class Received : std::uint8_t {
  unknown,      // the content was never sent; `problem` says why
  not_offered,  // BDAT without CHUNKING
  refused,      // 4xx or 5xx
  closed,       // the connection ended without a reply
  no_reply,     // within the wait
  ended,        // it answered what stands behind the sequence: data had ended for it
  content,      // one message, with the sequence in it
  normalised,   // the same, and what came out has CRLF where other line ends were
};

// The relay as sender.
enum class Sent : std::uint8_t {
  nothing,     // no message came, or none was accepted
  as_it_came,  // the octets of the sequence
  unchanged,   // the content that they are, with its dots as RFC 5321 4.5.2 has them
  normalised,  // CRLF line ends, and the dot doubled where it begins a line
  changed,     // in another way: see `left`
  cut,         // the message ends where the sequence begins: the relay had seen an end
  two,         // two messages
};

struct Verdict {
  Received received = Received::unknown;
  Sent sent = Sent::nothing;
  std::string problem;             // of unknown
  std::string reply;               // the first to the content: "550 5.6.0 …"; empty: none
  std::string left;                // the octets that stood in place of the sequence in what came out
  bool smuggled = false;           // one message became two
  bool lost_end = false;           // two messages became one: the relay did not see an end that is one
  std::vector<std::string> leaks;  // in `left`: octets that lenient readers take for an end of data

  // Somebody can use it.
  bool disagreement() const noexcept { return smuggled || lost_end || !leaks.empty(); }
};

Verdict judge(const Variant& variant, const ProbeMessage& probe, const InboundResult& said,
              std::span<const TakenMessage> taken);

// The places of `raw` that look like an end of data to a reader that is not strict: a dot alone, or with NULs
// and white space, between any two of CR and LF. A right sender leaves none: bare CR and LF are not sent (RFC
// 5321 2.3.8), and a dot that begins a line is doubled (RFC 5321 4.5.2). NULs count as nothing, since there
// are readers that drop them.
std::vector<std::string> ends_for_lenient_readers(std::string_view raw);

std::string_view to_string(Received received) noexcept;
std::string_view to_string(Sent sent) noexcept;

}  // namespace postrider::fuzz
