// Names of accounts.
//
// 1 to 254 octets (a mailbox fits, RFC 5321 4.5.3.1.3): letters, digits and the other octets of a dot-atom,
// "." and "@", and characters beyond ASCII that SASL takes (protocol/sasl/prepare.h). No spaces, quotes,
// backslashes, commas or controls, so that a name stands in logs, files and SCRAM's messages as it is. ASCII
// letters are the same in both cases: people type their address as they like.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace postrider::agent {

inline constexpr std::size_t kMaxUserName = 254;

// The form in which accounts are kept and compared: ASCII letters in lower case. The error says what is
// wrong, to stand behind the name in quotes.
std::expected<std::string, std::string> canonical_user_name(std::string_view name);

}  // namespace postrider::agent
