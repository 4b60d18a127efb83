#include "postrider/resolver/mta_sts/sts_lookup.h"

#include <algorithm>
#include <utility>

#include "postrider/resolver/mta_sts/sts_record.h"
#include "postrider/transport/signal.h"

namespace postrider::resolver {
namespace {

using transport::HttpFailure;
using transport::HttpRequest;
using transport::HttpResponse;
using transport::HttpResult;
using transport::SteadyTime;
using Source = StsOutcome::Source;

constexpr std::string_view kTarget = "/.well-known/mta-sts.txt";  // RFC 8461 3.3

transport::HttpClientOptions http_options() {
  transport::HttpClientOptions options;
  options.limits.body_octets = StsPolicy::kMaxOctets;
  options.origins = 0;  // a domain is asked once a day
  return options;
}

// The policy that is there all the same, if any.
StsOutcome with_kept(const std::optional<StsEntry>& kept, StsFault fault = StsFault::none,
                     std::string failure = std::string()) {
  StsOutcome outcome;
  if (kept) {
    outcome.source = Source::cached;
    outcome.entry = *kept;
  }
  outcome.fault = fault;
  outcome.failure = std::move(failure);
  return outcome;
}

struct Refusal {
  StsFault fault = StsFault::none;
  std::string text;
};

// RFC 8461 3.3: only status 200 is a policy; 3.2: as text/plain, since web servers hold what strangers wrote.
std::expected<StsPolicy, Refusal> read_response(const HttpResult& result) {
  if (!result) {
    const bool certificate = result.error().kind == HttpFailure::Kind::tls;
    return std::unexpected(Refusal{certificate ? StsFault::webpki : StsFault::fetch, result.error().text});
  }
  if (result->status != 200)
    return std::unexpected(Refusal{StsFault::fetch, "status " + std::to_string(result->status)});
  if (result->media_type() != "text/plain")
    return std::unexpected(Refusal{StsFault::invalid, "the policy is not served as text/plain"});
  auto policy = StsPolicy::parse(result->body);
  if (!policy) return std::unexpected(Refusal{StsFault::invalid, "the policy " + policy.error()});
  return *std::move(policy);
}

}  // namespace

struct StsLookup::Joiner {
  explicit Joiner(transport::Loop& loop) : signal(loop) {}

  transport::Signal signal;
  bool finished = false;
  bool complete = false;  // not ended by the deadline of whoever did the work
  StsOutcome outcome;
};

StsLookup::StsLookup(transport::Loop& loop, transport::Network& network, Resolver& resolver,
                     transport::HostAddresses& addresses,
                     std::shared_ptr<const transport::TlsClientContext> tls, StsStore& store,
                     StsOptions options)
    : loop_(loop),
      resolver_(resolver),
      store_(store),
      options_(options),
      http_(loop, network, addresses, std::move(tls), http_options()) {}

StsLookup::~StsLookup() = default;

Task<StsOutcome> StsLookup::lookup(DomainName domain, SteadyTime deadline) {
  ++counters_.lookups;
  while (flights_.contains(domain)) {
    Joiner joiner(loop_);
    flights_[domain].push_back(&joiner);
    [[maybe_unused]] const transport::error_code ended = co_await joiner.signal.wait(deadline);
    if (!joiner.finished) {
      flights_[domain].remove(&joiner);
      co_return timed_out(domain);
    }
    ++counters_.joined;
    if (joiner.complete || loop_.now() >= deadline) co_return std::move(joiner.outcome);
  }
  flights_.try_emplace(domain);
  StsOutcome outcome = co_await look(domain, deadline);
  finish(domain, outcome, loop_.now() < deadline);
  co_return outcome;
}

void StsLookup::finish(const DomainName& domain, const StsOutcome& outcome, bool complete) {
  const Flight waiting = std::move(flights_[domain]);
  flights_.erase(domain);
  for (Joiner* each : waiting) {
    each->finished = true;
    each->complete = complete;
    each->outcome = outcome;
    each->signal.notify();
  }
}

StsOutcome StsLookup::timed_out(const DomainName& domain) {
  const std::optional<StsEntry> kept = store_.find(domain, loop_.clock().system_now());
  return with_kept(kept, StsFault::fetch, "no answer in time");
}

Task<StsOutcome> StsLookup::look(DomainName domain, SteadyTime deadline) {
  const std::optional<StsEntry> kept = store_.find(domain, loop_.clock().system_now());
  const std::optional<DomainName> name = sts_record_name(domain);
  if (!name) co_return with_kept(kept);
  const Answer answer = co_await resolver_.lookup(Question(*name, RecordType::txt), deadline);
  if (answer.outcome == Answer::Outcome::failed) co_return with_kept(kept, StsFault::dns, answer.failure);
  const StsRecord record = read_sts_records(texts(answer.records));
  // RFC 8461 3.1: without a usable record there is no policy to discover; one that is cached still counts.
  if (!record.announced()) {
    if (record.fault.empty()) co_return with_kept(kept);
    co_return with_kept(kept, StsFault::dns, name->text() + " TXT: " + record.fault);
  }
  if (kept && kept->id == record.id && !is_due(*kept)) co_return with_kept(kept);
  const Failure* const recent = recent_failure(domain, record.id);
  if (recent != nullptr) co_return with_kept(kept, recent->fault, recent->text);
  StsOutcome outcome = co_await renew(domain, record.id, kept, deadline);
  co_return outcome;
}

Task<StsOutcome> StsLookup::renew(DomainName domain, std::string id, std::optional<StsEntry> kept,
                                  SteadyTime deadline) {
  const std::optional<DomainName> host = sts_policy_host(domain);
  if (!host) co_return with_kept(kept);
  ++counters_.fetches;
  const transport::HttpOrigin origin(host->text(), options_.port);
  const HttpRequest request{std::string(kTarget)};
  const SteadyTime limit = transport::later(loop_.now(), options_.fetch_time);
  const SteadyTime until = std::min(deadline, limit);
  const HttpResult result = co_await http_.exchange(origin, request, until);
  auto policy = read_response(result);
  if (!policy) {
    ++counters_.failed_fetches;
    const std::string where = origin.text() + std::string(kTarget);
    StsOutcome outcome = with_kept(kept, policy.error().fault, where + ": " + policy.error().text);
    // The caller's impatience says nothing about the server.
    if (loop_.now() < deadline || limit <= deadline) note_failure(domain, id, outcome);
    co_return outcome;
  }
  failures_.erase(domain);
  StsOutcome outcome;
  outcome.source = Source::fetched;
  outcome.entry = StsEntry(std::move(id), *std::move(policy), loop_.clock().system_now());
  if (store_.put(domain, outcome.entry)) ++counters_.failed_writes;
  co_return outcome;
}

bool StsLookup::is_due(const StsEntry& kept) const {
  const auto after = std::min<std::chrono::seconds>(options_.refresh_after, kept.policy.max_age / 2);
  return loop_.clock().system_now() - kept.fetched >= after;
}

const StsLookup::Failure* StsLookup::recent_failure(const DomainName& domain, const std::string& id) const {
  const auto found = failures_.find(domain);
  if (found == failures_.end() || found->second.until <= loop_.now()) return nullptr;
  return found->second.id == id ? &found->second : nullptr;  // a new id is a reason to try
}

void StsLookup::note_failure(const DomainName& domain, const std::string& id, const StsOutcome& outcome) {
  const SteadyTime now = loop_.now();
  if (failures_.size() >= options_.failures)
    absl::erase_if(failures_, [&](const auto& each) { return each.second.until <= now; });
  if (failures_.size() >= options_.failures && !failures_.contains(domain)) return;
  failures_[domain] =
      Failure{id, outcome.fault, outcome.failure, transport::later(now, options_.failure_time)};
}

}  // namespace postrider::resolver
