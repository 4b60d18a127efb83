// The message that carries one variant: text, the sequence in question, and behind it what a reader that saw
// an end there would take for commands and a second message. Whether one message came out or two is seen by
// the marks of both.
//
//   begin-ID|  SEQUENCE  MAIL FROM:<…> RCPT TO:<…> DATA, the second message, CRLF . CRLF
//
// Everything that follows the sequence is what a right receiver takes as text, and the CRLF . CRLF at its end
// ends the one message. Of a control, where the sequence is an end, two messages are right.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/fuzz/smuggling/variant.h"

namespace postrider::fuzz {

struct ProbeMessage {
  ProbeMessage() = default;

  std::string id;                   // unique: letters, digits and '-'
  std::string sender;               // without brackets; empty: the null sender
  std::string recipient;            // without brackets
  std::vector<std::string> writes;  // behind the 354, or in place of DATA: BDAT commands with their chunks
  std::size_t replies = 1;          // to these, when all is content: one, or one a chunk
};

ProbeMessage make_probe(const Variant& variant, std::string id, std::string sender, std::string recipient);

// The lines by which messages are known when they come out.
std::string outer_mark(std::string_view id);
std::string inner_mark(std::string_view id);
// What stands right before the sequence, and right behind it.
std::string before_mark(std::string_view id);
inline constexpr std::string_view kBehindMark = "MAIL FROM:<";

}  // namespace postrider::fuzz
