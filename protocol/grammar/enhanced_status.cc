#include "postrider/protocol/grammar/enhanced_status.h"

#include <cstddef>

#include "postrider/protocol/grammar/octets.h"

namespace postrider::protocol {
namespace {

// subject ::= 1*3digit, detail ::= 1*3digit (RFC 2034 4), no leading zeros (RFC 3463 2). Returns how many
// octets of `text` belong to the number; 0: none.
std::size_t take_number(std::string_view text, std::uint16_t& value) noexcept {
  std::size_t n = 0;
  unsigned sum = 0;
  while (n < text.size() && n < 4 && text[n] >= '0' && text[n] <= '9') {
    sum = sum * 10 + static_cast<unsigned>(text[n] - '0');
    ++n;
  }
  if (n > 3 || (n > 1 && text[0] == '0')) return 0;
  value = static_cast<std::uint16_t>(sum);
  return n;
}

}  // namespace

std::optional<EnhancedStatus> parse_enhanced_status(std::string_view& text) noexcept {
  // status-code ::= class "." subject "." detail; class ::= "2" / "4" / "5", RFC 3463 2.
  if (text.size() < 5 || text[1] != '.') return std::nullopt;
  if (text[0] != '2' && text[0] != '4' && text[0] != '5') return std::nullopt;
  EnhancedStatus status;
  status.klass = static_cast<std::uint8_t>(text[0] - '0');
  std::string_view rest = text.substr(2);
  std::size_t n = take_number(rest, status.code.subject);
  if (n == 0 || n == rest.size() || rest[n] != '.') return std::nullopt;
  rest.remove_prefix(n + 1);
  n = take_number(rest, status.code.detail);
  if (n == 0) return std::nullopt;
  rest.remove_prefix(n);
  if (!rest.empty()) {
    // RFC 2034 3 (4): the code is always followed by one or more spaces.
    if (rest[0] != ' ') return std::nullopt;
    rest.remove_prefix(1);
  }
  text = rest;
  return status;
}

}  // namespace postrider::protocol
