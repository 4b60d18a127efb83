// Who wants to know how TLS with the hosts of a domain worked out.
#pragma once

#include <string_view>

#include "postrider/client/mx_report.h"

namespace postrider::agent {

class TlsObserver {
 public:
  virtual ~TlsObserver() = default;
  // One attempt at a host of `domain`, which is in the form that DNS is asked for. Called on the loop of the
  // deliveries, for attempts that say nothing about TLS too.
  virtual void attempted(std::string_view domain, const client::MxAttempt& attempt) = 0;
};

}  // namespace postrider::agent
