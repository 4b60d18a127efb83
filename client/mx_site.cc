#include "postrider/client/mx_site.h"

#include <algorithm>
#include <vector>

namespace postrider::client {

std::string mx_site(const resolver::MxPlan& plan, std::uint16_t port) {
  // A longer list was cut, each time elsewhere.
  const bool cut = plan.hosts.size() >= resolver::kMostHosts;
  if (plan.verdict != resolver::MxVerdict::hosts || cut) return {};
  std::vector<std::string> names;
  for (const resolver::MxHost& each : plan.hosts) names.push_back(each.name.text());
  std::ranges::sort(names);
  std::string site;
  for (const std::string& each : names) site.append(site.empty() ? "" : ",").append(each);
  site.append(":").append(std::to_string(port));
  return site.size() <= kLongestSite ? site : std::string();
}

}  // namespace postrider::client
