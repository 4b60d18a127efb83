#include "postrider/tests/interop/resolver_conformance/setup.h"

#include <stdexcept>
#include <utility>

#include "postrider/resolver/backend/doh_backend.h"
#include "postrider/resolver/backend/system_backend.h"
#include "postrider/resolver/backend/unbound_backend.h"
#include "postrider/transport/http/host_addresses.h"
#include "postrider/transport/socket_network.h"

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

// With what it stands on. In clear, as a server on loopback may be.
class Doh final : public resolver::Backend {
 public:
  Doh(Loop& loop, const Endpoint& server, const resolver::DohOptions& options)
      : network_(loop),
        backend_(or_throw(resolver::DohBackend::make(loop, network_, addresses_, nullptr,
                                                     "http://" + server.to_string() + "/dns-query{?dns}",
                                                     options))) {}

  resolver::Task<resolver::AskResult> ask(resolver::Question question,
                                          transport::SteadyTime deadline) override {
    return backend_->ask(std::move(question), deadline);
  }
  std::string_view name() const noexcept override { return backend_->name(); }

 private:
  transport::SocketNetwork network_;
  transport::FixedAddresses addresses_;
  std::unique_ptr<resolver::Backend> backend_;
};

MakeBackend make_doh(resolver::DohOptions::Method method, bool trust_ad) {
  return [method, trust_ad](Loop& loop, const std::vector<Endpoint>& servers) {
    resolver::DohOptions options;
    options.method = method;
    options.trust_ad = trust_ad;
    return std::make_unique<Doh>(loop, servers.front(), options);
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
  using Method = resolver::DohOptions::Method;
  all.push_back(
      setup("DoH by GET at NSD", make_doh(Method::get, true), servers.doh_nsd, Sight::blind, false));
  all.push_back(
      setup("DoH by POST at unbound", make_doh(Method::post, true), servers.doh_unbound, Sight::by_ad, true));
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
