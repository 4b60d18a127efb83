// Transparency of message data, RFC 5321 4.5.2, both ways. Only CRLF "." CRLF ends a message.
//
// State table of DotDecoder (rows: state; columns: octet). "emit" appends the octet to the current slice, "hold" does
// not yet. Bare CR and bare LF are flaws: they are noted, passed on as they are, and never end a line.
//
//              '.'                CR                  LF                     other
//  bol         -> dot (hold)      -> cr, emit         bare_lf, -> text emit  -> text, emit
//  dot         -> text, emit      -> dot_cr (hold)    bare_lf, -> text emit  -> text, emit
//  dot_cr      emit CR, bare_cr,  emit CR, bare_cr,   DONE                   emit CR, bare_cr,
//              -> text, emit      -> cr, emit                                -> text, emit
//  cr          bare_cr, -> text   bare_cr, -> cr      -> bol, emit           bare_cr, -> text
//  text        -> text            -> cr               bare_lf, -> text       -> text
//
// ("dot" swallows the dot of the wire: the octet after it is emitted without it.) With BareEndings::convert a bare CR or LF is emitted as CRLF, and the
// next octet stands at the beginning of a line whose dot is removed when another octet of text follows it, but which can never end the data: the
// rows are then bol_converted and dot_converted, spelt out in data_codec.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "postrider/protocol/error.h"

namespace postrider::protocol {

// What was seen in a message that a strict receiver does not want, and what a next hop must be told.
struct Flaws {
  bool bare_cr : 1 = false;
  bool bare_lf : 1 = false;
  bool nul : 1 = false;
  bool long_line : 1 = false;   // above Limits::text_line with its CRLF, RFC 5321 4.5.3.1.6
  bool eight_bit : 1 = false;   // an octet above 127: no flaw with 8BITMIME

  [[nodiscard]] constexpr bool bare_ending() const noexcept { return bare_cr || bare_lf; }
  friend constexpr bool operator==(const Flaws&, const Flaws&) noexcept = default;
};

enum class BareEndings : std::uint8_t {
  keep,     // decoder: note the flaw, pass the octets on. Encoder: refuse
  convert,  // turn each into CRLF before dots are looked at
};

class DotDecoder {
 public:
  struct Slice {
    std::size_t consumed;   // octets of `input` dealt with
    std::string_view body;  // part of `input`, or a static "\r" or "\r\n" for what was held back or converted; may be empty
    bool done;              // the terminator is consumed; the rest of `input` is the next command
  };

  explicit DotDecoder(std::size_t text_line = 1000, BareEndings endings = BareEndings::keep) noexcept;

  // Call until everything is consumed or `done`. Makes progress with every call on non-empty input: consumes or emits.
  Slice next(std::string_view input) noexcept;
  [[nodiscard]] Flaws flaws() const noexcept;
  // Octets of body so far.
  [[nodiscard]] std::uint64_t octets() const noexcept;
};

// The same flaws in text that is not dot-stuffed (BDAT), over any slices.
class FlawScanner {
 public:
  explicit FlawScanner(std::size_t text_line = 1000) noexcept;
  void look(std::string_view slice) noexcept;
  // The message is complete: a CR at its very end was bare, and a last line without CRLF is counted.
  void finish() noexcept;
  [[nodiscard]] Flaws flaws() const noexcept;
};

// The inverse. What it emits can be read as an early end by no server, however lenient: every line that begins with a dot, after a
// CRLF or at the beginning, gets another one, and a bare CR or LF is an error (keep) or becomes CRLF (convert).
class DotEncoder {
 public:
  struct Piece {
    std::size_t consumed;
    std::string_view wire;  // part of the message, or a static ".", "\r\n"
  };

  explicit DotEncoder(BareEndings endings = BareEndings::keep) noexcept;

  // Call until everything is consumed. A CR at the end of one slice is held until the next. Errors: bare_carriage_return, bare_line_feed; sticky.
  Result<Piece> next(std::string_view message) noexcept;
  // [CRLF] "." CRLF, as the state wants it. Error: bare_carriage_return when the message ended in a CR (keep).
  Result<std::string_view> finish() noexcept;
};

}  // namespace postrider::protocol
