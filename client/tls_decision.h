// How a connection to one host of a domain has to be secured: the route's wish, raised by what the domain and
// the host publish. A pure decision, and never a downgrade.
//
//   const TlsDecision decision = decide_tls(inputs);
//   if (decision.verdict == TlsVerdict::connect) … decision.use, decision.target
//
// Who raises what:
//   DANE        RFC 7672: usable TLSA records, where MX and address answers are secure too -> by those
//   records;
//               secure records of which none is usable -> TLS, by whatever certificate
//   MTA-STS     RFC 8461: an `enforce` policy that lists the host -> PKIX with the host's name; one that does
//               not -> skip the host, even when DANE would vouch for it
//   REQUIRETLS  RFC 8689: TLS with a verified name, of a host that DNSSEC or MTA-STS vouch for
// DANE comes before MTA-STS where both apply (RFC 8461 2). They raise `none` as well.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "postrider/client/config.h"
#include "postrider/resolver/answer.h"
#include "postrider/resolver/domain_name.h"
#include "postrider/resolver/mta_sts/sts_policy.h"
#include "postrider/resolver/record.h"

namespace postrider::client {

// What the route asks for at least: `tls` of a [[route]].
enum class TlsLevel : std::uint8_t { none, opportunistic, required, verify };

using resolver::StsMatch;

struct TlsInputs {
  TlsLevel level = TlsLevel::opportunistic;
  bool require_tls = false;  // REQUIRETLS of the message
  std::uint16_t port = 25;
  resolver::DomainName domain;            // the recipients'
  resolver::DomainName domain_canonical;  // where its MX records stand; the root stands for `domain`
  resolver::DomainName host;              // as the MX record names it
  // Of the MX lookup; a smart host named in the configuration counts as secure.
  resolver::Security mx_security = resolver::Security::indeterminate;
  // Of the host's addresses, or of the alias that leads to them: HostAnswers::name_security.
  resolver::Security name_security = resolver::Security::indeterminate;
  // The TLSA answer for the host; nullopt when it was not asked for, because nothing above is secure.
  std::optional<resolver::Answer> tlsa;
  // The name below which `tlsa` was asked for: the "TLSA base domain" of RFC 7672 2.2.3, which is where the
  // host's aliases lead or, when nothing was there, `host`. The root stands for `host`.
  resolver::DomainName tlsa_base;
  StsMatch sts = StsMatch::no_policy;
};

enum class TlsVerdict : std::uint8_t {
  connect,    // with `use` and `target`
  skip_host,  // this host may not be used; another one may
  defer,      // nobody knows whether it may: try the next host or later (bogus TLSA, RFC 7672 2.1.2)
};

// Why a connection is secured as it is: for logs, `mx`, TLSRPT.
enum class TlsReason : std::uint8_t { route, dane, sts, sts_testing, require_tls };

struct TlsDecision {
  TlsVerdict verdict = TlsVerdict::connect;
  TlsUse use = TlsUse::opportunistic;
  transport::TlsTarget target;
  TlsReason reason = TlsReason::route;
  // Without TLS, or when the handshake fails, is clear text all right on a new connection?
  bool clear_allowed = true;
  // For people: "DANE: 2 usable records", "mx.example.org is not listed in the MTA-STS policy".
  std::string text;
};

// Not more TLSA records than this are handed on: matching costs a hash a record and certificate, and a set of
// thousands would be an attack. Nobody publishes more than a dozen.
inline constexpr std::size_t kMostTlsaRecords = 64;

// Whether the TLSA records of a host matter at all, so that they have to be asked for: RFC 7672 2.1, 2.2.
bool dane_possible(resolver::Security mx, resolver::Security name) noexcept;
// "_25._tcp.mx.example.org"; RFC 6698 3.
std::optional<resolver::DomainName> tlsa_name(const resolver::DomainName& host, std::uint16_t port);

TlsDecision decide_tls(const TlsInputs& inputs);

}  // namespace postrider::client
