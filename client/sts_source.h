// What MTA-STS says about a host of a domain: the seam behind which policies are fetched and kept (RFC 8461).
#pragma once

#include "postrider/client/tls_decision.h"
#include "postrider/resolver/domain_name.h"
#include "postrider/transport/clock.h"
#include "postrider/transport/task.h"

namespace postrider::client {

class StsSource {
 public:
  virtual ~StsSource() = default;

  // `domain` is the recipient's, also when it is an alias; `host` as the MX record names it. Ends by
  // `deadline`; without a policy in time it is no_policy. Outlives the Task.
  virtual transport::Task<StsMatch> match(resolver::DomainName domain, resolver::DomainName host,
                                          transport::SteadyTime deadline) = 0;
};

}  // namespace postrider::client
