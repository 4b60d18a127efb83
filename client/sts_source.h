// What MTA-STS says about a host of a domain: the seam behind which policies are fetched and kept (RFC 8461).
#pragma once

#include <string>
#include <utility>

#include "postrider/client/tls_decision.h"
#include "postrider/resolver/domain_name.h"
#include "postrider/resolver/mta_sts/sts_fault.h"
#include "postrider/transport/clock.h"
#include "postrider/transport/task.h"

namespace postrider::client {

struct StsVerdict {
  StsVerdict() = default;
  explicit StsVerdict(StsMatch said) : match(said) {}

  StsMatch match = StsMatch::no_policy;
  // A policy that the domain announces could not be had; `match` is by the one of before, if that still
  // counts.
  resolver::StsFault fault = resolver::StsFault::none;
  bool kept = false;    // it does; as mode none when `match` is no_policy
  std::string failure;  // for people: "https://mta-sts.example.org/…: status 404"

  // RFC 8461 3.3 and 6: whether anybody should hear of the fault. Who gives MTA-STS up leaves a policy of
  // mode none behind, and takes the rest away.
  bool tells() const noexcept {
    return fault != resolver::StsFault::none && !(kept && match == StsMatch::no_policy);
  }
};

class StsSource {
 public:
  virtual ~StsSource() = default;

  // `domain` is the recipient's, also when it is an alias; `host` as the MX record names it. Ends by
  // `deadline`; without a policy in time it is no_policy. Outlives the Task.
  virtual transport::Task<StsVerdict> match(resolver::DomainName domain, resolver::DomainName host,
                                            transport::SteadyTime deadline) = 0;
};

}  // namespace postrider::client
