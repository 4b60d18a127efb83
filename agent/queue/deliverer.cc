#include "postrider/agent/queue/deliverer.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <tuple>
#include <utility>

#include "postrider/agent/queue/attempt_envelope.h"
#include "postrider/agent/queue/converted_message.h"
#include "postrider/agent/queue/spool_message.h"
#include "postrider/agent/serve/arrival.h"
#include "postrider/agent/serve/mail_policy.h"
#include "postrider/agent/serve/trace_header.h"
#include "postrider/client/mx_delivery.h"
#include "postrider/resolver/mail_domain.h"

namespace postrider::agent {
namespace {

using client::MxReport;
using protocol::Decision;
using protocol::Reply;
using queue::Health;
using queue::Verdict;

namespace code = protocol::code;
namespace status = protocol::status;

constexpr std::chrono::minutes kDiskPatience{9};

Verdict verdict(Verdict::Kind kind, Reply reply) {
  Verdict out;
  out.kind = kind;
  out.reply = std::move(reply);
  return out;
}

Verdict no_route() {
  return verdict(Verdict::Kind::failed, Reply(code::mailbox_unavailable, status::not_authorized,
                                              "No route of this server takes the recipient"));
}

// Recipients of an attempt whose route is the same, by their index.
struct Group {
  DeliveryRoutes::Place place;
  std::vector<std::size_t> recipients;
  std::vector<DeliveryRoutes::Place> places;  // of each
};

client::FixedHost fixed_host(const HostPort& server, const RelaySettings& settings, bool implicit_tls) {
  client::FixedHost host(server.host, server.port);
  host.level = settings.tls;
  host.implicit_tls = implicit_tls;
  host.login = settings.login;
  return host;
}

// Those of `recipients` whose host would not even be asked: RFC 3463 3.7, conversion required.
std::vector<std::size_t> to_be_converted(const std::vector<std::size_t>& recipients, const MxReport& report) {
  constexpr protocol::EnhancedDetail kConversionNeeded{6, 3};
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < recipients.size(); ++i) {
    const client::MxRecipient& each = report.recipients[i];
    if (each.local && !each.delivered() && each.reply.status() == kConversionNeeded) {
      out.push_back(recipients[i]);
    }
  }
  return out;
}

// RFC 8689 4.2.2, for "TLS-Required: No": out it goes whatever DANE or MTA-STS say, as reports about TLS have
// to (RFC 8460 3, 5.3.1). What the route itself demands stays: that is the operator's will.
client::TlsDecision decide_without_policies(const client::TlsInputs& inputs) {
  client::TlsInputs plain = inputs;
  plain.sts = client::StsMatch::no_policy;
  plain.mx_security = resolver::Security::indeterminate;
  plain.name_security = resolver::Security::indeterminate;
  plain.tlsa.reset();
  return client::decide_tls(plain);
}

Hop hop_to(const Destination& destination) {
  const bool lmtp =
      std::holds_alternative<ToLmtp>(destination) || std::holds_alternative<ToLmtpSocket>(destination);
  return lmtp ? Hop::store : Hop::relay;
}

std::string host_text(const client::MxRecipient& recipient) {
  const bool socket = recipient.host.starts_with("unix:");  // its own address
  if (recipient.host.empty() || !recipient.endpoint || socket) return recipient.host;
  return recipient.host + "[" + recipient.endpoint->to_string() + "]";
}

}  // namespace

Verdict verdict_of(const client::MxRecipient& recipient, const MxReport& report) {
  Verdict out;
  switch (recipient.decision) {
    case Decision::delivered: out.kind = Verdict::Kind::delivered; break;
    case Decision::fail_recipient:
    case Decision::fail_message: out.kind = Verdict::Kind::failed; break;
    default: out.kind = Verdict::Kind::deferred; break;
  }
  out.reply = recipient.reply;
  out.local = recipient.local;
  out.host = host_text(recipient);
  out.reports_success = !report.left_out.has(protocol::Extension::dsn);
  out.deadline_lost = report.left_out.has(protocol::Extension::deliver_by);
  return out;
}

Health health_of(const MxReport& report) {
  bool reached = false;
  bool overloaded = false;
  for (const client::MxRecipient& each : report.recipients) {
    if (each.delivered()) return Health::reached;
    const bool asked = each.reached == client::MxStage::session && !each.local;
    const bool about_the_host = each.stage < protocol::Stage::rcpt;
    const bool temporary = each.decision == Decision::retry_later;
    if (asked && temporary && (about_the_host || each.reply.code() == code::service_not_available)) {
      overloaded = true;
    } else if (asked || !temporary) {
      reached = true;  // a verdict, of the host or of the DNS
    }
  }
  return reached ? Health::reached : overloaded ? Health::overloaded : Health::unreachable;
}

class Deliverer::Impl {
 public:
  explicit Impl(DelivererParts parts) : parts_(std::move(parts)), pool_(parts_.loop, parts_.pool) {}

  transport::Task<AttemptResult> attempt(Attempt attempt, std::stop_token stop);

  DelivererParts parts_;
  client::ConnectionPool pool_;
  std::stop_source halt_;

 private:
  enum class Way : std::uint8_t { smtp, lmtp };
  enum class Policies : std::uint8_t { heeded, ignored };  // DANE, MTA-STS
  using DeliveryKey = std::tuple<Way, std::uint16_t, client::TlsLevel, Policies>;

  transport::Task<void> deliver(const Group& group, const Attempt& attempt, AttemptResult& result,
                                std::stop_token stop);
  transport::Task<void> send(const Group& group, const Attempt& attempt, AttemptResult& result,
                             std::stop_token stop);
  transport::Task<void> send_converted(const Group& group, std::vector<std::size_t> recipients,
                                       const Attempt& attempt, AttemptResult& result, std::stop_token stop);
  static void note(const Group& group, const std::vector<std::size_t>& recipients, const MxReport& report,
                   AttemptResult& result);
  transport::Task<MxReport> hand_over(const Group& group, const client::Envelope& envelope,
                                      client::MessageSource& message, Policies policies,
                                      std::stop_token stop);
  transport::Task<void> store(const Group& group, const Attempt& attempt, AttemptResult& result);
  transport::Task<bool> copy(queue::Body& body, MaildirStore::Message& message, AttemptResult& result);

  static Policies policies_for(const Attempt& attempt) noexcept {
    return attempt.content.tls_optional ? Policies::ignored : Policies::heeded;
  }
  client::MxDelivery& delivery(Way way, std::uint16_t port, client::TlsLevel level, Policies policies);

  // An attempt's routes stay alive with it.
  std::map<DeliveryKey, client::MxDelivery> deliveries_;
};

transport::Task<AttemptResult> Deliverer::Impl::attempt(Attempt attempt, std::stop_token stop) {
  const std::shared_ptr<const DeliveryRoutes> routes = parts_.routes;
  AttemptResult result(attempt.recipients.size(), no_route());
  result.health = Health::reached;
  std::vector<Group> groups;
  for (std::size_t i = 0; i < attempt.recipients.size(); ++i) {
    auto place = routes->find(attempt.recipients[i]);
    if (!place) continue;
    const auto same =
        std::ranges::find_if(groups, [&](const Group& each) { return each.place.line == place->line; });
    Group& group = same != groups.end() ? *same : groups.emplace_back(*place);
    group.recipients.push_back(i);
    group.places.push_back(*std::move(place));
  }
  for (const Group& group : groups) co_await deliver(group, attempt, result, stop);
  co_return result;
}

transport::Task<void> Deliverer::Impl::deliver(const Group& group, const Attempt& attempt,
                                               AttemptResult& result, std::stop_token stop) {
  const Destination& destination = *group.place.destination;
  if (std::holds_alternative<ToMaildir>(destination)) {
    co_await store(group, attempt, result);
  } else if (is_relay(destination)) {
    co_await send(group, attempt, result, std::move(stop));
  } else if (const auto* reject = std::get_if<Reject>(&destination)) {
    const Reply reply(code::mailbox_unavailable, status::not_authorized, reject->reason);
    for (const std::size_t i : group.recipients) {
      result.verdicts[i] = verdict(Verdict::Kind::failed, reply);
    }
  } else {
    for (const std::size_t i : group.recipients) {
      result.verdicts[i] = verdict(Verdict::Kind::delivered, Reply(code::ok, status::other, "Discarded"));
      result.verdicts[i].final_delivery = true;
    }
  }
}

// ---- To another server ----

transport::Task<void> Deliverer::Impl::send(const Group& group, const Attempt& attempt, AttemptResult& result,
                                            std::stop_token stop) {
  const auto envelope = attempt_envelope(attempt, group.recipients, hop_to(*group.place.destination),
                                         Form::as_it_is, parts_.loop);
  if (!envelope) {
    result.failure.emplace(queue::SpoolFailure::Kind::damaged, "'" + attempt.mail + "' is no MAIL command");
    co_return;
  }
  auto body = parts_.spool.open(attempt.id);
  if (!body) {
    result.failure = body.error();
    co_return;
  }
  SpoolMessage message(*std::move(body), attempt.content);
  const Policies policies = policies_for(attempt);
  const MxReport report = co_await hand_over(group, *envelope, message, policies, stop);
  note(group, group.recipients, report, result);
  const std::vector<std::size_t> unfit = to_be_converted(group.recipients, report);
  if (!unfit.empty()) co_await send_converted(group, unfit, attempt, result, std::move(stop));
}

// Once more to those whose host does not take the content as it is.
transport::Task<void> Deliverer::Impl::send_converted(const Group& group, std::vector<std::size_t> recipients,
                                                      const Attempt& attempt, AttemptResult& result,
                                                      std::stop_token stop) {
  auto body = parts_.spool.open(attempt.id);
  if (!body) {
    result.failure = body.error();
    co_return;
  }
  auto plan = plan_conversion(**body);
  if (!plan) {
    if (const auto* failure = std::get_if<queue::SpoolFailure>(&plan.error())) result.failure = *failure;
    if (const auto* refusal = std::get_if<queue::ConversionRefusal>(&plan.error())) {
      const Reply reply(code::transaction_failed, status_of(*refusal).code,
                        "The next server takes no such content, and it cannot be converted: " +
                            std::string(to_string(*refusal)));
      for (const std::size_t i : recipients) result.verdicts[i] = verdict(Verdict::Kind::failed, reply);
    }
    co_return;
  }
  const auto envelope =
      attempt_envelope(attempt, recipients, hop_to(*group.place.destination), Form::seven_bit, parts_.loop);
  (*body)->rewind();
  ConvertedMessage message(*std::move(body), *std::move(plan));
  const Policies policies = policies_for(attempt);
  const MxReport report = co_await hand_over(group, *envelope, message, policies, std::move(stop));
  note(group, recipients, report, result);
}

// What a report says of `recipients`.
void Deliverer::Impl::note(const Group& group, const std::vector<std::size_t>& recipients,
                           const MxReport& report, AttemptResult& result) {
  for (std::size_t i = 0; i < recipients.size(); ++i) {
    Verdict& out = result.verdicts[recipients[i]];
    out = verdict_of(report.recipients[i], report);
    out.final_delivery = hop_to(*group.place.destination) == Hop::store;
  }
  result.health = health_of(report);
  result.site = report.site;
  result.notes.insert(result.notes.end(), report.notes.begin(), report.notes.end());
  for (const client::MxAttempt& each : report.attempts) {
    if (each.failed()) result.notes.push_back(each.text());
  }
}

transport::Task<MxReport> Deliverer::Impl::hand_over(const Group& group, const client::Envelope& envelope,
                                                     client::MessageSource& message, Policies policies,
                                                     std::stop_token stop) {
  const Destination& destination = *group.place.destination;
  const RelaySettings& settings = *group.place.relay;
  if (const auto* mx = std::get_if<ToMx>(&destination)) {
    const auto domain = resolver::MailDomain::parse(group.place.domain);
    if (domain) {
      client::MxDelivery& by = delivery(Way::smtp, mx->port, settings.tls, policies);
      MxReport report = co_await by.deliver(*domain, envelope, message, stop);
      // RFC 8460 3: the session of a report about TLS is in none itself; what ignores policies tells nothing.
      const bool counts = parts_.observer != nullptr && policies == Policies::heeded && !domain->literal;
      if (!counts) co_return report;
      for (const client::MxAttempt& each : report.attempts) {
        parts_.observer->attempted(domain->name.text(), each);
      }
      co_return report;
    }
    MxReport report;
    report.recipients.resize(envelope.recipients().size());
    for (client::MxRecipient& each : report.recipients) {
      each.decision = Decision::fail_recipient;
      each.local = true;
      each.reply = Reply(code::mailbox_unavailable, status::bad_system,
                         "'" + group.place.domain + "' " + domain.error());
    }
    co_return report;
  }
  Way way = Way::lmtp;
  std::optional<client::FixedHost> host;
  if (const auto* smart_host = std::get_if<ToSmartHost>(&destination)) {
    way = Way::smtp;
    host = fixed_host(smart_host->server, settings, smart_host->implicit_tls);
  } else if (const auto* lmtp = std::get_if<ToLmtp>(&destination)) {
    host = fixed_host(lmtp->server, settings, false);
  } else {
    host.emplace("unix:" + std::get<ToLmtpSocket>(destination).socket.string(), std::uint16_t{0});
    host->level = client::TlsLevel::none;  // it does not leave the machine
  }
  client::MxDelivery& by = delivery(way, host->port, host->level, Policies::heeded);
  MxReport report = co_await by.deliver_to(*host, envelope, message, stop);
  co_return report;
}

client::MxDelivery& Deliverer::Impl::delivery(Way way, std::uint16_t port, client::TlsLevel level,
                                              Policies policies) {
  const DeliveryKey key(way, port, level, policies);
  const auto found = deliveries_.find(key);
  if (found != deliveries_.end()) return found->second;
  client::MxOptions options;
  options.client.hello_name = parts_.routes->hostname;
  options.client.flavor = way == Way::lmtp ? protocol::Flavor::lmtp : protocol::Flavor::smtp;
  options.client.tls.context = parts_.tls;
  options.client.chunking = client::Chunking::always;
  options.port = port;
  options.level = level;
  if (const auto own = resolver::DomainName::parse(parts_.routes->hostname))
    options.own_names.push_back(*own);
  options.seed = parts_.seed;
  options.pool = &pool_;
  options.halt = halt_.get_token();
  if (policies == Policies::heeded) {
    options.sts = parts_.sts;
  } else {
    options.decide = decide_without_policies;
  }
  return deliveries_.try_emplace(key, parts_.loop, parts_.network, parts_.resolver, std::move(options))
      .first->second;
}

// ---- Into Maildirs ----

transport::Task<void> Deliverer::Impl::store(const Group& group, const Attempt& attempt,
                                             AttemptResult& result) {
  std::vector<std::filesystem::path> mailboxes;
  std::vector<std::size_t> recipients;
  for (std::size_t i = 0; i < group.recipients.size(); ++i) {
    const DeliveryRoutes::Place& place = group.places[i];
    auto mailbox = std::get<ToMaildir>(*place.destination).path.expand(place.local, place.domain);
    if (mailbox) {
      mailboxes.push_back(*std::move(mailbox));
      recipients.push_back(group.recipients[i]);
    } else {
      result.verdicts[group.recipients[i]] =
          verdict(Verdict::Kind::failed, Reply(code::mailbox_unavailable, status::bad_mailbox_syntax,
                                               "This address can have no mailbox here"));
    }
  }
  if (mailboxes.empty()) co_return;
  const auto body = parts_.spool.open(attempt.id);
  if (!body) {
    result.failure = body.error();
    co_return;
  }
  MaildirStore::Message message = parts_.mailboxes.begin(return_path_field(queue::address_of(attempt.mail)),
                                                         mailboxes, Recipients::apart);
  const bool copied = co_await copy(**body, message, result);
  if (!copied) co_return;
  auto arrival = std::make_shared<Arrival<std::vector<int>>>(parts_.loop);
  message.commit(announcer(arrival, parts_.loop));
  const transport::SteadyTime until = transport::later(parts_.loop.now(), kDiskPatience);
  const transport::error_code late = co_await arrival->signal.wait(until);
  for (std::size_t i = 0; i < recipients.size(); ++i) {
    const int error = late ? ETIMEDOUT : arrival->value[i];
    Verdict& out = result.verdicts[recipients[i]];
    if (error == 0) {
      out = verdict(Verdict::Kind::delivered, Reply(code::ok, status::other, "Delivered to the mailbox"));
      out.final_delivery = true;
    } else {
      out = verdict(Verdict::Kind::deferred, reply_to_failed_delivery(error));
    }
  }
}

// False: the result says why.
transport::Task<bool> Deliverer::Impl::copy(queue::Body& body, MaildirStore::Message& message,
                                            AttemptResult& result) {
  while (true) {
    const queue::SpoolResult<std::string_view> slice = body.next();
    if (!slice) {
      result.failure = slice.error();
      co_return false;
    }
    if (slice->empty()) co_return true;
    if (!message.append(*slice)) continue;
    auto arrival = std::make_shared<Arrival<int>>(parts_.loop);
    message.spill(announcer(arrival, parts_.loop));
    const transport::SteadyTime until = transport::later(parts_.loop.now(), kDiskPatience);
    const transport::error_code late = co_await arrival->signal.wait(until);
    if (late) {
      result.failure.emplace(queue::SpoolFailure::Kind::io, "the disk of the mailboxes does not answer");
      co_return false;
    }
  }
}

// ---- The front ----

Deliverer::Deliverer(DelivererParts parts) : impl_(std::make_unique<Impl>(std::move(parts))) {}
Deliverer::~Deliverer() = default;

transport::Task<AttemptResult> Deliverer::attempt(Attempt attempt, std::stop_token stop) {
  return impl_->attempt(std::move(attempt), std::move(stop));
}

void Deliverer::use(std::shared_ptr<const DeliveryRoutes> routes) {
  impl_->parts_.routes = std::move(routes);
}

const DeliveryRoutes& Deliverer::routes() const noexcept { return *impl_->parts_.routes; }

const client::PoolCounters& Deliverer::pool_counters() const noexcept { return impl_->pool_.counters(); }

void Deliverer::halt() { impl_->halt_.request_stop(); }

transport::Task<void> Deliverer::close(transport::SteadyTime deadline) {
  return impl_->pool_.close(deadline);
}

}  // namespace postrider::agent
