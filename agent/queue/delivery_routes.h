// What the delivery of mail needs of the configuration, made once and shared until the next reload.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/agent/alias/alias_table.h"
#include "postrider/agent/config/config.h"
#include "postrider/agent/route/route_table.h"
#include "postrider/client/config.h"
#include "postrider/client/tls_decision.h"

namespace postrider::agent {

// How a route's next hop is spoken to.
struct RelaySettings {
  client::TlsLevel tls = client::TlsLevel::opportunistic;
  std::shared_ptr<const client::ClientLogin> login;  // at a smart host
};

struct DeliveryRoutes {
  // `primitives` outlives the result. The error names what is wrong: a password file cannot be read, or the
  // alias file has a problem.
  static std::expected<std::shared_ptr<const DeliveryRoutes>, std::string> make(
      const Config& config, const protocol::sasl::Primitives& primitives);

  struct Place {
    const Destination* destination;  // live as long as the routes
    const RelaySettings* relay;
    std::string local;   // the local part without quotes
    std::string domain;  // that the recipient is of; <Postmaster> has one here as well
    std::string line;    // see line_of()
  };
  // Where mail for the recipient of an RCPT command goes; nullopt: no route takes it, or it is no command.
  std::optional<Place> find(std::string_view rcpt) const;
  struct Target {
    std::string address;  // without brackets
    Place place;
  };
  // Who gets what we send to an address ourselves, a report for one: aliases are expanded, as they are for
  // mail that comes in. Empty: no route takes it.
  std::vector<Target> targets_of(std::string_view address) const;

  std::string hostname;
  RouteTable table;
  std::shared_ptr<const AliasTable> aliases;  // nullptr: there are none
  std::vector<RelaySettings> relay;           // by the table's index
};

}  // namespace postrider::agent
