#include "postrider/protocol/grammar/utf8.h"

namespace postrider::protocol {
namespace {

constexpr std::uint32_t octet(std::string_view text, std::size_t i) noexcept {
  return static_cast<unsigned char>(text[i]);
}

constexpr bool is_tail(std::uint32_t o) noexcept { return (o & 0xC0u) == 0x80u; }

}  // namespace

// RFC 3629 4:
//   UTF8-2 = %xC2-DF UTF8-tail
//   UTF8-3 = %xE0 %xA0-BF UTF8-tail / %xE1-EC 2( UTF8-tail ) / %xED %x80-9F UTF8-tail / %xEE-EF 2( UTF8-tail
//   ) UTF8-4 = %xF0 %x90-BF 2( UTF8-tail ) / %xF1-F3 3( UTF8-tail ) / %xF4 %x80-8F 2( UTF8-tail )
// The narrower second octets are what keeps overlong forms, surrogates and what is above U+10FFFF out.
std::size_t utf8_sequence(std::string_view text) noexcept {
  if (text.empty()) return 0;
  const std::uint32_t first = octet(text, 0);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4 || text.size() < 2) return 0;
  const std::uint32_t second = octet(text, 1);
  if (first < 0xE0) return is_tail(second) ? 2 : 0;

  const std::uint32_t low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const std::uint32_t high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  const std::size_t length = first < 0xF0 ? 3 : 4;
  if (second < low || second > high || text.size() < length) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (!is_tail(octet(text, i))) return 0;
  }
  return length;
}

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t length = utf8_sequence(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::uint32_t utf8_code_point(std::string_view text, std::size_t length) noexcept {
  const std::uint32_t first = octet(text, 0);
  if (length == 1) return first;
  // The first octet keeps 5, 4 or 3 bits of the code point, each further one 6.
  std::uint32_t code_point = first & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) code_point = code_point << 6 | (octet(text, i) & 0x3Fu);
  return code_point;
}

}  // namespace postrider::protocol
