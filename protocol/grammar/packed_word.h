// The first four octets of a word in one integer, without regard to case, so that a switch tells keywords
// apart. Not for use outside of protocol/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace postrider::protocol {

// Clearing one bit makes letters upper-case; two octets that are no letters may become equal (as "-" and CR),
// so what a switch finds is compared octet by octet unless its word is all letters: those have no other
// preimage. The first octet is the lowest, and missing ones are zero.
[[nodiscard]] constexpr std::uint32_t packed_word(std::string_view word) noexcept {
  const auto octet = [word](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(word[i]));
  };
  std::uint32_t packed = 0;
  if (word.size() >= 4) {
    packed = octet(0) | octet(1) << 8 | octet(2) << 16 | octet(3) << 24;  // one load where the machine has it
  } else {
    for (std::size_t i = 0; i < word.size(); ++i) packed |= octet(i) << (8 * i);
  }
  return packed & 0xDFDFDFDFu;
}

}  // namespace postrider::protocol
