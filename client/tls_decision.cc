#include "postrider/client/tls_decision.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace postrider::client {
namespace {

using resolver::Answer;
using resolver::DomainName;
using resolver::Security;
using transport::TlsPolicy;

// What the TLSA answer of a host means, RFC 7672 2.2.
struct Dane {
  enum class State : std::uint8_t {
    absent,    // proven absent, or not protected by DNSSEC
    unusable,  // secure records, none of which can decide anything: TLS, but without authentication
    usable,
    unknown,  // there may be records that an attacker hides
  };
  State state = State::absent;
  std::vector<transport::TlsaRecord> records;
  std::string why;
};

Dane unknown(std::string why) {
  Dane dane;
  dane.state = Dane::State::unknown;
  dane.why = std::move(why);
  return dane;
}

// RFC 7672 2.2: of secure records, those that SMTP has a use for (3.1.3: not PKIX-TA, not PKIX-EE).
Dane judge_records(const Answer& tlsa) {
  Dane dane;
  dane.state = Dane::State::unusable;
  for (resolver::TlsaData& data : resolver::tlsa_records(tlsa.records)) {
    transport::TlsaRecord record;
    record.usage = data.usage;
    record.selector = data.selector;
    record.matching = data.matching;
    record.data = std::move(data.data);
    if (!record.usable() || dane.records.size() == kMostTlsaRecords) continue;
    dane.records.push_back(std::move(record));
  }
  if (!dane.records.empty()) dane.state = Dane::State::usable;
  return dane;
}

Dane judge_dane(const TlsInputs& in) {
  // RFC 7672 2.1.1: what is bogus is not used, for whatever it says.
  if (in.mx_security == Security::bogus) return unknown("the MX records are bogus");
  if (in.name_security == Security::bogus) return unknown("the addresses are bogus");
  if (!dane_possible(in.mx_security, in.name_security)) return {};
  if (!in.tlsa) return unknown("the TLSA records were not asked for");
  const Answer& tlsa = *in.tlsa;
  if (tlsa.security == Security::bogus) return unknown("the TLSA records are bogus");
  // RFC 7672 2.1.2: an attacker who can drop the answer must not turn DANE off by it.
  if (tlsa.outcome == Answer::Outcome::failed) {
    return unknown("the TLSA records cannot be looked up: " +
                   (tlsa.failure.empty() ? std::string(to_string(tlsa.fault)) : tlsa.failure));
  }
  // Insecure or indeterminate, or proven to be absent: no DANE here, RFC 7672 2.2.
  if (tlsa.security != Security::secure || !tlsa.found()) return {};
  return judge_records(tlsa);
}

// The decision as if the route alone counted.
TlsDecision by_route(const TlsInputs& in) {
  TlsDecision decision;
  decision.target.name = in.host.text();
  decision.target.port = in.port;
  switch (in.level) {
    case TlsLevel::none:
      decision.use = TlsUse::none;
      decision.target.policy = TlsPolicy::none;
      decision.text = "no TLS wanted by the route";
      break;
    case TlsLevel::opportunistic:
      decision.use = TlsUse::opportunistic;
      decision.target.policy = TlsPolicy::opportunistic;
      decision.text = "TLS where it is offered";
      break;
    case TlsLevel::required:
      decision.use = TlsUse::required;
      decision.target.policy = TlsPolicy::opportunistic;
      decision.text = "TLS demanded by the route";
      break;
    case TlsLevel::verify:
      decision.use = TlsUse::required;
      decision.target.policy = TlsPolicy::pkix;
      decision.text = "TLS with a verified certificate demanded by the route";
      break;
  }
  decision.clear_allowed = decision.use != TlsUse::required;
  return decision;
}

void raise(TlsDecision& decision, TlsPolicy policy, TlsReason reason, std::string text) {
  decision.use = TlsUse::required;
  decision.clear_allowed = false;
  decision.target.policy = std::max(decision.target.policy, policy);
  decision.reason = reason;
  decision.text = std::move(text);
}

TlsDecision without_connection(TlsDecision decision, TlsVerdict verdict, TlsReason reason, std::string text) {
  decision.verdict = verdict;
  // Should somebody connect all the same, then not in clear.
  raise(decision, TlsPolicy::pkix, reason, std::move(text));
  return decision;
}

void add_name(transport::TlsTarget& target, const DomainName& name) {
  if (name.is_root()) return;
  std::string text = name.text();
  if (text == target.name || std::ranges::find(target.also, text) != target.also.end()) return;
  target.also.push_back(std::move(text));
}

// "1 usable TLSA record", "3 usable TLSA records".
std::string counted(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " usable TLSA record" : " usable TLSA records");
}

void raise_by_dane(TlsDecision& decision, const TlsInputs& in, Dane dane) {
  if (dane.state == Dane::State::unusable) {
    raise(decision, TlsPolicy::opportunistic, TlsReason::dane,
          "DANE: no TLSA record is usable: TLS without authentication");  // RFC 7672 2.2
    return;
  }
  if (dane.state != Dane::State::usable) return;
  raise(decision, TlsPolicy::dane, TlsReason::dane, "DANE: " + counted(dane.records.size()));
  decision.target.tlsa = std::move(dane.records);
  // The server name is the TLSA base domain, RFC 7672 8.1; with DANE-TA a certificate for the next-hop domain
  // will do as well, and for the name that it is an alias of, RFC 7672 3.2.2. All come from secure answers.
  if (!in.tlsa_base.is_root()) decision.target.name = in.tlsa_base.text();
  add_name(decision.target, in.host);
  add_name(decision.target, in.domain);
  add_name(decision.target, in.domain_canonical);
}

void raise_by_sts(TlsDecision& decision, const TlsInputs& in) {
  const std::string host = in.host.text();
  switch (in.sts) {
    case StsMatch::no_policy:
    case StsMatch::enforce_unlisted: return;
    case StsMatch::enforce_listed:  // RFC 8461 4.2
      if (decision.target.policy == TlsPolicy::dane) return;
      raise(decision, TlsPolicy::pkix, TlsReason::sts, "MTA-STS: " + host + " is listed, mode enforce");
      return;
    case StsMatch::testing_listed:
    case StsMatch::testing_unlisted:  // RFC 8461 5: as without a policy
      if (decision.reason != TlsReason::route) return;
      decision.reason = TlsReason::sts_testing;
      decision.text = "MTA-STS: " + host +
                      (in.sts == StsMatch::testing_listed ? " is listed, mode testing; "
                                                          : " is not listed, mode testing; ") +
                      decision.text;
      return;
  }
}

// RFC 8689 4.2.1: the host has to come from where nobody can forge it. A policy in mode testing was fetched
// as safely as one in mode enforce.
bool is_vouched_for(const TlsInputs& in) {
  return in.mx_security == Security::secure || in.sts == StsMatch::enforce_listed ||
         in.sts == StsMatch::testing_listed;
}

}  // namespace

bool dane_possible(Security mx, Security name) noexcept {
  return mx == Security::secure && name == Security::secure;
}

std::optional<DomainName> tlsa_name(const DomainName& host, std::uint16_t port) {
  const auto below = host.below("_tcp");
  if (!below) return std::nullopt;
  return below->below("_" + std::to_string(port));
}

TlsDecision decide_tls(const TlsInputs& inputs) {
  TlsDecision decision = by_route(inputs);
  // First what forbids a connection, so that nothing that vouches for the host can bring it back.
  if (inputs.sts == StsMatch::enforce_unlisted) {  // RFC 8461 5
    return without_connection(std::move(decision), TlsVerdict::skip_host, TlsReason::sts,
                              inputs.host.text() + " is not listed in the MTA-STS policy, mode enforce");
  }
  Dane dane = judge_dane(inputs);
  if (dane.state == Dane::State::unknown) {
    return without_connection(std::move(decision), TlsVerdict::defer, TlsReason::dane, "DANE: " + dane.why);
  }
  if (inputs.require_tls && !is_vouched_for(inputs)) {
    return without_connection(std::move(decision), TlsVerdict::skip_host, TlsReason::require_tls,
                              "REQUIRETLS: neither DNSSEC nor MTA-STS vouch for " + inputs.host.text());
  }
  raise_by_dane(decision, inputs, std::move(dane));
  raise_by_sts(decision, inputs);
  if (inputs.require_tls && decision.target.policy < TlsPolicy::pkix) {
    raise(decision, TlsPolicy::pkix, TlsReason::require_tls, "REQUIRETLS: TLS with a verified certificate");
  }
  return decision;
}

}  // namespace postrider::client
