// Which route takes a recipient: the first one that matches, as the configuration lists them.
//
// A pattern is a domain ("example.org"), every domain under one ("*.example.org", which is not example.org
// itself), an address literal ("[192.0.2.1]"), or "*", the catch-all. Case does not matter. A route before
// the catch-all names its domains: those are ours. What only the catch-all matches is somebody else's, and
// nobody relays through us to there unless the listener allows the peer.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "postrider/agent/route/destination.h"

namespace postrider::agent {

// Whether `pattern` is one that a route may have; the words of the failure, or empty.
std::string flaw_of_domain_pattern(std::string_view pattern);

struct Route {
  std::vector<std::string> domains;  // patterns
  Destination destination = Discard{};
};

class RouteTable {
 public:
  RouteTable() = default;
  explicit RouteTable(std::vector<Route> routes);

  struct Match {
    const Destination* destination;  // lives as long as the table
    bool ours;                       // named by a route before the catch-all
    std::size_t route;               // its index in routes()
  };

  // `domain` as the address has it: a name, or a literal with its brackets.
  std::optional<Match> find(std::string_view domain) const;

  // Where mail for <Postmaster> without a domain goes: to `hostname` when it is ours, else to the first
  // domain that a route names. RFC 5321 4.5.1 wants it taken by every server that relays or delivers.
  std::optional<std::string> postmaster_domain(std::string_view hostname) const;

  // Whether any domain is ours.
  bool names_a_domain() const noexcept { return !exact_.empty() || !below_.empty(); }

  const std::vector<Route>& routes() const noexcept { return routes_; }

 private:
  struct TransparentHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept;
  };
  struct TransparentEqual {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const noexcept { return a == b; }
  };
  // Domain to the index of the first route that lists it.
  using Index = absl::flat_hash_map<std::string, std::size_t, TransparentHash, TransparentEqual>;

  std::vector<Route> routes_;
  Index exact_;
  Index below_;  // "*.example.org" under "example.org"
  std::optional<std::size_t> catch_all_;
};

}  // namespace postrider::agent
