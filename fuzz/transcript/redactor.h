// Takes the secrets of AUTH (RFC 4954) out of a conversation while it is being recorded.
//
//   TranscriptRedactor redactor;
//   event.octets = redactor.from_client(octets);   // "AUTH PLAIN ****\r\n"
//   redactor.from_server(octets);
//
// What a client sends behind the mechanism's name, and every line of its answers to challenges, becomes
// "****"; line ends stay. It works on octets as they come, however they are cut, looks at both directions in
// the order of time, and holds nothing back. When in doubt it hides: between AUTH and its final reply all
// lines of the client are hidden, also commands that were pipelined behind it, and so is each line that
// follows a 334. In the text of a message, which 354 announces, nothing is hidden. What the server says
// stays: a challenge is no secret.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "postrider/fuzz/transcript/transcript.h"

namespace postrider::fuzz {

class TranscriptRedactor {
 public:
  // The octets as a transcript may show them; perhaps none, when all of them are part of a secret begun
  // before.
  [[nodiscard]] std::string from_client(std::string_view octets);
  void from_server(std::string_view octets);
  // A new connection, or one that has just become encrypted: nothing of before matters any more.
  void start_over() noexcept { *this = TranscriptRedactor(); }

 private:
  enum class Part : std::uint8_t {
    verb,       // of a line; `matched_` octets of "AUTH" have been seen
    mechanism,  // between AUTH and the next space
    gap,        // spaces before a secret, or the end of the line
    secret,     // to be hidden up to LF
    plain,      // a line of no interest up to LF
  };

  void take(char octet, std::string& out);
  void take_in_line(char octet, std::string& out);
  void line_ended();
  void count_chunk();
  void reply(unsigned code);

  // ---- The client's side ----
  Part part_ = Part::verb;
  std::size_t matched_ = 0;
  bool auth_line_ = false;       // the line in hand is an AUTH command
  bool anywhere_ = false;        // a chunk ended in the line in hand: AUTH may begin in the middle of it
  bool shown_ = false;           // its "****" is out
  std::size_t line_octets_ = 0;  // of the line in hand
  std::string head_;             // its beginning, for BDAT and the dot that ends a message
  std::uint64_t chunk_ = 0;      // octets of a chunk (RFC 3030) that are still to come
  // ---- What both know ----
  bool answering_ = false;   // AUTH has been sent and its final reply has not come
  bool challenged_ = false;  // a 334 has come, and no line since
  bool content_ = false;     // 354 has come, and the end of data has not
  // ---- The server's side: the beginning of the line in hand ----
  std::size_t column_ = 0;
  unsigned code_ = 0;
  bool last_ = true;  // a line without '-' behind its code
};

// The same for a whole transcript.
Transcript redacted(const Transcript& transcript);

}  // namespace postrider::fuzz
