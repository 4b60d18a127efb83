#include "postrider/agent/log/escape.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace postrider::agent {
namespace {

unsigned octet_at(std::string_view text, std::size_t at) { return static_cast<unsigned char>(text[at]); }

// The octets of the well-formed UTF-8 sequence at the front of `text`, 0 when there is none. RFC 3629 4
std::size_t utf8_length(std::string_view text) {
  const unsigned first = octet_at(text, 0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  const unsigned second = octet_at(text, 1);
  const unsigned least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const unsigned most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (second < least || second > most) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((octet_at(text, i) & 0xc0) != 0x80) return 0;
  }
  return length;
}

// C1 controls, U+0080..U+009F: two octets in UTF-8. And the line separators U+2028, U+2029, which some
// readers of logs take for line ends.
bool is_unsafe_sequence(std::string_view sequence) {
  if (sequence.size() == 2) return octet_at(sequence, 0) == 0xc2 && octet_at(sequence, 1) < 0xa0;
  return sequence == "\xe2\x80\xa8" || sequence == "\xe2\x80\xa9";
}

void append_hex(unsigned octet, std::string& out) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += kDigits[octet >> 4];
  out += kDigits[octet & 15];
}

// The two-character escape for `c`, or nothing.
std::string_view short_escape(char c) {
  switch (c) {
    case '"': return "\\\"";
    case '\\': return "\\\\";
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    default: return {};
  }
}

bool is_bare(std::string_view value) {
  return !value.empty() && std::ranges::all_of(value, [](char c) {
    return c > ' ' && c < 0x7f && c != '"' && c != '\\' && c != '=';
  });
}

// Walks `value`, one safe sequence or unsafe octet at a time.
template <class Safe, class Unsafe>
void for_each_piece(std::string_view value, Safe safe, Unsafe unsafe) {
  while (!value.empty()) {
    const std::size_t length = utf8_length(value);
    const std::string_view piece = value.substr(0, std::max<std::size_t>(length, 1));
    const unsigned first = octet_at(piece, 0);
    if (length == 0 || first < 0x20 || first == 0x7f || is_unsafe_sequence(piece)) {
      unsafe(piece, length != 0);
    } else {
      safe(piece);
    }
    value.remove_prefix(piece.size());
  }
}

}  // namespace

void append_text_value(std::string_view value, std::string& out) {
  if (is_bare(value)) {
    out += value;
    return;
  }
  out += '"';
  const auto safe = [&out](std::string_view piece) {
    const std::string_view escape = piece.size() == 1 ? short_escape(piece[0]) : std::string_view();
    out += escape.empty() ? piece : escape;
  };
  const auto unsafe = [&out](std::string_view piece, bool) {
    const std::string_view escape = piece.size() == 1 ? short_escape(piece[0]) : std::string_view();
    out += escape;
    if (!escape.empty()) return;
    for (std::size_t i = 0; i < piece.size(); ++i) {
      out += "\\x";
      append_hex(octet_at(piece, i), out);
    }
  };
  for_each_piece(value, safe, unsafe);
  out += '"';
}

void append_json_string(std::string_view value, std::string& out) {
  out += '"';
  const auto safe = [&out](std::string_view piece) {
    const std::string_view escape = piece.size() == 1 ? short_escape(piece[0]) : std::string_view();
    out += escape.empty() ? piece : escape;
  };
  const auto unsafe = [&out](std::string_view piece, bool well_formed) {
    const std::string_view escape = piece.size() == 1 ? short_escape(piece[0]) : std::string_view();
    if (!escape.empty()) {
      out += escape;
    } else if (!well_formed) {
      out += "\\ufffd";
    } else if (piece.size() == 3) {
      out += octet_at(piece, 2) == 0xa8 ? "\\u2028" : "\\u2029";
    } else {
      out += "\\u00";
      append_hex(octet_at(piece, piece.size() - 1), out);  // U+0080..U+009F: the last octet is the value
    }
  };
  for_each_piece(value, safe, unsafe);
  out += '"';
}

}  // namespace postrider::agent
