// The alphabet of SMTP: character classes of RFC 5321 4.1.2, RFC 5234 B.1 and the extensions, in one table of
// 256 bit sets, and the cursor that the recognisers move over a line.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace postrider::protocol {

// Classes are bits, so that a union of classes is one look-up: take_while(kAtext | kNonAscii).
using CharClass = std::uint16_t;

inline constexpr CharClass kAlpha = 1 << 0;         // RFC 5234 B.1
inline constexpr CharClass kDigit = 1 << 1;         // RFC 5234 B.1
inline constexpr CharClass kHexUpper = 1 << 2;      // 0-9 A-F: hexchar of xtext, RFC 3461 4
inline constexpr CharClass kAtext = 1 << 3;         // RFC 5322 3.2.3
inline constexpr CharClass kQtext = 1 << 4;         // qtextSMTP: %d32-33 / %d35-91 / %d93-126
inline constexpr CharClass kLdh = 1 << 5;           // ALPHA / DIGIT / "-"
inline constexpr CharClass kDcontent = 1 << 6;      // %d33-90 / %d94-126
inline constexpr CharClass kEsmtpValue = 1 << 7;    // %d33-60 / %d62-126
inline constexpr CharClass kXchar = 1 << 8;         // %d33-42 / %d44-60 / %d62-126, RFC 3461 4
inline constexpr CharClass kPrintable = 1 << 9;     // %d32-126
inline constexpr CharClass kNonAscii = 1 << 10;     // UTF8-non-ascii, RFC 6531 3.3; utf8.h looks at its form
inline constexpr CharClass kBase64 = 1 << 11;       // RFC 4648 4, without "="
inline constexpr CharClass kLineBreaker = 1 << 12;  // CR, LF and NUL: what no argument may have
inline constexpr CharClass kReplyText = 1 << 13;    // textstring: HT and %d32-126, RFC 5321 4.2
inline constexpr CharClass kSpace = 1 << 15;        // SP
inline constexpr CharClass kSaslMech = 1 << 14;     // A-Z 0-9 - _, RFC 4422 3.1

namespace octets_detail {

consteval std::array<CharClass, 256> make_table() {
  std::array<CharClass, 256> table{};
  auto mark = [&table](unsigned from, unsigned to, CharClass c) {
    for (unsigned o = from; o <= to; ++o) table[o] = static_cast<CharClass>(table[o] | c);
  };
  mark('a', 'z', kAlpha | kLdh | kAtext | kBase64);
  mark('A', 'Z', kAlpha | kLdh | kAtext | kBase64 | kSaslMech);
  mark('0', '9', kDigit | kHexUpper | kLdh | kAtext | kBase64 | kSaslMech);
  mark('A', 'F', kHexUpper);
  mark('-', '-', kLdh | kSaslMech);
  mark('_', '_', kSaslMech);
  for (char c : std::string_view("!#$%&'*+-/=?^_`{|}~")) {
    mark(static_cast<unsigned>(c), static_cast<unsigned>(c), kAtext);
  }
  mark(32, 33, kQtext), mark(35, 91, kQtext), mark(93, 126, kQtext);
  mark(33, 90, kDcontent), mark(94, 126, kDcontent);
  mark(33, 60, kEsmtpValue), mark(62, 126, kEsmtpValue);
  mark(33, 42, kXchar), mark(44, 60, kXchar), mark(62, 126, kXchar);
  mark(32, 126, kPrintable | kReplyText);
  mark('\t', '\t', kReplyText);
  mark(' ', ' ', kSpace);
  mark(128, 255, kNonAscii);
  mark('+', '+', kBase64), mark('/', '/', kBase64);
  mark('\r', '\r', kLineBreaker), mark('\n', '\n', kLineBreaker), mark(0, 0, kLineBreaker);
  return table;
}

inline constexpr std::array<CharClass, 256> kTable = make_table();

}  // namespace octets_detail

[[nodiscard]] constexpr bool is(char octet, CharClass classes) noexcept {
  return (octets_detail::kTable[static_cast<unsigned char>(octet)] & classes) != 0;
}

[[nodiscard]] constexpr bool all(std::string_view text, CharClass classes) noexcept {
  for (char c : text) {
    if (!is(c, classes)) return false;
  }
  return true;
}

// True when `text` could be part of one line: no CR, LF or NUL.
[[nodiscard]] constexpr bool fits_one_line(std::string_view text) noexcept {
  for (char c : text) {
    if (is(c, kLineBreaker)) return false;
  }
  return true;
}

[[nodiscard]] constexpr char to_upper(char c) noexcept {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

// ASCII case-insensitive; octets above 127 are compared as they are. RFC 5321 2.4.
[[nodiscard]] constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (to_upper(a[i]) != to_upper(b[i])) return false;
  }
  return true;
}

// A place in a line. A recogniser moves it past what it recognised and leaves it where it was otherwise.
class Cursor {
 public:
  explicit constexpr Cursor(std::string_view text) noexcept
      : begin_(text.data()), at_(text.data()), end_(text.data() + text.size()) {}

  [[nodiscard]] constexpr bool done() const noexcept { return at_ == end_; }
  [[nodiscard]] constexpr char peek() const noexcept { return at_ == end_ ? '\0' : *at_; }
  [[nodiscard]] constexpr std::size_t offset() const noexcept {
    return static_cast<std::size_t>(at_ - begin_);
  }
  [[nodiscard]] constexpr std::string_view rest() const noexcept {
    return {at_, static_cast<std::size_t>(end_ - at_)};
  }
  // The octets from an earlier offset up to here.
  [[nodiscard]] constexpr std::string_view since(std::size_t offset) const noexcept {
    return {begin_ + offset, static_cast<std::size_t>(at_ - begin_) - offset};
  }

  constexpr bool take(char c) noexcept {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  // `word` must be upper-case; the line may have it in any case.
  constexpr bool take_ignoring_case(std::string_view word) noexcept {
    if (rest().size() < word.size()) return false;
    for (std::size_t i = 0; i < word.size(); ++i) {
      if (to_upper(at_[i]) != word[i]) return false;
    }
    at_ += word.size();
    return true;
  }
  constexpr std::string_view take_while(CharClass classes) noexcept {
    const char* from = at_;
    while (at_ != end_ && is(*at_, classes)) ++at_;
    return {from, static_cast<std::size_t>(at_ - from)};
  }
  constexpr void skip(std::size_t n) noexcept { at_ += n; }
  constexpr void back_to(std::size_t offset) noexcept { at_ = begin_ + offset; }

 private:
  const char* begin_;
  const char* at_;
  const char* end_;
};

}  // namespace postrider::protocol
