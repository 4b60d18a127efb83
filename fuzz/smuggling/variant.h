// The octet sequences on which readers of mail disagree: one sees the end of a message there, another does
// not, and what follows is then a message of the sender's choice with a sender of his choice (SMTP
// smuggling).
//
//   for (const Variant& each : variants()) std::cout << each.name << "  " << escaped(each.sequence()) <<
//   '\n';
//
// RFC 5321 4.1.1.4 knows one end of data: CRLF "." CRLF. `expected` says what a sequence is by that measure;
// everything else is content, or may be refused, but never is an end.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postrider::fuzz {

enum class Carrier : std::uint8_t {
  data,
  bdat,  // RFC 3030 2: what is in a chunk is content, whatever it looks like
};

enum class Expected : std::uint8_t {
  content,  // one message, or a refusal
  end,      // the message ends here; what follows are commands. These are the controls
};

// How the size of a chunk is written.
enum class ChunkSize : std::uint8_t {
  plain,
  beyond_32_bits,  // 2^32 and as much as stands before what looks like commands
  leading_zero,    // a number that is smaller where it is read as an octal one
};

struct Variant {
  std::string name;
  std::string what;    // one line for people
  std::string clause;  // what makes it content, or an end: "RFC 5321 4.1.1.4"
  Carrier carrier = Carrier::data;
  Expected expected = Expected::content;
  // What stands between the text before and what looks like commands. `data`: each piece is a write of its
  // own; `bdat`: each piece ends a chunk.
  std::vector<std::string> pieces;
  ChunkSize size = ChunkSize::plain;
  bool empty_message = false;  // nothing stands before the sequence, not even a header

  std::string sequence() const;
};

// All of them, controls first; made once.
const std::vector<Variant>& variants();
// nullptr: there is none of this name.
const Variant* find_variant(std::string_view name);

}  // namespace postrider::fuzz
