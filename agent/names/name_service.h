// What an agent asks about domains, on one loop: the resolver that the configuration names, and MTA-STS
// policies.
//
//   resolver::StsStore store(config.state / "mta-sts");
//   auto names = NameService::make(loop, network, config, store);
//   if (!names) …                                                // in words, with the key that is wrong
//   const Answer answer = co_await (*names)->resolver().lookup(question, deadline);
//
// Policies are fetched by HTTPS with the system's roots; the store is shared by all loops of a process.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "postrider/agent/config/config.h"
#include "postrider/client/sts_source.h"
#include "postrider/resolver/mta_sts/sts_lookup.h"
#include "postrider/resolver/mta_sts/sts_store.h"
#include "postrider/resolver/resolver.h"
#include "postrider/resolver/resolver_addresses.h"
#include "postrider/transport/loop.h"
#include "postrider/transport/network.h"

namespace postrider::agent {

class NameService final : public client::StsSource {
 public:
  // `loop`, `network` and `store` outlive it, and it outlives every lookup.
  static std::expected<std::unique_ptr<NameService>, std::string> make(transport::Loop& loop,
                                                                       transport::Network& network,
                                                                       const Config& config,
                                                                       resolver::StsStore& store);
  ~NameService() override;

  resolver::Resolver& resolver() noexcept { return *resolver_; }
  resolver::StsLookup& sts() noexcept { return *sts_; }
  // For other things that are fetched or sent by HTTPS: addresses by the resolver, and the system's roots.
  transport::HostAddresses& addresses() noexcept { return *addresses_; }
  const std::shared_ptr<const transport::TlsClientContext>& https() const noexcept { return https_; }

  transport::Task<client::StsVerdict> match(resolver::DomainName domain, resolver::DomainName host,
                                            transport::SteadyTime deadline) override;

 private:
  using MadeBackend = std::expected<std::unique_ptr<resolver::Backend>, std::string>;

  NameService() = default;
  MadeBackend make_backend(transport::Loop& loop, transport::Network& network, const Config& config,
                           std::shared_ptr<const transport::TlsClientContext> tls);
  MadeBackend make_doh(transport::Loop& loop, transport::Network& network, const std::string& url,
                       std::shared_ptr<const transport::TlsClientContext> tls);

  // For the name of a DNS-over-HTTPS server, which DNS over HTTPS cannot find.
  std::unique_ptr<resolver::Resolver> bootstrap_;
  std::unique_ptr<resolver::ResolverAddresses> bootstrap_addresses_;
  std::unique_ptr<resolver::Resolver> resolver_;
  std::unique_ptr<resolver::ResolverAddresses> addresses_;
  std::shared_ptr<const transport::TlsClientContext> https_;
  std::unique_ptr<resolver::StsLookup> sts_;
};

}  // namespace postrider::agent
