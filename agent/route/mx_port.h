// The port of a domain's mail exchangers: 25, or what the first route for the domain says by "mx:PORT".
#pragma once

#include <cstdint>
#include <string_view>

#include "postrider/agent/route/route_table.h"

namespace postrider::agent {

inline std::uint16_t mx_port(const RouteTable& routes, std::string_view domain) {
  const auto match = routes.find(domain);
  const auto* mx = match ? std::get_if<ToMx>(match->destination) : nullptr;
  return mx != nullptr ? mx->port : ToMx{}.port;
}

}  // namespace postrider::agent
