// What a lookup found: the end of every way, so that nobody above has to know messages, CNAMEs or servers.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/resolver/message.h"
#include "postrider/resolver/record.h"

namespace postrider::resolver {

// What DNSSEC says of an answer, RFC 4033 5. Four values, never folded: a bogus answer is an attack or a
// broken zone and stops DANE, an indeterminate one only means that nobody looked.
enum class Security : std::uint8_t {
  secure,         // signed, and the chain of trust holds
  insecure,       // proven to be unsigned
  bogus,          // signed wrongly; there are no records then
  indeterminate,  // not validated: a resolver that does not, or does not say
};
std::string_view to_string(Security security) noexcept;

// Why there is no answer.
enum class LookupFault : std::uint8_t {
  none,
  timed_out,       // no word before the deadline
  unreachable,     // no server could be asked
  server_failure,  // SERVFAIL and the like: REFUSED, NOTIMP
  bogus,           // DNSSEC says that the answer is forged or broken
  malformed,       // what came was no DNS message, or did not answer the question
  too_many,        // a limit of ours: questions in flight, a chain of CNAMEs, also one that goes in a circle
  cancelled,
};
std::string_view to_string(LookupFault fault) noexcept;

struct Answer {
  enum class Outcome : std::uint8_t {
    found,    // at least one record of the type
    no_data,  // the name exists, records of the type do not
    no_name,  // NXDOMAIN
    failed,   // nobody knows: try later. `fault` and `failure` say why
  };

  Answer() = default;
  static Answer failed(LookupFault fault, std::string text);

  Outcome outcome = Outcome::failed;
  Security security = Security::indeterminate;
  LookupFault fault = LookupFault::none;
  std::string failure;          // for people: "example.org MX: no answer from 192.0.2.1 in 5 s"
  DomainName canonical;         // where CNAMEs led; the name asked for when there were none
  std::chrono::seconds ttl{};   // how long this may be kept: of the shortest record, or of the SOA
  std::vector<Record> records;  // of the type asked for, owned by `canonical`

  bool found() const noexcept { return outcome == Outcome::found; }
};

// What `response` says about `question`: follows the CNAMEs inside it, at most kMaxAliases. A chain that
// leaves the message ends as no_data with `canonical` at its end, so that the caller can ask on; without a
// SOA its ttl is that of the chain. A negative answer without a SOA has a ttl of zero, RFC 2308 5.
//
// A truncated message is malformed here, since half a set of records is none (RFC 2181 9): the backend has
// asked again over TCP before it hands a message on. A referral is a server_failure: whoever answered does no
// recursion.
inline constexpr std::size_t kMaxAliases = 8;
Answer interpret(const Question& question, const Message& response, Security security);

}  // namespace postrider::resolver
