// Base64 of RFC 4648 4 as RFC 4954 4 uses it: padded, no white space, canonical (unused bits are zero).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "postrider/protocol/error.h"

namespace postrider::protocol {

[[nodiscard]] bool is_base64(std::string_view text) noexcept;
[[nodiscard]] constexpr std::size_t base64_decoded_bound(std::size_t encoded) noexcept {
  return encoded / 4 * 3;
}

// Writes into `out`, which needs base64_decoded_bound(text.size()) octets. Errors: bad_base64 (also `out` too
// small).
Result<std::string_view> base64_decode(std::string_view text, std::span<char> out) noexcept;
// Appends.
void base64_encode(std::string_view octets, std::string& out);

}  // namespace postrider::protocol
