#include "postrider/protocol/grammar/xtext.h"

#include <cstddef>
#include <cstdint>

#include "postrider/protocol/grammar/utf8.h"

namespace postrider::protocol {
namespace {

constexpr std::string_view kHexDigits = "0123456789ABCDEF";

constexpr char to_char(std::uint32_t octet) noexcept { return static_cast<char>(octet & 0xFFu); }

// hexchar = "+" and two upper-case hexadecimal digits, RFC 3461 4.
constexpr bool starts_with_hexchar(std::string_view text) noexcept {
  return text.size() >= 3 && text[0] == '+' && is(text[1], kHexUpper) && is(text[2], kHexUpper);
}

constexpr std::uint32_t hex_value(char c) noexcept {
  return static_cast<std::uint32_t>(c <= '9' ? c - '0' : to_upper(c) - 'A' + 10);
}

constexpr bool is_hex(char c) noexcept { return is(to_upper(c), kHexUpper); }

// Octets of the longest xtext at the beginning of `text`.
constexpr std::size_t xtext_prefix(std::string_view text) noexcept {
  std::size_t at = 0;
  while (at < text.size()) {
    if (is(text[at], kXchar)) {
      ++at;
    } else if (starts_with_hexchar(text.substr(at))) {
      at += 3;
    } else {
      break;
    }
  }
  return at;
}

// QCHAR = %x21-2a / %x2c-3c / %x3e-5b / %x5d-7e, RFC 6533 3
constexpr bool is_qchar(char c) noexcept { return is(c, kXchar) && c != '\\'; }

// HEXPOINT of RFC 6533 3 allows these code points, and each with the fewest digits alone, at least two.
constexpr bool may_be_embedded(std::uint32_t code_point) noexcept {
  if (code_point < 0x80) {
    // ( "0" / "1" ) %x31-39 / "10" / "20" / "2B" / "3D" / "5C" / "7F": CR and LF are not among them.
    const std::uint32_t low = code_point & 0x0Fu;
    if (code_point < 0x10) return low >= 1 && low <= 9;
    if (code_point < 0x20) return low <= 9;
    return code_point == 0x20 || code_point == 0x2B || code_point == 0x3D || code_point == 0x5C ||
           code_point == 0x7F;
  }
  return code_point <= 0x10FFFF && (code_point < 0xD800 || code_point > 0xDFFF);
}

constexpr std::size_t hex_digits(std::uint32_t code_point) noexcept {
  std::size_t digits = 2;
  while (digits < 6 && code_point >> (4 * digits) != 0) ++digits;
  return digits;
}

// EmbeddedUnicodeChar = "\x" "{" HEXPOINT "}". Returns its length, or 0.
std::size_t embedded_code_point(std::string_view text, std::uint32_t& code_point) noexcept {
  if (!text.starts_with("\\x{")) return 0;
  std::size_t digits = 0;
  std::uint32_t value = 0;
  while (digits < 7 && 3 + digits < text.size() && is_hex(text[3 + digits])) {
    value = value << 4 | hex_value(text[3 + digits]);
    ++digits;
  }
  if (digits < 2 || digits > 6 || 3 + digits >= text.size() || text[3 + digits] != '}') return 0;
  if (!may_be_embedded(value) || hex_digits(value) != digits) return 0;
  code_point = value;
  return digits + 4;
}

// UTF-8 of `code_point` into `out`, which has room for four octets.
std::size_t put_utf8(std::uint32_t code_point, char* out) noexcept {
  if (code_point < 0x80) {
    out[0] = to_char(code_point);
    return 1;
  }
  const std::size_t length = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
  const std::uint32_t mark = length == 2 ? 0xC0u : length == 3 ? 0xE0u : 0xF0u;
  for (std::size_t i = 0; i < length; ++i) {
    const std::uint32_t bits = code_point >> (6 * (length - 1 - i));
    out[i] = to_char(i == 0 ? mark | bits : 0x80u | (bits & 0x3Fu));
  }
  return length;
}

}  // namespace

bool is_xtext(std::string_view text) noexcept { return xtext_prefix(text) == text.size(); }

std::string_view xtext(Cursor& cursor) noexcept {
  const std::size_t from = cursor.offset();
  cursor.skip(xtext_prefix(cursor.rest()));
  return cursor.since(from);
}

Result<std::string_view> xtext_decode(std::string_view text, std::span<char> out) noexcept {
  if (out.size() < text.size()) return fail(Errc::bad_xtext);
  std::size_t used = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    if (is(text[at], kXchar)) {
      out[used++] = text[at++];
    } else if (starts_with_hexchar(text.substr(at))) {
      out[used++] = to_char(hex_value(text[at + 1]) << 4 | hex_value(text[at + 2]));
      at += 3;
    } else {
      return fail(Errc::bad_xtext, at);
    }
  }
  return std::string_view(out.data(), used);
}

void xtext_encode(std::string_view octets, std::string& out) {
  for (const char c : octets) {
    if (is(c, kXchar)) {
      out.push_back(c);
    } else {
      const auto octet = static_cast<unsigned char>(c);
      out.push_back('+');
      out.push_back(kHexDigits[octet >> 4]);
      out.push_back(kHexDigits[octet & 0x0Fu]);
    }
  }
}

Result<std::string_view> utf8_address_decode(std::string_view text, std::span<char> out) noexcept {
  // Nothing becomes longer by decoding: the shortest embedded code point has six octets, the longest UTF-8
  // four.
  if (text.empty() || out.size() < text.size()) return fail(Errc::bad_xtext);
  std::size_t used = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::string_view rest = text.substr(at);
    std::uint32_t code_point = 0;
    if (is_qchar(rest[0])) {
      out[used++] = rest[0];
      ++at;
    } else if (const std::size_t embedded = embedded_code_point(rest, code_point); embedded != 0) {
      used += put_utf8(code_point, out.data() + used);
      at += embedded;
    } else if (const std::size_t length = utf8_sequence(rest); length > 1) {
      rest.copy(out.data() + used, length);
      used += length;
      at += length;
    } else {
      return fail(Errc::bad_xtext, at);
    }
  }
  return std::string_view(out.data(), used);
}

bool utf8_address_encode(std::string_view utf8, std::string& out) {
  const std::size_t before = out.size();
  while (!utf8.empty()) {
    const std::size_t length = utf8_sequence(utf8);
    const std::uint32_t code_point = length == 0 ? 0 : utf8_code_point(utf8, length);
    if (length == 1 && is_qchar(utf8[0])) {
      out.push_back(utf8[0]);
    } else if (length != 0 && may_be_embedded(code_point)) {
      out.append("\\x{");
      for (std::size_t digit = hex_digits(code_point); digit-- > 0;) {
        out.push_back(kHexDigits[code_point >> (4 * digit) & 0x0Fu]);
      }
      out.push_back('}');
    } else {
      out.resize(before);
      return false;
    }
    utf8.remove_prefix(length);
  }
  return true;
}

}  // namespace postrider::protocol
