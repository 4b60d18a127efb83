// What DNS says about one host that may take mail: its addresses, and its TLSA records where they count.
//
//   const HostAnswers host = co_await look_up_host(loop, resolver, asked);
//   if (host.addresses.empty()) …                     // host.failed(): later; else the host has none
//
// A and AAAA are asked for at the same time; TLSA only when the addresses and the MX records before them are
// secure (RFC 7672 2.2). Where the host is a secure alias, its canonical name is asked for TLSA records
// first, then its own; where it is a secure alias of a name that is not secure, its own alone (RFC
// 7672 2.2.2).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "postrider/resolver/mx_selection.h"
#include "postrider/resolver/resolver.h"
#include "postrider/transport/loop.h"
#include "postrider/transport/task.h"

namespace postrider::client {

using transport::Task;

struct HostQuestion {
  HostQuestion() = default;
  HostQuestion(resolver::DomainName name, transport::SteadyTime until)
      : host(std::move(name)), deadline(until) {}

  resolver::DomainName host;
  std::uint16_t port = 25;  // of the TLSA records' name
  // Of the way to the host: the MX records, or the configuration that names it.
  resolver::Security way = resolver::Security::indeterminate;
  resolver::Families families = resolver::Families::both;
  transport::SteadyTime deadline = transport::kNever;
};

struct HostAnswers {
  resolver::Answer ipv4;
  resolver::Answer ipv6;
  std::vector<resolver::Address> addresses;  // in the order in which to try them
  // The weaker one of the two answers; one that failed says nothing.
  resolver::Security security = resolver::Security::indeterminate;
  // As `security`; of the alias, where a secure one leads to addresses that are not. DANE counts this one.
  resolver::Security name_security = resolver::Security::indeterminate;
  resolver::DomainName canonical;        // where aliases led; the host itself when they did not
  std::optional<resolver::Answer> tlsa;  // nullopt: not asked for
  resolver::DomainName tlsa_base;        // the name whose TLSA records these are

  // Whether a later try may find addresses: a lookup failed.
  bool failed() const noexcept;
  // Why there are no addresses, for people: "mx.example.org has no address", "mx.example.org AAAA: …".
  std::string why_none(const resolver::DomainName& host) const;
};

// `loop` and `resolver` outlive every Task of the loop.
Task<HostAnswers> look_up_host(transport::Loop& loop, resolver::Resolver& resolver, HostQuestion question);

}  // namespace postrider::client
