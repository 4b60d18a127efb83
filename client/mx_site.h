// One name for the hosts that take a domain's mail, so that all domains with the same hosts can be treated as
// one neighbour.
//
//   mx_site(plan, 25)   // "mx1.example.net,mx2.example.net:25", in whatever order they are preferred
//
// Empty for a plan without hosts, for an address literal, which is such a name already, and where it would be
// longer than kLongestSite or the plan is full, so that hosts may be missing: such a domain stays by itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "postrider/resolver/mx_selection.h"

namespace postrider::client {

// Somebody may name 50 hosts of 255 octets each, for any number of domains.
inline constexpr std::size_t kLongestSite = 500;

std::string mx_site(const resolver::MxPlan& plan, std::uint16_t port);

}  // namespace postrider::client
