// Named exceptions to strictness. Everything is off by default; what is switched on is counted each time it
// is used, so that a postmaster sees who still needs it. None of them can end message data: only CRLF "."
// CRLF does.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace postrider::protocol {

enum class Lenience : std::uint8_t {
  // `MAIL FROM: <a@b>`: RFC 5321 3.3 forbids the space; Microsoft's and several PHP mailers send it.
  space_after_colon,
  // `MAIL FROM:a@b`: old scripts and appliances leave the angle brackets out.
  missing_angle_brackets,
  // `EHLO my_host`: Windows machines put names with underscores, or other names that are no domain, after
  // EHLO.
  any_hello_name,
  // LF alone ends a command line: a person with netcat.
  bare_line_feed_in_command,
  // Text lines above Limits::text_line are taken: RFC 5321 4.5.3.1.6 is widely ignored by generators of HTML
  // mail.
  long_text_line,
  // A bare CR or LF in message data is turned into CRLF before dots are looked at, instead of being refused.
  convert_bare_endings,
  // Octets that came behind DATA, AUTH or another command that must end its group are read as if they had
  // waited.
  octets_after_group_end,
};

inline constexpr std::size_t kLenienceCount = static_cast<std::size_t>(Lenience::octets_after_group_end) + 1;

// The name of the enumerator, for logs and counters: "space_after_colon".
std::string_view to_string(Lenience lenience) noexcept;

// A set of what is allowed.
class Leniency {
 public:
  constexpr Leniency() noexcept = default;

  constexpr Leniency& allow(Lenience lenience) noexcept {
    bits_ = static_cast<std::uint8_t>(bits_ | bit(lenience));
    return *this;
  }
  [[nodiscard]] constexpr bool allows(Lenience lenience) const noexcept {
    return (bits_ & bit(lenience)) != 0;
  }
  [[nodiscard]] constexpr bool none() const noexcept { return bits_ == 0; }

  friend constexpr bool operator==(Leniency, Leniency) = default;

 private:
  static constexpr std::uint8_t bit(Lenience lenience) noexcept {
    return static_cast<std::uint8_t>(1u << static_cast<unsigned>(lenience));
  }

  std::uint8_t bits_ = 0;
};
static_assert(kLenienceCount <= 8, "Leniency keeps its set in one octet");

// How often each one was needed in one session.
class LeniencyCounts {
 public:
  constexpr void count(Lenience lenience) noexcept {
    std::uint16_t& n = counts_[static_cast<std::size_t>(lenience)];
    if (n != UINT16_MAX) ++n;
  }
  constexpr void count_all(Leniency used) noexcept {
    for (std::size_t i = 0; i < kLenienceCount && !used.none(); ++i) {
      if (used.allows(static_cast<Lenience>(i))) count(static_cast<Lenience>(i));
    }
  }
  [[nodiscard]] constexpr std::uint16_t operator[](Lenience lenience) const noexcept {
    return counts_[static_cast<std::size_t>(lenience)];
  }

 private:
  std::array<std::uint16_t, kLenienceCount> counts_{};
};

}  // namespace postrider::protocol
