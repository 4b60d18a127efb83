// The lines of an alias file, as /etc/aliases has them: who gets the mail for an address.
//
//   # A comment. So is what follows " #" in a line.
//   info@example.org:  alice, bob@example.net     # alice@example.org and bob@example.net
//   postmaster:        alice                      # at every domain that is ours
//   @example.org:      carol,                     # whatever of example.org no other line names
//                      "d o"@example.net          # begins with white space: goes on with the line before
//
// Commands ("|…"), files ("/…") and ":include:" are refused: mail is delivered by routes alone.
//
// Pure. Errors: every problem with file and line, the first kMostAliasProblems of them; then there are no
// lines at all. Bounds: octets of a line, targets of an address.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/agent/config/config_report.h"

namespace postrider::agent {

inline constexpr std::size_t kLongestAliasLine = std::size_t{64} << 10;
inline constexpr std::size_t kMostAliasTargets = 1000;
inline constexpr std::size_t kMostAliasProblems = 20;  // more of them help nobody

struct AliasAddress {
  AliasAddress() = default;
  AliasAddress(std::string before, std::string behind)
      : local(std::move(before)), domain(std::move(behind)) {}

  // local@domain as a command may have it; empty when no command can say it.
  std::string text() const;

  std::string local;   // without quotes and backslashes
  std::string domain;  // empty in a file: that of the recipient
  friend bool operator==(const AliasAddress&, const AliasAddress&) = default;
};

struct AliasLine {
  enum class Names : std::uint8_t {
    address,     // local@domain
    everywhere,  // local, at every domain that is ours
    domain,      // @domain, the catch-all
  };
  Names names = Names::address;
  AliasAddress name;         // folded to lower case (ASCII alone); without what it does not have
  std::uint32_t number = 0;  // of the line, from 1
  std::vector<AliasAddress> targets;
};

// `file` is the name for messages.
std::expected<std::vector<AliasLine>, std::vector<ConfigProblem>> parse_aliases(std::string_view text,
                                                                                const std::string& file);

}  // namespace postrider::agent
