#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "postrider/resolver/backend/system_backend.h"
#include "postrider/resolver/backend/unbound_backend.h"
#include "postrider/tests/interop/resolver_conformance/run.h"

namespace postrider::tests {

using resolver::SystemBackend;
using resolver::SystemBackendOptions;
using resolver::UnboundBackend;
using resolver::UnboundBackendOptions;
using transport::Endpoint;
using Differences = std::vector<std::string>;

namespace {

Endpoint endpoint(std::string_view text) { return Endpoint::parse(text).value(); }

void expect(Differences& wrong, bool right, std::string_view what) {
  if (!right) wrong.emplace_back(what);
}

template <class Backend, class Options>
void expect_refused(Differences& wrong, const Options& options, std::string_view words) {
  transport::Loop loop;
  const auto made = Backend::make(loop, options);
  if (made) {
    wrong.push_back("it takes what it should not: " + std::string(words));
  } else if (made.error().find(words) == std::string::npos) {
    wrong.push_back("it says: " + made.error());
  }
}

// Servers that no backend can ask.
template <class Backend, class Options>
Differences refuses_servers() {
  Differences wrong;
  Options options;
  options.servers = {endpoint("unix:/run/dns")};
  expect_refused<Backend>(wrong, options, "name server unix:/run/dns has no address and port");
  options.servers = {endpoint("127.0.0.1:0")};
  expect_refused<Backend>(wrong, options, "name server 127.0.0.1:0 has no address and port");
  options.servers.assign(17, endpoint("127.0.0.1:53"));
  expect_refused<Backend>(wrong, options, "more than 16 name servers");
  return wrong;
}

Differences system_trusts_loopback() {
  Differences wrong;
  transport::Loop loop;
  SystemBackendOptions options;
  options.servers = {endpoint("127.0.0.1:53"), endpoint("[::1]:5353")};
  const auto here = SystemBackend::make(loop, options);
  expect(wrong, here && (*here)->trusts_ad(), "AD of this machine is not believed");
  expect(wrong, here && (*here)->servers() == options.servers, "the servers are others");
  options.servers.push_back(endpoint("192.0.2.1:53"));
  const auto elsewhere = SystemBackend::make(loop, options);
  expect(wrong, elsewhere && !(*elsewhere)->trusts_ad(), "AD of another machine is believed");
  options.trust_ad = true;
  const auto told = SystemBackend::make(loop, options);
  expect(wrong, told && (*told)->trusts_ad(), "AD is not believed although it was said");
  return wrong;
}

Differences system_disbelieves(const Servers& servers) {
  transport::Loop loop;
  SystemBackendOptions options;
  options.servers = {servers.unbound};
  options.trust_ad = false;
  const auto backend = SystemBackend::make(loop, options);
  if (!backend) return {backend.error()};
  Setup blind;
  blind.sight = Sight::blind;
  const Case wanted = conformance_cases().front();
  return differences(wanted, blind,
                     ask(loop, **backend, question(wanted.name, wanted.type), std::chrono::seconds(15)));
}

Differences system_reads_resolv_conf() {
  Differences wrong;
  transport::Loop loop;
  const auto backend = SystemBackend::make(loop, SystemBackendOptions());
  expect(wrong, backend && !(*backend)->servers().empty(), "there are no servers");
  const auto no_port = [](const Endpoint& server) { return server.port() == 0; };
  expect(wrong, backend && std::ranges::none_of((*backend)->servers(), no_port), "a server has no port");
  return wrong;
}

Differences system_refuses() {
  Differences wrong = refuses_servers<SystemBackend, SystemBackendOptions>();
  SystemBackendOptions options;
  options.servers = {endpoint("[fe80::1%1]:53")};
  expect_refused<SystemBackend>(wrong, options, "knows no scopes");
  options.servers = {endpoint("127.0.0.1:53")};
  options.rounds = 0;
  expect_refused<SystemBackend>(wrong, options, "no time to answer");
  return wrong;
}

Differences unbound_refuses() {
  Differences wrong = refuses_servers<UnboundBackend, UnboundBackendOptions>();
  UnboundBackendOptions options;
  options.trust_anchor_file = "not-there.key";
  expect_refused<UnboundBackend>(wrong, options, "cannot read the trust anchor file not-there.key");
  options.trust_anchor_file = std::string();
  options.trust_anchors = {"example.test. IN DS nonsense"};
  expect_refused<UnboundBackend>(wrong, options, "trust anchors");
  return wrong;
}

Differences unbound_finds_anchor() {
  Differences wrong;
  transport::Loop loop;
  const auto backend = UnboundBackend::make(loop, UnboundBackendOptions());
  if (!backend) return {backend.error()};
  const bool there = std::filesystem::exists(UnboundBackendOptions::kSystemAnchorFile);
  expect(wrong, (*backend)->validates() == there, "the anchor of the system is not used, or made up");
  UnboundBackendOptions options;
  options.trust_anchor_file = std::string();
  const auto without = UnboundBackend::make(loop, options);
  expect(wrong, without && !(*without)->validates(), "there is an anchor although none was wanted");
  return wrong;
}

// What would be bogus is found in the zones that are exempt, and stays bogus elsewhere.
Differences unbound_exempts(const Servers& servers) {
  transport::Loop loop;
  UnboundBackendOptions options;
  options.servers = {servers.nsd};
  options.trust_anchor_file = std::string();
  options.trust_anchors = {servers.anchor};
  for (const char* domain : {"forged.example.test", "expired.example.test"}) {
    options.insecure_domains.push_back(*resolver::DomainName::parse(domain));
  }
  const auto backend = UnboundBackend::make(loop, options);
  if (!backend) return {backend.error()};
  Setup exempt;
  exempt.sight = Sight::validates;
  Differences wrong;
  for (Case each : conformance_cases()) {
    const resolver::Question asked = question(each.name, each.type);
    const auto exempts = [&](const resolver::DomainName& domain) { return asked.name.is_within(domain); };
    if (each.truth != Truth::bogus) continue;
    if (std::ranges::any_of(options.insecure_domains, exempts)) each.truth = Truth::insecure;
    const auto answer = ask(loop, **backend, asked, std::chrono::seconds(15));
    const Differences more = differences(each, exempt, answer);
    wrong.insert(wrong.end(), more.begin(), more.end());
  }
  return wrong;
}

}  // namespace

void try_settings(const Servers& servers, Report& report) {
  report.add("system", "AD is believed of this machine alone", system_trusts_loopback());
  report.add("system", "AD is not believed when it was said", system_disbelieves(servers));
  report.add("system", "/etc/resolv.conf names the servers", system_reads_resolv_conf());
  report.add("system", "options without sense are refused", system_refuses());
  report.add("unbound", "options without sense are refused", unbound_refuses());
  report.add("unbound", "the trust anchor of the system", unbound_finds_anchor());
  report.add("unbound", "domains exempt from validation", unbound_exempts(servers));
}

}  // namespace postrider::tests
