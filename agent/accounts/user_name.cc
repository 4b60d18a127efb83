#include "postrider/agent/accounts/user_name.h"

#include "postrider/protocol/sasl/prepare.h"

namespace postrider::agent {
namespace {

// atext of RFC 5322 3.2.3 but "=", which SCRAM escapes, with "." and "@".
constexpr std::string_view kSpecials = "!#$%&'*+-/?^_`{|}~.@";

constexpr char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool is_allowed(char c) noexcept {
  const char lower = to_lower(c);
  return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80 ||
         kSpecials.find(c) != std::string_view::npos;
}

}  // namespace

std::expected<std::string, std::string> canonical_user_name(std::string_view name) {
  if (name.empty()) return std::unexpected("is empty");
  if (name.size() > kMaxUserName) return std::unexpected("is longer than 254 octets");
  std::string canonical;
  for (const char c : name) {
    if (!is_allowed(c)) return std::unexpected("holds a character that no user name may have");
    canonical += to_lower(c);
  }
  if (!protocol::sasl::is_prepared(canonical)) {
    return std::unexpected("is no UTF-8, or holds a character that no user name may have");
  }
  return canonical;
}

}  // namespace postrider::agent
