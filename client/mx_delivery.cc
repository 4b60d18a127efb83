#include "postrider/client/mx_delivery.h"

#include <algorithm>
#include <utility>

#include "postrider/client/host_delivery.h"
#include "postrider/client/mx_site.h"
#include "postrider/transport/unless_stopped.h"

namespace postrider::client {

using protocol::Reply;
using resolver::DomainName;
using resolver::MxPlan;
using resolver::MxVerdict;
using resolver::Security;
using transport::Endpoint;

namespace {

Endpoint endpoint_of(const resolver::Address& address, std::uint16_t port) {
  if (address.family == resolver::Address::Family::ipv6) return Endpoint::ipv6(address.octets, port);
  return Endpoint::ipv4({address.octets[0], address.octets[1], address.octets[2], address.octets[3]}, port);
}

// What the plan says as a server would.
Reply reply_of(const MxPlan& plan) {
  const auto code = protocol::ReplyCode::from(plan.code);
  std::string_view status = plan.status;
  const auto detail = protocol::parse_enhanced_status(status);
  const protocol::ReplyCode fallback = plan.verdict == MxVerdict::permanent
                                           ? protocol::code::mailbox_unavailable
                                           : protocol::code::local_error;
  return Reply(code.value_or(fallback),
               detail ? std::optional(detail->code) : std::optional<protocol::EnhancedDetail>(), plan.text);
}

// The hosts of a plan, as they are to be tried.
std::vector<HostTarget> targets_of(const resolver::MailDomain& domain, const MxPlan& plan,
                                   const MxOptions& options) {
  std::vector<HostTarget> targets;
  HostTarget target;
  target.port = options.port;
  target.level = options.level;
  if (plan.verdict == MxVerdict::literal) {
    target.addresses.push_back(endpoint_of(*domain.literal, options.port));
    target.name = target.addresses.front().address_to_string();
    targets.push_back(std::move(target));
    return targets;
  }
  target.way = plan.security;
  target.domain = domain.name;
  target.canonical = plan.canonical;
  target.sts_domain = domain.name;
  for (const resolver::MxHost& host : plan.hosts) {
    target.host = host.name;
    target.name = host.name.text();
    targets.push_back(target);
  }
  return targets;
}

// Host by host, and then once more those to which no connection was free.
Task<void> try_all(MxState& state, const std::vector<HostTarget>& targets) {
  std::vector<const HostTarget*> round;
  for (const HostTarget& each : targets) round.push_back(&each);
  for (transport::Duration patience = state.options.seat; !round.empty(); patience *= 2) {
    std::vector<const HostTarget*> full;
    for (const HostTarget* const target : round) {
      if (state.over()) break;
      HostDelivery host(state, *target, round.size() > 1 ? patience : transport::Duration::max());
      co_await host.run();
      if (host.was_full()) full.push_back(target);
    }
    if (state.over()) break;
    round = std::move(full);
  }
  state.finish();
}

}  // namespace

MxDelivery::MxDelivery(transport::Loop& loop, transport::Network& network, resolver::Resolver& resolver,
                       MxOptions options)
    : loop_(loop), network_(network), resolver_(resolver), options_(std::move(options)) {}

Task<MxReport> MxDelivery::deliver(const resolver::MailDomain& domain, const Envelope& envelope,
                                   MessageSource& message, std::stop_token stop) {
  const std::uint64_t seed = options_.seed + deliveries_++;
  MxState state(loop_, network_, resolver_, options_, envelope, message, std::move(stop));
  resolver::Answer mx;
  if (!domain.literal) {
    const resolver::Question question(domain.name, resolver::RecordType::mx);
    const transport::SteadyTime by = std::min(transport::later(loop_.now(), options_.lookup), state.deadline);
    Task<resolver::Answer> asking = resolver_.lookup(question, by);
    std::optional<resolver::Answer> answer =
        co_await transport::unless_stopped(loop_, std::move(asking), state.before_session());
    if (!answer) {
      state.finish();
      co_return std::move(state.report);
    }
    mx = *std::move(answer);
  }
  MxPlan plan = resolver::select_mx(domain, mx, options_.own_names, seed);
  state.report.notes = plan.notes;
  if (plan.verdict == MxVerdict::permanent || plan.verdict == MxVerdict::temporary) {
    MxAttempt attempt;
    attempt.port = options_.port;
    attempt.why = plan.text;
    state.say(attempt, reply_of(plan), plan.verdict == MxVerdict::temporary);
    state.finish();
    co_return std::move(state.report);
  }
  const std::vector<HostTarget> targets = targets_of(domain, plan, options_);
  co_await try_all(state, targets);
  const bool tells = std::ranges::any_of(state.report.attempts, &MxAttempt::tells_of_the_host);
  if (tells) state.report.site = mx_site(plan, options_.port);
  co_return std::move(state.report);
}

Task<MxReport> MxDelivery::deliver_to(const FixedHost& host, const Envelope& envelope, MessageSource& message,
                                      std::stop_token stop) {
  MxState state(loop_, network_, resolver_, options_, envelope, message, std::move(stop));
  std::vector<HostTarget> targets(1);
  HostTarget& target = targets.front();
  target.name = host.host;
  target.port = host.port;
  target.level = host.level;
  target.implicit_tls = host.implicit_tls;
  target.login = host.login;
  // Whoever wrote the configuration vouches for the name.
  target.way = Security::secure;
  std::optional<Endpoint> address = Endpoint::parse_address(host.host, host.port);
  if (!address && host.host.starts_with("unix:")) address = Endpoint::parse(host.host);
  const std::optional<DomainName> name = DomainName::parse(host.host);
  if (address) {
    target.addresses.push_back(*std::move(address));
  } else if (name && !name->is_root()) {
    target.host = target.domain = target.canonical = *name;
    // RFC 8461 3.4: a smart host's own policy counts; the policies are of SMTP.
    if (options_.client.flavor == protocol::Flavor::smtp) target.sts_domain = *name;
  } else {
    MxAttempt attempt;
    attempt.host = host.host;
    attempt.port = host.port;
    attempt.why = host.host + " is no name of a host";
    const Reply reply(protocol::code::local_error, protocol::EnhancedDetail{3, 5}, attempt.why);
    state.say(attempt, reply, true);
    targets.clear();
  }
  co_await try_all(state, targets);
  co_return std::move(state.report);
}

}  // namespace postrider::client
