// What was seen in message text that a strict receiver does not want, and what a next hop must be told.
#pragma once

#include <cstdint>

namespace postrider::protocol {

struct Flaws {
  bool bare_cr : 1 = false;
  bool bare_lf : 1 = false;
  bool nul : 1 = false;
  bool long_line : 1 = false;  // above Limits::text_line with its CRLF, RFC 5321 4.5.3.1.6
  bool eight_bit : 1 = false;  // an octet above 127: no flaw with 8BITMIME

  [[nodiscard]] constexpr bool bare_ending() const noexcept { return bare_cr || bare_lf; }
  constexpr void add(Flaws more) noexcept {
    bare_cr |= more.bare_cr;
    bare_lf |= more.bare_lf;
    nul |= more.nul;
    long_line |= more.long_line;
    eight_bit |= more.eight_bit;
  }
  friend constexpr bool operator==(const Flaws&, const Flaws&) noexcept = default;
};

}  // namespace postrider::protocol
