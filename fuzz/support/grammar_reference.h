// The productions of RFC 5321 4.1.2 for ASCII once more, written for shortness and nothing else: what the
// recognisers of the core are compared with.
#pragma once

#include <cstddef>
#include <string_view>

namespace postrider::fuzz {

constexpr bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// sub-domain = Let-dig [Ldh-str]
constexpr bool is_sub_domain(std::string_view label) {
  if (label.empty() || label.front() == '-' || label.back() == '-') return false;
  for (const char c : label) {
    if (!is_letter_or_digit(c) && c != '-') return false;
  }
  return true;
}

// Atom = 1*atext, RFC 5322 3.2.3
constexpr bool is_atom(std::string_view atom) {
  for (const char c : atom) {
    if (!is_letter_or_digit(c) && std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) == std::string_view::npos) {
      return false;
    }
  }
  return !atom.empty();
}

// One *("." One)
constexpr bool is_dotted(std::string_view text, bool (*one)(std::string_view)) {
  for (;;) {
    const std::size_t dot = text.find('.');
    if (!one(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

// Quoted-string = DQUOTE *QcontentSMTP DQUOTE
constexpr bool is_quoted_string(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return false;
  text = text.substr(1, text.size() - 2);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escaped = text[i] == '\\';
    if (escaped && ++i == text.size()) return false;
    if (text[i] < 32 || text[i] > 126 || (!escaped && text[i] == '"')) return false;
  }
  return true;
}

constexpr bool is_local_part(std::string_view text) {
  return text.size() <= 64 && (is_dotted(text, is_atom) || is_quoted_string(text));
}

constexpr bool is_domain(std::string_view text) {
  return text.size() <= 255 && is_dotted(text, is_sub_domain);
}

static_assert(is_domain("a-b.example") && !is_domain("a-.example") && !is_domain("a..b") && !is_domain(""));
static_assert(is_local_part("a.b") && is_local_part("\"\\\" \"") && !is_local_part(".a"));
static_assert(!is_local_part("\"\\\"") && !is_local_part("\"\"\""));

}  // namespace postrider::fuzz
