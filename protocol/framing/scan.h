// The hot loops: finding the few octets that matter in much text. Each has a portable form and SSE2 and AVX2
// forms behind the same function, chosen once by what the processor has; tests hold them against each other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace postrider::protocol {

// Where the first CR, LF or NUL is; text.size() when there is none.
std::size_t find_line_breaker(std::string_view text) noexcept;

// Where in a text one is. Only CRLF ends a line, RFC 5321 2.3.8.
struct TextPlace {
  bool line_start = true;
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

// What a run of message text looks like. The flaws are those of octets within the run: a CR at its very end
// is not known to be bare.
struct TextRun {
  std::size_t length = 0;  // octets before the first stop, or all
  TextPlace end;           // the place behind them
  std::size_t longest_line =
      0;  // with its CRLF, as far as it lies within the run or before; exact from 64 upwards
  bool bare_cr = false;
  bool bare_lf = false;
  bool nul = false;
  bool eight_bit = false;

  friend constexpr bool operator==(const TextRun&, const TextRun&) noexcept = default;
};

// The longest beginning of `text`, which goes on at `place`, without a stop.
TextRun scan_text(std::string_view text, TextPlace place, Stops stops) noexcept;

}  // namespace postrider::protocol
