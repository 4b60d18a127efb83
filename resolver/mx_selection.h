// Which hosts take mail for a domain, and in which order to try them: RFC 5321 5.1 and RFC 7505, as a pure
// decision.
//
//   const MxPlan plan = select_mx(domain, answer, own_names, seed);
//   if (plan.verdict == MxVerdict::hosts) for (const MxHost& host : plan.hosts) …
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/resolver/answer.h"
#include "postrider/resolver/mail_domain.h"

namespace postrider::resolver {

struct MxHost {
  std::uint16_t preference = 0;
  DomainName name;
};

enum class MxVerdict : std::uint8_t {
  hosts,      // try `hosts` in order
  literal,    // the domain is an address literal: connect there, no DNS
  permanent,  // no mail for this domain, ever: bounce with `code`, `status` and `text`
  temporary,  // nobody knows now: try later
};

struct MxPlan {
  MxVerdict verdict = MxVerdict::temporary;
  // In order of preference, equals shuffled by the seed. Never empty for `hosts`.
  std::vector<MxHost> hosts;
  // No MX record: the domain itself is its only host ("implicit MX", RFC 5321 5.1), by the name it was asked
  // for; looking up its addresses follows an alias.
  bool implicit = false;
  // Of the MX answer: DANE asks for secure, RFC 7672 2.2.1. For an implicit MX, of the proof that there is
  // none.
  Security security = Security::indeterminate;
  // Where the MX records stand when the domain is an alias, RFC 5321 5.1; else the domain.
  DomainName canonical;
  // For permanent and temporary, as a server would say it: 556 "5.1.10" "… does not accept mail (null MX)".
  std::uint16_t code = 0;
  std::string status;
  std::string text;
  // For people: what of the list was left out, and why. "192.0.2.1 is an address, and no host's name".
  std::vector<std::string> notes;
};

// At most this many hosts are tried for one message; the rest of a list of 300 is of no use within a
// deadline.
inline constexpr std::size_t kMostHosts = 50;

// `mx` answers the question for the domain's MX records. `own_names` are ours: in the list they drop
// themselves and whatever is not preferred to them; when nothing remains, mail would loop: permanent 5.4.6
// (RFC 5321 5.1, RFC 3463 3.5). The same seed gives the same order.
MxPlan select_mx(const MailDomain& domain, const Answer& mx, const std::vector<DomainName>& own_names,
                 std::uint64_t seed);

// A and AAAA answers of one host as a list to connect to: the families alternate, IPv6 first (RFC 8305 4),
// duplicates go, at most kMostAddresses.
inline constexpr std::size_t kMostAddresses = 20;
enum class Families : std::uint8_t { both, ipv4, ipv6 };
std::vector<Address> interleave(const std::vector<Address>& ipv4, const std::vector<Address>& ipv6,
                                Families families);

}  // namespace postrider::resolver
