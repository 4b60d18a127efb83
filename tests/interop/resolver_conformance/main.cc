// resolver_conformance NSD UNBOUND SILENT CLOSED SLOW FORGER FAILING DOH_NSD DOH_UNBOUND ANCHOR: tries every
// backend of the resolver against the servers at these endpoints, in zones whose trust anchor is ANCHOR. One
// line a case; exit status 1 when anything is not as it should be.
#include <exception>
#include <iostream>
#include <optional>

#include "postrider/tests/interop/resolver_conformance/run.h"

namespace {

using namespace postrider;
using namespace postrider::tests;

std::optional<Servers> parse(int argc, char** argv) {
  if (argc != 11) return std::nullopt;
  Servers servers;
  int index = 1;
  for (transport::Endpoint* each :
       {&servers.nsd, &servers.unbound, &servers.silent, &servers.closed, &servers.slow, &servers.forger,
        &servers.failing, &servers.doh_nsd, &servers.doh_unbound}) {
    const auto endpoint = transport::Endpoint::parse(argv[index++]);
    if (!endpoint) return std::nullopt;
    *each = *endpoint;
  }
  servers.anchor = argv[index];
  return servers;
}

}  // namespace

int main(int argc, char** argv) try {
  const auto servers = parse(argc, argv);
  if (!servers) {
    std::cerr
        << "resolver_conformance NSD UNBOUND SILENT CLOSED SLOW FORGER FAILING DOH_NSD DOH_UNBOUND ANCHOR\n";
    return 64;
  }
  Report report;
  for (const Setup& setup : setups(*servers)) try_cases(setup, report);
  for (const Setup& setup : bare_setups(*servers)) try_behaviour(setup, *servers, report);
  try_settings(*servers, report);
  std::cout << report.cases() << " cases, " << report.wrong() << " wrong\n";
  return report.wrong() == 0 ? 0 : 1;
} catch (const std::exception& failure) {
  std::cerr << failure.what() << '\n';
  return 70;
}
