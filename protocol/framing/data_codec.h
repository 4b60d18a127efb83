// Transparency of message data, RFC 5321 4.5.2, both ways. Only CRLF "." CRLF ends a message.
//
//   while (!in.empty()) {
//     DotDecoder::Slice slice = decoder.next(in.data());
//     // slice.body is content; it is looked at before slice.done, since both may come at once
//     in.consume(slice.consumed);
//     if (slice.done) break;
//   }
//
// State table of DotDecoder (rows: state; columns: octet). "emit" appends the octet to the current slice,
// "hold" does not yet. Bare CR and bare LF are flaws: they are noted, passed on as they are, and never end a
// line.
//
//              '.'                CR                  LF                     other
//  bol         -> dot (hold)      -> cr, emit         bare_lf, -> text emit  -> text, emit
//  dot         -> text, emit      -> dot_cr (hold)    bare_lf, -> text emit  -> text, emit
//  dot_cr      emit CR, bare_cr,  emit CR, bare_cr,   DONE                   emit CR, bare_cr,
//              -> text, emit      -> cr, emit                                -> text, emit
//  cr          bare_cr, -> text   bare_cr, -> cr      -> bol, emit           bare_cr, -> text
//  text        -> text            -> cr               bare_lf, -> text       -> text
//
// ("dot" swallows the dot of the wire: the octet after it is emitted without it.)
//
// With BareEndings::convert a bare CR or LF is emitted as CRLF, and the octet after it begins a line. A dot
// there is removed when another octet of text follows it (the sender stuffed it) and kept when the line is
// the dot alone; such a line never ends the data. bol is the beginning of a line after a CRLF of the wire,
// bol_converted after any other.
//
//                  '.'                 CR                LF                      other
//  bol             -> dot (hold)       -> cr, emit       bare_lf, CRLF           -> text, emit
//                                                        -> bol_converted
//  dot             -> text, emit       -> dot_cr (hold)  bare_lf, "." CRLF       -> text, emit
//                                                        -> bol_converted
//  dot_cr          bare_cr, "." CRLF,  bare_cr, "." CRLF DONE                    bare_cr, "." CRLF,
//                  -> dot_converted    -> cr, emit                               -> text, emit
//  cr              bare_cr, LF,        bare_cr, LF,      -> bol, emit            bare_cr, LF,
//                  -> dot_converted    -> cr, emit                               -> text, emit
//  text            -> text, emit       -> cr, emit       bare_lf, CRLF           -> text, emit
//                                                        -> bol_converted
//  bol_converted   -> dot_converted    -> cr, emit       bare_lf, CRLF           -> text, emit
//                     (hold)                             -> bol_converted
//  dot_converted   -> text, emit       ".", -> cr, emit  bare_lf, "." CRLF       -> text, emit
//                                                        -> bol_converted
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "postrider/protocol/error.h"
#include "postrider/protocol/framing/flaws.h"

namespace postrider::protocol {

enum class BareEndings : std::uint8_t {
  keep,     // decoder: note the flaw, pass the octets on. Encoder: refuse
  convert,  // turn each into CRLF before dots are looked at
};

class DotDecoder {
 public:
  struct Slice {
    std::size_t consumed;   // octets of `input` dealt with
    std::string_view body;  // part of `input`, or static text that was held back or converted; may be empty
    bool done;              // the terminator is consumed; the rest of `input` is the next command
  };

  // `text_line`: the longest line that is no flaw, with its CRLF and without a dot that was added for
  // transparency.
  explicit constexpr DotDecoder(std::size_t text_line = 1000,
                                BareEndings endings = BareEndings::keep) noexcept
      : text_line_(text_line), endings_(endings) {}

  // Call until everything is consumed or `done`. Makes progress with every call on non-empty input: consumes
  // or emits. After the end it consumes nothing more.
  Slice next(std::string_view input) noexcept;
  // Those of all octets consumed so far, however they were cut.
  [[nodiscard]] constexpr Flaws flaws() const noexcept {
    Flaws all = flaws_;
    if (line_ > text_line_) all.long_line = true;
    return all;
  }
  // Octets of body so far.
  [[nodiscard]] constexpr std::uint64_t octets() const noexcept { return octets_; }

 private:
  friend struct DotTable;
  // The rows of the table, in its order.
  enum class State : std::uint8_t { bol, dot, dot_cr, cr, text, bol_converted, dot_converted, done };

  [[nodiscard]] bool in_text() const noexcept;
  std::size_t run(std::string_view input) noexcept;
  void end_line() noexcept;

  std::size_t text_line_;
  std::size_t line_ = 0;  // octets of the current line of body
  std::uint64_t octets_ = 0;
  State state_ = State::bol;
  BareEndings endings_;
  Flaws flaws_;
};

// The same flaws in text that is not dot-stuffed (BDAT), over any slices.
class FlawScanner {
 public:
  explicit constexpr FlawScanner(std::size_t text_line = 1000) noexcept : text_line_(text_line) {}

  void look(std::string_view slice) noexcept;
  // The message is complete: a CR at its very end was bare, and a last line without CRLF is counted with the
  // CRLF that it needs on its way by DATA.
  void finish() noexcept;
  [[nodiscard]] constexpr Flaws flaws() const noexcept {
    Flaws all = flaws_;
    if (line_ > text_line_) all.long_line = true;
    return all;
  }

 private:
  std::size_t text_line_;
  std::size_t line_ = 0;
  bool after_cr_ = false;
  Flaws flaws_;
};

// The inverse. What it emits can be read as an early end by no server, however lenient: every line that
// begins with a dot, after a CRLF or at the beginning, gets another one; a bare CR or LF is an error (keep)
// or becomes CRLF (convert); and NUL, which some servers drop before they look for the end, is an error. (RFC
// 2045 2.8 has it in binary data alone, which needs BDAT.)
class DotEncoder {
 public:
  struct Piece {
    std::size_t consumed;
    // Part of the message or static text. It may be longer than what is consumed: a piece ends in the first
    // octet of the next one where that is a dot to be doubled.
    std::string_view wire;
  };

  explicit constexpr DotEncoder(BareEndings endings = BareEndings::keep) noexcept : endings_(endings) {}

  // Call until everything is consumed. A CR at the end of one slice is held until the next. What is before an
  // error is emitted first. Errors: bare_carriage_return, bare_line_feed, nul_in_data; sticky.
  Result<Piece> next(std::string_view message) noexcept;
  // [CRLF] "." CRLF, as the state wants it. Errors: that of next(); bare_carriage_return when the message
  // ended in a CR (keep); misuse when a dot that was to come once more has not.
  Result<std::string_view> finish() noexcept;

 private:
  enum class State : std::uint8_t {
    bol,
    dot,  // the dot at the beginning of a line has been doubled, and comes once more
    text,
    cr,  // held back; with `convert` emitted already
    refused,
  };

  std::unexpected<Error> refuse(Errc code) noexcept;

  State state_ = State::bol;
  BareEndings endings_;
  Errc refused_{};
};

}  // namespace postrider::protocol
