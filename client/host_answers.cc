#include "postrider/client/host_answers.h"

#include <memory>
#include <utility>

#include "postrider/client/tls_decision.h"
#include "postrider/resolver/weaker_security.h"
#include "postrider/transport/signal.h"

namespace postrider::client {
namespace {

using resolver::Answer;
using resolver::DomainName;
using resolver::Families;
using resolver::Question;
using resolver::RecordType;
using resolver::Security;

// Two lookups under way, and whoever waits for both. Outlives a waiter that was cancelled.
struct Both {
  explicit Both(transport::Loop& loop) : ended(loop) {}

  Answer ipv4;
  Answer ipv6;
  int open = 0;
  transport::Signal ended;
};

Task<void> look_up_one(resolver::Resolver& resolver, Question question, transport::SteadyTime deadline,
                       std::shared_ptr<Both> both) {
  Answer answer = co_await resolver.lookup(question, deadline);
  (question.type == RecordType::a ? both->ipv4 : both->ipv6) = std::move(answer);
  if (--both->open == 0) both->ended.notify();
}

Answer not_wanted(const DomainName& host) {
  Answer answer;
  answer.outcome = Answer::Outcome::no_data;
  answer.security = Security::secure;  // does not weaken the other family's
  answer.canonical = host;
  return answer;
}

bool has_failed(const Answer& answer) noexcept { return answer.outcome == Answer::Outcome::failed; }

// RFC 7672 2.2.2: the addresses of an alias may be in a zone that is not signed, while the alias is in one
// that is. Whoever can make this lookup fail would take DANE away, so the failure stands for the TLSA
// records'.
Task<void> look_at_alias(resolver::Resolver& resolver, const HostQuestion& question, HostAnswers& host) {
  Question asked(question.host, RecordType::cname);
  Answer alias = co_await resolver.lookup(asked, question.deadline);
  if (has_failed(alias)) {
    host.name_security = Security::secure;
    host.tlsa_base = question.host;
    host.tlsa = std::move(alias);
  } else if (alias.found()) {
    host.name_security = alias.security;
  }
}

// RFC 7672 2.2.2: the end of a secure chain of aliases first, then the name that the MX record has.
Task<void> look_up_tlsa(resolver::Resolver& resolver, const HostQuestion& question, HostAnswers& host) {
  std::vector<DomainName> bases;
  if (host.security == Security::secure) bases.push_back(host.canonical);
  if (bases.empty() || host.canonical != question.host) bases.push_back(question.host);
  for (const DomainName& base : bases) {
    const auto name = tlsa_name(base, question.port);
    if (!name) continue;
    Question asked(*name, RecordType::tlsa);
    Answer answer = co_await resolver.lookup(asked, question.deadline);
    const bool decides = has_failed(answer) || (answer.found() && answer.security == Security::secure);
    host.tlsa = std::move(answer);
    host.tlsa_base = base;
    if (decides) break;
  }
}

Task<void> look_up_dane(resolver::Resolver& resolver, const HostQuestion& question, HostAnswers& host) {
  const bool leads_out = host.canonical != question.host && host.security == Security::insecure;
  if (leads_out) co_await look_at_alias(resolver, question, host);
  const bool wanted = dane_possible(question.way, host.name_security) && !host.tlsa;
  if (wanted) co_await look_up_tlsa(resolver, question, host);
}

}  // namespace

bool HostAnswers::failed() const noexcept { return has_failed(ipv4) || has_failed(ipv6); }

std::string HostAnswers::why_none(const DomainName& host) const {
  if (has_failed(ipv4)) return ipv4.failure;
  if (has_failed(ipv6)) return ipv6.failure;
  return host.text() + " has no address";
}

Task<HostAnswers> look_up_host(transport::Loop& loop, resolver::Resolver& resolver, HostQuestion question) {
  const auto both = std::make_shared<Both>(loop);
  both->ipv4 = both->ipv6 = not_wanted(question.host);
  std::vector<RecordType> wanted;
  if (question.families != Families::ipv6) wanted.push_back(RecordType::a);
  if (question.families != Families::ipv4) wanted.push_back(RecordType::aaaa);
  both->open = static_cast<int>(wanted.size());
  for (const RecordType type : wanted) {
    Question one(question.host, type);
    loop.spawn(look_up_one(resolver, std::move(one), question.deadline, both));
  }
  // Each lookup ends by the deadline, so this does.
  if (both->open != 0) co_await both->ended.wait();
  HostAnswers host;
  host.ipv4 = both->ipv4;
  host.ipv6 = both->ipv6;
  host.canonical = host.ipv4.found() ? host.ipv4.canonical : host.ipv6.canonical;
  if (!host.ipv4.found() && !host.ipv6.found()) host.canonical = question.host;
  // A lookup that failed says nothing: whoever can make one fail would else take DANE away.
  if (has_failed(host.ipv4) || has_failed(host.ipv6)) {
    host.security = has_failed(host.ipv4) ? host.ipv6.security : host.ipv4.security;
  } else {
    host.security = weaker(host.ipv4.security, host.ipv6.security);
  }
  host.addresses = resolver::interleave(resolver::addresses(host.ipv4.records),
                                        resolver::addresses(host.ipv6.records), question.families);
  host.name_security = host.security;
  if (!host.addresses.empty() && question.way == Security::secure) {
    co_await look_up_dane(resolver, question, host);
  }
  co_return host;
}

}  // namespace postrider::client
