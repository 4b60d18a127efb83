// Who gets the mail for an address of ours: aliases, catch-alls, and subaddresses (user+tag).
//
//   const AliasTable aliases(std::move(lines), "+");
//   const auto targets = aliases.expand("info", "example.org", routes);
//   if (!targets) …                          // the file leads in a circle, or to too many
//   if (targets->empty()) …                  // nothing is said of it: the address stays
//
// For local@domain the first of these counts: the line of local@domain; of local; where local has a tag, the
// line of user@domain, and of user; the line of @domain, for addresses that stand nowhere else in the file,
// on neither side: "@example.org: bob" leaves bob's own mail to bob. When none is there, a tag falls off and
// that is all. Targets are looked up in turn, at most kDeepestAlias deep. An address that its own line leads
// to is a mailbox: "bob: bob, carol" is bob with a copy to carol. Any other way back is a loop. Case does not
// matter for the search; a target is as the file has it.
//
// A domain that is not ours (RouteTable) has no aliases. Pure, immutable: any thread may ask. A look-up is a
// few hashes; an expansion touches kMostAliasTargets results and kMostAliasSteps addresses at most.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include "postrider/agent/alias/alias_lines.h"
#include "postrider/agent/config/config_report.h"
#include "postrider/agent/route/route_table.h"

namespace postrider::agent {

inline constexpr unsigned kDeepestAlias = 10;
inline constexpr std::size_t kMostAliasSteps = 10 * kMostAliasTargets;

enum class AliasFault : std::uint8_t { loop, too_deep, too_many };
std::string_view to_string(AliasFault fault) noexcept;  // "lead in a circle", …

class AliasTable {
 public:
  AliasTable() = default;
  // `tag` separates user and tag; empty: there are none.
  AliasTable(std::vector<AliasLine> lines, std::string tag);

  using Expansion = std::expected<std::vector<AliasAddress>, AliasFault>;

  // `local` without quotes. Each target once, in the order of the file; empty: the address stays as it is.
  Expansion expand(std::string_view local, std::string_view domain, const RouteTable& routes) const;

  // What can be seen to be wrong before any mail comes: lines for domains that are not ours, targets that no
  // route takes, and what expand() would refuse. `file` is the name for messages, `hostname` ours.
  std::vector<ConfigProblem> flaws(const std::string& file, const RouteTable& routes,
                                   std::string_view hostname) const;

 private:
  class Walk;
  struct Found {
    const AliasLine* line;   // nullptr: none
    std::string_view local;  // the tag is off where it did not matter
  };

  // What is said of an address at a domain of ours; `domain` is folded.
  Found find(std::string_view local, const std::string& domain) const;
  const AliasLine* find_named(const std::string& local, const std::string& domain) const;
  bool is_target(const std::string& local, const std::string& domain) const;

  using Index = absl::flat_hash_map<std::string, std::size_t>;

  std::vector<AliasLine> lines_;
  std::string tag_;
  Index named_;       // local NUL domain
  Index everywhere_;  // local
  Index catch_all_;   // domain
  // What stands on the right, kept where there is a catch-all that must not take it.
  absl::flat_hash_set<std::string> targets_;             // local NUL domain
  absl::flat_hash_set<std::string> targets_everywhere_;  // local
};

}  // namespace postrider::agent
