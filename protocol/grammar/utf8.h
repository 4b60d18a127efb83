// UTF-8 well-formedness, RFC 3629 4: what RFC 6531 3.3 calls UTF8-non-ascii.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace postrider::protocol {

// Octets of the well-formed sequence at the beginning of `text` (1 for ASCII); 0 when it is not well formed:
// overlong, surrogate, above U+10FFFF, cut short.
[[nodiscard]] std::size_t utf8_sequence(std::string_view text) noexcept;
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;
// The code point of a well-formed sequence of `length` octets.
[[nodiscard]] std::uint32_t utf8_code_point(std::string_view text, std::size_t length) noexcept;

}  // namespace postrider::protocol
