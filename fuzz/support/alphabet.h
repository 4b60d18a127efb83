// The second pass of a target: the same input with each octet read as a word of SMTP, so that even random
// octets come close to the grammar.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace postrider::fuzz {

inline std::string spell(std::string_view octets, std::span<const std::string_view> alphabet) {
  std::string out;
  for (const char c : octets) out += alphabet[static_cast<unsigned char>(c) % alphabet.size()];
  return out;
}

}  // namespace postrider::fuzz
