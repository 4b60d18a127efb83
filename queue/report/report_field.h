// Header fields that nothing can be injected into: whatever octets an address or a peer's reply has, what is
// written is one field, in lines of at most 998 octets (RFC 5322 2.1.1).
//
//   FieldWriter out(text, protocol::Utf8::no);
//   out.text("Diagnostic-Code", "smtp; 550 5.1.1 No such user");
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "postrider/protocol/grammar/address.h"
#include "postrider/queue/time.h"

namespace postrider::queue {

// Longer text is cut: a peer's reply must not make a report as large as the peer likes.
inline constexpr std::size_t kMaxFieldText = 2'000;
// Of an address; a path has 256 octets at most (RFC 5321 4.5.3.1.3), its other forms some more.
inline constexpr std::size_t kMaxFieldAddress = 900;
// A longer word is divided by a space, so that a line can be broken there.
inline constexpr std::size_t kMaxFieldWord = 400;

// `text` as one line without control octets: runs of white space and line ends become one space, other
// controls '?', and so do octets above 127 unless `utf8` allows them and they are well-formed UTF-8. Without
// space at its ends, cut after kMaxFieldText octets, and with words of kMaxFieldWord octets at most. Cleaning
// clean text changes nothing.
std::string clean_text(std::string_view text, protocol::Utf8 utf8);
// The same for an address, in which spaces count and stay.
std::string clean_address(std::string_view address, protocol::Utf8 utf8);

// Appends "Name: text" and CRLF.
class FieldWriter {
 public:
  // `out` outlives the writer.
  FieldWriter(std::string& out, protocol::Utf8 utf8) noexcept : out_(&out), utf8_(utf8) {}

  // Cleans the text, and folds lines at spaces where they pass 78 octets.
  void text(std::string_view name, std::string_view text);
  void date(std::string_view name, Time time);
  // As it is: a value that is known to be clean, and may have folds of its own.
  void raw(std::string_view name, std::string_view value);
  // "Name: type; address", never folded, since white space in a quoted local part counts.
  void address(std::string_view name, std::string_view type, std::string_view address);

 private:
  std::string* out_;
  protocol::Utf8 utf8_;
};

// Appends clean text in lines of `width` octets where its words allow that, each behind `indent`.
void wrap(std::string_view text, std::string_view indent, std::size_t width, std::string& out);

}  // namespace postrider::queue
