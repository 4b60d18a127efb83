#include "postrider/agent/names/name_service.h"

#include <utility>
#include <vector>

#include "postrider/agent/serve/listener_tls.h"
#include "postrider/resolver/backend/doh_backend.h"
#include "postrider/resolver/backend/master_file.h"
#include "postrider/resolver/backend/static_backend.h"
#include "postrider/transport/endpoint.h"
#ifdef POSTRIDER_HAS_RESOLVER_SYSTEM
#include "postrider/resolver/backend/system_backend.h"
#endif
#ifdef POSTRIDER_HAS_RESOLVER_UNBOUND
#include "postrider/resolver/backend/unbound_backend.h"
#endif

namespace postrider::agent {
namespace {

using resolver::Backend;
using MadeBackend = std::expected<std::unique_ptr<Backend>, std::string>;

// The configuration was checked: each server has an address.
[[maybe_unused]] std::vector<transport::Endpoint> endpoints_of(const std::vector<HostPort>& servers) {
  std::vector<transport::Endpoint> out;
  for (const HostPort& each : servers) {
    if (const auto at = transport::Endpoint::parse_address(each.host, each.port)) out.push_back(*at);
  }
  return out;
}

std::unexpected<std::string> about(std::string_view key, const std::string& what) {
  return std::unexpected("resolver." + std::string(key) + ": " + what);
}

#ifndef POSTRIDER_HAS_RESOLVER_SYSTEM
MadeBackend make_system(transport::Loop& /*loop*/, const ResolverConfig& /*config*/) {
  return about("backend", "\"system\" is not part of this program; it was built without c-ares");
}
#else
MadeBackend make_system(transport::Loop& loop, const ResolverConfig& config) {
  resolver::SystemBackendOptions options;
  options.servers = endpoints_of(config.servers);
  auto backend = resolver::SystemBackend::make(loop, std::move(options));
  if (!backend) return about("backend", backend.error());
  return *std::move(backend);
}

#endif

#ifndef POSTRIDER_HAS_RESOLVER_UNBOUND
MadeBackend make_unbound(transport::Loop& /*loop*/, const ResolverConfig& /*config*/) {
  return about("backend", "\"unbound\" is not part of this program; it was built without libunbound");
}
#else
MadeBackend make_unbound(transport::Loop& loop, const ResolverConfig& config) {
  resolver::UnboundBackendOptions options;
  options.servers = endpoints_of(config.servers);
  if (config.trust_anchor) options.trust_anchor_file = config.trust_anchor->string();
  auto backend = resolver::UnboundBackend::make(loop, std::move(options));
  if (!backend) return about(config.trust_anchor ? "trust_anchor" : "backend", backend.error());
  return *std::move(backend);
}

#endif

MadeBackend make_static(transport::Loop& loop, const ResolverConfig& config) {
  const auto records = resolver::load_master_file(config.zone->string());
  if (!records) return about("zone", to_string(records.error()));
  return std::make_unique<resolver::StaticBackend>(loop, *records);
}

}  // namespace

NameService::~NameService() = default;

std::expected<std::unique_ptr<NameService>, std::string> NameService::make(transport::Loop& loop,
                                                                           transport::Network& network,
                                                                           const Config& config,
                                                                           resolver::StsStore& store) {
  const auto provider = tls_provider(config.tls.backend);
  if (!provider) return std::unexpected(provider.error());
  auto tls = (*provider)->client(transport::TlsClientConfig());
  if (!tls) return std::unexpected(tls.error());
  std::unique_ptr<NameService> made(new NameService());
  auto backend = made->make_backend(loop, network, config, *tls);
  if (!backend) return std::unexpected(backend.error());
  made->resolver_ = std::make_unique<resolver::Resolver>(loop, *std::move(backend));
  made->addresses_ = std::make_unique<resolver::ResolverAddresses>(*made->resolver_);
  made->https_ = *tls;
  made->sts_ =
      std::make_unique<resolver::StsLookup>(loop, network, *made->resolver_, *made->addresses_, *tls, store);
  return made;
}

NameService::MadeBackend NameService::make_backend(transport::Loop& loop, transport::Network& network,
                                                   const Config& config,
                                                   std::shared_ptr<const transport::TlsClientContext> tls) {
  switch (config.resolver.backend) {
    case ResolverBackend::system: return make_system(loop, config.resolver);
    case ResolverBackend::unbound: return make_unbound(loop, config.resolver);
    case ResolverBackend::doh: return make_doh(loop, network, *config.resolver.url, std::move(tls));
    case ResolverBackend::fixed: return make_static(loop, config.resolver);
  }
  return std::unexpected("resolver.backend: unknown");
}

NameService::MadeBackend NameService::make_doh(transport::Loop& loop, transport::Network& network,
                                               const std::string& url,
                                               std::shared_ptr<const transport::TlsClientContext> tls) {
  auto system = make_system(loop, {});
  if (!system) return system;
  bootstrap_ = std::make_unique<resolver::Resolver>(loop, *std::move(system));
  bootstrap_addresses_ = std::make_unique<resolver::ResolverAddresses>(*bootstrap_);
  auto backend = resolver::DohBackend::make(loop, network, *bootstrap_addresses_, std::move(tls), url);
  if (!backend) return about("url", backend.error());
  return *std::move(backend);
}

transport::Task<client::StsVerdict> NameService::match(resolver::DomainName domain, resolver::DomainName host,
                                                       transport::SteadyTime deadline) {
  resolver::StsOutcome outcome = co_await sts_->lookup(domain, deadline);
  client::StsVerdict verdict(outcome.match(host));
  verdict.fault = outcome.fault;
  verdict.kept = outcome.source == resolver::StsOutcome::Source::cached;
  verdict.failure = std::move(outcome.failure);
  co_return verdict;
}

}  // namespace postrider::agent
