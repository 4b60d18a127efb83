#include "postrider/agent/report/markup.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "postrider/protocol/grammar/utf8.h"

namespace postrider::agent {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// Of what is well-formed UTF-8, which has no surrogates.
bool is_xml_char(std::uint32_t code_point) noexcept {
  if (code_point < 0x20) return code_point == '\t' || code_point == '\n' || code_point == '\r';
  return code_point != 0xFFFE && code_point != 0xFFFF;
}

std::string_view reference(char c, bool attribute) noexcept {
  switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\r': return "&#13;";
    case '\n': return attribute ? "&#10;" : "";
    case '\t': return attribute ? "&#9;" : "";
    default: return "";
  }
}

std::string marked_up(std::string_view text, bool attribute) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = protocol::utf8_sequence(text);
    const std::string_view piece = text.substr(0, std::max<std::size_t>(length, 1));
    text.remove_prefix(piece.size());
    if (length == 0 || !is_xml_char(protocol::utf8_code_point(piece, length))) {
      out += kReplacement;
      continue;
    }
    const std::string_view instead = piece.size() == 1 ? reference(piece[0], attribute) : std::string_view();
    out += instead.empty() ? piece : instead;
  }
  return out;
}

}  // namespace

std::string markup_text(std::string_view text) { return marked_up(text, false); }

std::string markup_attribute(std::string_view text) { return marked_up(text, true); }

}  // namespace postrider::agent
