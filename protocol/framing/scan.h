// The hot loops: finding the few octets that matter in much text. They are written once, with the vectors
// that GCC and Clang have for every processor; where it has longer ones than the compiler may take for
// granted (AVX2), these are used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "postrider/protocol/framing/flaws.h"

namespace postrider::protocol {

// Where the first CR, LF or NUL is; text.size() when there is none.
std::size_t find_line_breaker(std::string_view text) noexcept;

// Where in a message one is. Only CRLF ends a line, RFC 5321 2.3.8.
struct TextPlace {
  bool line_start = true;  // at the beginning, or behind CRLF
  bool after_cr = false;
  std::size_t line = 0;  // octets of the current line before this place

  friend constexpr bool operator==(const TextPlace&, const TextPlace&) noexcept = default;
};

// What ends a run of text.
enum class Stops : std::uint8_t {
  nothing = 0,
  dots = 1,          // a dot at the beginning of a line
  bare_endings = 2,  // an LF that follows no CR; the octet after a CR where that is no LF
  dots_and_bare_endings = 3,
};

// What a run of message text looks like.
struct TextRun {
  std::size_t length = 0;  // octets before the first stop, or all
  TextPlace end;           // the place behind them
  Flaws flaws;             // of these octets alone: a CR at their very end is not yet known to be bare

  friend constexpr bool operator==(const TextRun&, const TextRun&) noexcept = default;
};

// Vectors of 16 octets are everywhere, those of 32 (AVX2) only where the processor has them: elsewhere they
// must not be asked for. Tests hold one form against the other.
enum class Vectors : std::uint8_t { best, of_16, of_32 };
[[nodiscard]] bool has_vectors(Vectors vectors) noexcept;

// The longest beginning of `text`, which goes on at `place`, without a stop. A line with more octets than
// `text_line`, with its CRLF or unfinished, is a flaw.
TextRun scan_text(std::string_view text, TextPlace place, Stops stops, std::size_t text_line,
                  Vectors vectors = Vectors::best) noexcept;

}  // namespace postrider::protocol
