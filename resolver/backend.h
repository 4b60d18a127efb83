// What carries a question to a name server and the answer back. Backends know no cache, follow no aliases and
// make nothing of an answer: Resolver does.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "postrider/resolver/answer.h"
#include "postrider/resolver/message.h"
#include "postrider/transport/clock.h"
#include "postrider/transport/task.h"

namespace postrider::resolver {

template <class T>
using Task = transport::Task<T>;

// A DNS message as it came, not yet looked at, with what the backend knows of its security.
struct Response {
  Response() = default;
  Response(std::string octets, Security verdict) : message(std::move(octets)), security(verdict) {}

  std::string message;
  Security security = Security::indeterminate;
  std::string why_bogus;  // for people
};

struct LookupFailure {
  LookupFault fault = LookupFault::unreachable;
  std::string text;  // for people, without the question: "no answer from 192.0.2.1:53"
};

using AskResult = std::expected<Response, LookupFailure>;

class Backend {
 public:
  virtual ~Backend() = default;

  // Ends by `deadline`, with timed_out if need be. Any number may be under way at once; the caller bounds it.
  // A server's SERVFAIL or NXDOMAIN is a Response. The backend outlives the Task, and belongs to one loop.
  virtual Task<AskResult> ask(Question question, transport::SteadyTime deadline) = 0;

  // "system", "unbound", "doh", "static"
  virtual std::string_view name() const noexcept = 0;
};

}  // namespace postrider::resolver
