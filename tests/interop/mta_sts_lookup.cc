// mta_sts_lookup ZONE PORT ROOTS STORE DOMAIN HOST…: what MTA-STS says about hosts of a domain. DNS is the
// master file ZONE; policies are served on PORT and vouched for by ROOTS; STORE is the folder of policies.
// Prints SOURCE FAULT, then a match a host, then the failure in words.
#include <charconv>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/resolver/backend/master_file.h"
#include "postrider/resolver/backend/static_backend.h"
#include "postrider/resolver/mta_sts/sts_lookup.h"
#include "postrider/resolver/resolver_addresses.h"
#include "postrider/tests/support/run_task.h"
#include "postrider/transport/socket_network.h"
#include "postrider/transport/tls/backends/backends.h"

namespace {

using namespace postrider;

std::string_view to_string(resolver::StsMatch match) {
  switch (match) {
    case resolver::StsMatch::no_policy: return "no_policy";
    case resolver::StsMatch::testing_listed: return "testing_listed";
    case resolver::StsMatch::testing_unlisted: return "testing_unlisted";
    case resolver::StsMatch::enforce_listed: return "enforce_listed";
    case resolver::StsMatch::enforce_unlisted: return "enforce_unlisted";
  }
  return "?";
}

std::string_view to_string(resolver::StsOutcome::Source source) {
  switch (source) {
    case resolver::StsOutcome::Source::none: return "none";
    case resolver::StsOutcome::Source::cached: return "cached";
    case resolver::StsOutcome::Source::fetched: return "fetched";
  }
  return "?";
}

int complain(std::string_view what) {
  std::cerr << what << '\n';
  return 1;
}

}  // namespace

int main(int count, char** words) {
  const std::vector<std::string> arguments(words + 1, words + count);
  if (arguments.size() < 6) return complain("mta_sts_lookup ZONE PORT ROOTS STORE DOMAIN HOST…");
  const auto records = resolver::load_master_file(arguments[0]);
  if (!records) return complain(to_string(records.error()));
  resolver::StsOptions options;
  std::from_chars(arguments[1].data(), arguments[1].data() + arguments[1].size(), options.port);
  options.fetch_time = std::chrono::seconds(10);
  transport::TlsClientConfig config;
  config.roots = transport::TlsRoots::given(transport::PemSource::file(arguments[2]));
  const auto tls = transport::tls_providers()[0]->client(config);
  if (!tls) return complain(tls.error());
  resolver::StsStore store(arguments[3]);
  if (const auto failure = store.open()) return complain(*failure);

  transport::Loop loop;
  transport::SocketNetwork network(loop);
  resolver::Resolver resolver(loop, std::make_unique<resolver::StaticBackend>(loop, *records));
  resolver::ResolverAddresses addresses(resolver);
  resolver::StsLookup sts(loop, network, resolver, addresses, *tls, store, options);
  const auto domain = resolver::DomainName::parse(arguments[4]);
  if (!domain) return complain("no domain name");
  const transport::SteadyTime deadline = transport::later(loop.now(), std::chrono::seconds(15));
  const resolver::StsOutcome outcome = tests::run_task(loop, sts.lookup(*domain, deadline));
  std::cout << to_string(outcome.source) << ' ' << to_string(outcome.fault);
  for (std::size_t i = 5; i < arguments.size(); ++i) {
    const auto host = resolver::DomainName::parse(arguments[i]);
    if (!host) return complain("no host name");
    std::cout << ' ' << to_string(outcome.match(*host));
  }
  std::cout << '\n' << outcome.failure << '\n';
  return 0;
}
