// What a recogniser inside of protocol/ says of a text: that it is well formed, or an Error. It is
// Result<void> in one word: g++ 12 builds a Result<void> from its pieces in memory, and reading them back
// together stalls the processor for longer than it takes to read a short command.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>

#include "postrider/protocol/error.h"

namespace postrider::protocol {

class [[nodiscard]] Verdict {
 public:
  // Well formed.
  constexpr Verdict() noexcept = default;
  // From fail(code, offset).
  constexpr Verdict(const std::unexpected<Error>& failure) noexcept  // NOLINT(google-explicit-constructor)
      : bits_((static_cast<std::uint32_t>(failure.error().code) + 1) << 16 | failure.error().offset) {}

  constexpr explicit operator bool() const noexcept { return bits_ == 0; }
  // Of a text that is not well formed.
  [[nodiscard]] constexpr Error error() const noexcept {
    return {static_cast<Errc>((bits_ >> 16) - 1), static_cast<std::uint16_t>(bits_ & 0xFFFFu)};
  }
  [[nodiscard]] constexpr Result<void> result() const noexcept {
    if (bits_ == 0) return {};
    return std::unexpected(error());
  }

 private:
  std::uint32_t bits_ = 0;  // 0, or the code plus 1 above 16 bits of offset
};

}  // namespace postrider::protocol
