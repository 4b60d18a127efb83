#include "postrider/tests/interop/resolver_conformance/setup.h"

#include <stdexcept>
#include <utility>

#include "postrider/resolver/backend/system_backend.h"
#include "postrider/resolver/backend/unbound_backend.h"

namespace postrider::tests {

using transport::Endpoint;
using transport::Loop;

namespace {

template <class Made>
std::unique_ptr<resolver::Backend> or_throw(Made made) {
  if (!made) throw std::runtime_error(made.error());
  return std::move(*made);
}

MakeBackend make_system(std::optional<bool> trust_ad) {
  return [trust_ad](Loop& loop, const std::vector<Endpoint>& servers) {
    resolver::SystemBackendOptions options;
    options.servers = servers;
    options.trust_ad = trust_ad;
    return or_throw(resolver::SystemBackend::make(loop, std::move(options)));
  };
}

MakeBackend make_unbound(std::vector<std::string> anchors) {
  return [anchors = std::move(anchors)](Loop& loop, const std::vector<Endpoint>& servers) {
    resolver::UnboundBackendOptions options;
    options.servers = servers;
    options.trust_anchor_file = std::string();
    options.trust_anchors = anchors;
    return or_throw(resolver::UnboundBackend::make(loop, std::move(options)));
  };
}

Setup setup(std::string name, MakeBackend make, const Endpoint& server, Sight sight, bool recursive) {
  Setup made;
  made.name = std::move(name);
  made.make = std::move(make);
  made.servers = {server};
  made.sight = sight;
  made.recursive = recursive;
  return made;
}

}  // namespace

std::vector<Setup> setups(const Servers& servers) {
  std::vector<Setup> all;
  all.push_back(setup("system at NSD", make_system(std::nullopt), servers.nsd, Sight::blind, false));
  all.push_back(setup("system at unbound", make_system(std::nullopt), servers.unbound, Sight::by_ad, true));
  all.push_back(setup("unbound by NSD", make_unbound({servers.anchor}), servers.nsd, Sight::validates, true));
  all.push_back(
      setup("unbound by unbound", make_unbound({servers.anchor}), servers.unbound, Sight::validates, true));
  all.push_back(setup("unbound without an anchor", make_unbound({}), servers.nsd, Sight::blind, true));
  return all;
}

std::vector<Setup> bare_setups(const Servers& servers) {
  std::vector<Setup> all;
  all.push_back(setup("system", make_system(std::nullopt), servers.nsd, Sight::blind, false));
  all.push_back(setup("unbound", make_unbound({servers.anchor}), servers.nsd, Sight::validates, true));
  all.back().sees_refusal = false;  // libunbound waits for a server that the system says is not there
  return all;
}

}  // namespace postrider::tests
