#include "postrider/protocol/grammar/ip_literal.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace postrider::protocol {
namespace {

// HEXDIG of RFC 5234 B.1, which like every literal of ABNF (RFC 5234 2.3) has no case.
constexpr bool is_hex(char c) noexcept { return is(to_upper(c), kHexUpper); }

constexpr unsigned hex_value(char c) noexcept {
  return static_cast<unsigned>(c <= '9' ? c - '0' : to_upper(c) - 'A' + 10);
}

// Snum = 1*3DIGIT, 0 to 255
bool snum(Cursor& cursor, std::uint8_t& out) noexcept {
  const std::string_view digits = cursor.take_while(kDigit);
  if (digits.empty() || digits.size() > 3) return false;
  unsigned value = 0;
  for (const char c : digits) value = value * 10 + static_cast<unsigned>(c - '0');
  out = static_cast<std::uint8_t>(value);
  return value <= 255;
}

// IPv4-address-literal = Snum 3("." Snum), to the end of `text`.
bool ipv4(std::string_view text, std::span<std::uint8_t, 4> out) noexcept {
  Cursor cursor(text);
  for (std::size_t i = 0; i < 4; ++i) {
    if (i != 0 && !cursor.take('.')) return false;
    if (!snum(cursor, out[i])) return false;
  }
  return cursor.done();
}

// The 16-bit groups of an IPv6 address while it is being read.
struct Groups {
  static constexpr std::size_t kNoGap = 9;

  std::array<std::uint16_t, 8> values{};
  std::size_t count = 0;
  std::size_t gap = kNoGap;  // how many stand before "::"

  bool add(unsigned value) noexcept {
    if (count == values.size()) return false;
    values[count++] = static_cast<std::uint16_t>(value);
    return true;
  }
  // "::" stands for at least two groups of zeros: RFC 5321 4.1.3, IPv6-comp and IPv6v4-comp.
  [[nodiscard]] bool complete() const noexcept { return gap == kNoGap ? count == 8 : count <= 6; }

  void write(Host::Octets& out) const noexcept {
    out = {};
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t place = i < gap ? i : i + (8 - count);
      out[2 * place] = static_cast<std::uint8_t>(values[i] >> 8);
      out[2 * place + 1] = static_cast<std::uint8_t>(values[i] & 0xFFu);
    }
  }
};

// One IPv6-hex = 1*4HEXDIG, or the IPv4 address at the end.
bool group(Cursor& cursor, Groups& groups) noexcept {
  const std::string_view rest = cursor.rest();
  std::size_t digits = 0;
  unsigned value = 0;
  for (; digits < rest.size() && digits < 5 && is_hex(rest[digits]); ++digits) {
    value = value << 4 | hex_value(rest[digits]);
  }
  if (digits < rest.size() && rest[digits] == '.') {
    std::array<std::uint8_t, 4> octets{};
    if (!ipv4(rest, octets)) return false;
    cursor.skip(rest.size());
    return groups.add(octets[0] * 256u + octets[1]) && groups.add(octets[2] * 256u + octets[3]);
  }
  if (digits == 0 || digits > 4) return false;
  cursor.skip(digits);
  return groups.add(value);
}

// IPv6-addr = IPv6-full / IPv6-comp / IPv6v4-full / IPv6v4-comp, to the end of `text`.
bool ipv6(std::string_view text, Host::Octets& out) noexcept {
  Cursor cursor(text);
  Groups groups;
  if (text.starts_with("::")) {
    groups.gap = 0;
    cursor.skip(2);
  }
  bool more = groups.gap != 0 || !cursor.done();
  while (more) {
    if (!group(cursor, groups)) return false;
    if (cursor.done()) break;
    if (!cursor.take(':')) return false;
    if (cursor.take(':')) {
      if (groups.gap != Groups::kNoGap) return false;
      groups.gap = groups.count;
      more = !cursor.done();
    }
  }
  if (!groups.complete()) return false;
  groups.write(out);
  return true;
}

// Standardized-tag = Ldh-str; Ldh-str = *( ALPHA / DIGIT / "-" ) Let-dig
constexpr bool is_tag(std::string_view text) noexcept {
  return !text.empty() && all(text, kLdh) && is(text.back(), kAlpha | kDigit);
}

}  // namespace

Host::Kind read_literal(std::string_view content, Host::Octets& octets) noexcept {
  if (ipv4(content, std::span<std::uint8_t, 4>(octets.data(), 4))) return Host::Kind::ipv4;
  octets = {};
  const std::size_t colon = content.find(':');
  if (colon == std::string_view::npos || colon + 1 == content.size()) return Host::Kind::none;
  const std::string_view tag = content.substr(0, colon);
  // The tag of IPv6 is taken: what is no IPv6-addr behind it is not a General-address-literal either.
  if (equal_ignoring_case(tag, "IPv6")) {
    return ipv6(content.substr(colon + 1), octets) ? Host::Kind::ipv6 : Host::Kind::none;
  }
  return is_tag(tag) && all(content.substr(colon + 1), kDcontent) ? Host::Kind::general : Host::Kind::none;
}

}  // namespace postrider::protocol
