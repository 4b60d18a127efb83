// Quoted-printable and base64 as content transfer encodings, RFC 2045 6.7 and 6.8: octets of any kind become
// lines of at most 76 octets of ASCII, each ended by CRLF.
//
//   QuotedPrintable encoder;
//   encoder.put(slice, out);            // as often as there is something
//   encoder.finish(out);                // then once
//
// Slices may be cut anywhere; the same octets give the same text. Nothing is kept but what may still change
// its meaning: a few octets.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace postrider::queue {

// For text: CRLF stays a line end; every other CR or LF is encoded. Spaces before a line end are encoded,
// so that no relay can take them away (RFC 2045 6.7, rule 3); so are ".", "F" and "-" at the beginning of a
// line, since relays change lines of "." and "From ", and "--" may begin a boundary.
class QuotedPrintable {
 public:
  void put(std::string_view octets, std::string& out);
  // Ends the text. A last line without CRLF gets none: the text decodes to the octets that were put in.
  void finish(std::string& out);

 private:
  void octet(char c, std::string& out);
  void space(std::string& out, bool at_line_end);
  void literal(char c, std::string& out);
  void encoded(char c, std::string& out);
  void make_room(std::size_t octets, std::string& out);

  std::size_t column_ = 0;
  char held_ = 0;  // a space, tab or CR whose successor decides
};

// For octets of any kind: what stands for line ends is encoded like the rest.
class Base64Lines {
 public:
  void put(std::string_view octets, std::string& out);
  void finish(std::string& out);

 private:
  std::string line_;  // what is not a full line of 57 octets yet
};

// All at once.
std::string quoted_printable(std::string_view text);
std::string base64_lines(std::string_view octets);

}  // namespace postrider::queue
