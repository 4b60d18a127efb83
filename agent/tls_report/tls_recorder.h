// Counts what deliveries tell about TLS, for the day on which they were made: RFC 8460 4.
//
//   TlsRecorder recorder(loop.clock(), counts, &policies);      // all outlive it
//   deliverer_parts.observer = &recorder;
//
// A connection that is used again is no session of its own (RFC 8460 4.4 counts connections), and an attempt
// that ended before TLS was tried says nothing. An MTA-STS policy that could not be had is a failure of that
// policy, beside what became of the connection (RFC 8461 6; RFC 8460 4 lets counts overlap). On the loop of
// the deliveries.
#pragma once

#include "postrider/agent/tls_report/report_counts.h"
#include "postrider/agent/tls_report/tls_observer.h"
#include "postrider/resolver/mta_sts/sts_store.h"
#include "postrider/transport/clock.h"

namespace postrider::agent {

class TlsRecorder final : public TlsObserver {
 public:
  // `policies` has the text of MTA-STS policies; nullptr: reports go without it.
  TlsRecorder(transport::Clock& clock, ReportCounts& counts, resolver::StsStore* policies) noexcept
      : clock_(clock), counts_(counts), policies_(policies) {}

  void attempted(std::string_view domain, const client::MxAttempt& attempt) override;

 private:
  ReportedPolicy policy_of(std::string_view domain, const client::MxAttempt& attempt,
                           TlsPolicyType type) const;

  transport::Clock& clock_;
  ReportCounts& counts_;
  resolver::StsStore* policies_;
};

}  // namespace postrider::agent
