// What MTA-STS says about a domain now: the TXT record, the cached policy, and a fetch by HTTPS when they do
// not agree. RFC 8461 3 and 5.1.
//
//   StsLookup sts(loop, network, resolver, addresses, tls_context, store);
//   const StsOutcome outcome = co_await sts.lookup(domain, later(loop.now(), 70s));
//   switch (outcome.match(host)) …
//
// A policy that is still valid goes on to count whatever happens to its record or its server: that is what an
// attacker would take away. A new one comes over a connection whose certificate is good for mta-sts.DOMAIN,
// without redirects, within `fetch_time`. A policy is fetched afresh a day after the last time, before it
// expires; while that fails the old one counts. Failures are remembered for `failure_time`, so that a dead
// server does not slow every message down. Lookups of the same domain at the same time share the work.
//
// "No policy" is never an error: mail then goes out as without MTA-STS. `failure` says when a domain wanted
// one and it could not be had.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <absl/container/flat_hash_map.h>

#include "postrider/resolver/mta_sts/sts_fault.h"
#include "postrider/resolver/mta_sts/sts_policy.h"
#include "postrider/resolver/mta_sts/sts_store.h"
#include "postrider/resolver/resolver.h"
#include "postrider/transport/http/http_client.h"

namespace postrider::resolver {

struct StsOutcome {
  enum class Source : std::uint8_t { none, cached, fetched };

  StsOutcome() = default;

  StsMatch match(const DomainName& host) const {
    return source == Source::none ? StsMatch::no_policy : sts_match(entry.policy, host);
  }

  Source source = Source::none;
  StsEntry entry;  // the policy in force, unless the source is none
  StsFault fault = StsFault::none;
  std::string failure;  // for people: "https://mta-sts.example.org/…: status 404"
};

struct StsOptions {
  StsOptions() = default;

  std::chrono::seconds fetch_time = std::chrono::seconds(60);   // RFC 8461 3.3
  std::chrono::seconds failure_time = std::chrono::minutes(5);  // RFC 8461 3.3
  std::chrono::seconds refresh_after = std::chrono::hours(24);  // RFC 8461 3.3: once a day
  std::size_t failures = 10'000;                                // remembered; more are not
  std::uint16_t port = 443;                                     // of the policy's server; for tests
};

struct StsCounters {
  std::uint64_t lookups = 0;
  std::uint64_t joined = 0;  // that shared the work of another
  std::uint64_t fetches = 0;
  std::uint64_t failed_fetches = 0;
  std::uint64_t failed_writes = 0;  // to the store's folder
};

class StsLookup {
 public:
  // All outlive this; no lookup is under way when it is destroyed. `addresses` finds mta-sts.DOMAIN, which
  // is what ResolverAddresses is for.
  StsLookup(transport::Loop& loop, transport::Network& network, Resolver& resolver,
            transport::HostAddresses& addresses, std::shared_ptr<const transport::TlsClientContext> tls,
            StsStore& store, StsOptions options = StsOptions());
  ~StsLookup();
  StsLookup(const StsLookup&) = delete;
  StsLookup& operator=(const StsLookup&) = delete;

  // For the domain of a recipient, not for the host of an MX record. Ends by `deadline`.
  Task<StsOutcome> lookup(DomainName domain, transport::SteadyTime deadline);

  const StsCounters& counters() const noexcept { return counters_; }

 private:
  struct Joiner;
  using Flight = std::list<Joiner*>;  // who waits for a lookup under way
  struct Failure {
    std::string id;
    StsFault fault = StsFault::none;
    std::string text;
    transport::SteadyTime until;
  };

  Task<StsOutcome> look(DomainName domain, transport::SteadyTime deadline);
  Task<StsOutcome> renew(DomainName domain, std::string id, std::optional<StsEntry> kept,
                         transport::SteadyTime deadline);
  StsOutcome timed_out(const DomainName& domain);
  void finish(const DomainName& domain, const StsOutcome& outcome, bool complete);
  bool is_due(const StsEntry& kept) const;
  const Failure* recent_failure(const DomainName& domain, const std::string& id) const;
  void note_failure(const DomainName& domain, const std::string& id, const StsOutcome& outcome);

  transport::Loop& loop_;
  Resolver& resolver_;
  StsStore& store_;
  StsOptions options_;
  StsCounters counters_;
  transport::HttpClient http_;
  absl::flat_hash_map<DomainName, Flight> flights_;
  absl::flat_hash_map<DomainName, Failure> failures_;
};

}  // namespace postrider::resolver
