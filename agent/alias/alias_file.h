// The alias file of a configuration, read and checked against its routes.
//
//   const auto aliases = load_aliases(config, routes);
//   if (!aliases) …                     // problems with file and line: an agent does not start by such a
//   file if (*aliases == nullptr) …          // there is no [aliases]: nothing to look up
//
// Read at start and at each reload, never in between. At most 16 MiB.
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "postrider/agent/alias/alias_table.h"
#include "postrider/agent/config/config.h"
#include "postrider/agent/config/config_report.h"

namespace postrider::agent {

inline constexpr std::size_t kLargestAliasFile = std::size_t{16} << 20;

using AliasesResult = std::expected<std::shared_ptr<const AliasTable>, std::vector<ConfigProblem>>;

AliasesResult load_aliases(const Config& config, const RouteTable& routes);

// The problems as one text, one behind the other.
std::string to_text(const std::vector<ConfigProblem>& problems);

}  // namespace postrider::agent
