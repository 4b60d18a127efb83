#include "postrider/client/host_delivery.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "postrider/client/host_answers.h"
#include "postrider/client/transfer.h"
#include "postrider/transport/unless_stopped.h"

namespace postrider::client {

using protocol::Decision;
using protocol::EnhancedDetail;
using protocol::Reply;
using protocol::Stage;
using transport::Endpoint;
using transport::error_code;
using transport::SteadyTime;
namespace error = transport::error;

namespace {

// RFC 3463 3.5, 3.6 and 3.8.
constexpr EnhancedDetail kNoAnswer{4, 1};
constexpr EnhancedDetail kBadConnection{4, 2};
constexpr EnhancedDetail kDirectoryFailure{4, 3};
constexpr EnhancedDetail kUnableToRoute{4, 4};
constexpr EnhancedDetail kExpired{4, 7};
constexpr EnhancedDetail kNoSecurity{7, 5};
constexpr EnhancedDetail kEncryptionNeeded{7, 10};  // RFC 8689 4.2.1

// How often one host gets a connection more for recipients that it put off to another transaction: who has
// LIMITS of one recipient a connection takes twenty, and the rest later.
constexpr int kMostRepeats = 20;

Endpoint endpoint_of(const resolver::Address& address, std::uint16_t port) {
  if (address.family == resolver::Address::Family::ipv6) return Endpoint::ipv6(address.octets, port);
  return Endpoint::ipv4({address.octets[0], address.octets[1], address.octets[2], address.octets[3]}, port);
}

Reply temporary(EnhancedDetail status, std::string_view why) {
  return Reply(protocol::code::local_error, status, why);
}

// A connection of the pool that turned out dead although it was asked, or was not asked: nothing was refused,
// and nothing of the message was sent.
bool was_stale(const DeliveryReport& report) noexcept {
  if (!report.failure || report.failure->message_fault || report.failure->may_have_been_delivered)
    return false;
  if (report.failure->error == error::operation_aborted) return false;
  return report.failure->phase == Phase::reset || report.failure->phase == Phase::mail;
}

}  // namespace

// ---- One delivery ----

MxState::MxState(transport::Loop& in, transport::Network& over, resolver::Resolver& by, const MxOptions& with,
                 const Envelope& to, MessageSource& what, std::stop_token until)
    : loop(in),
      network(over),
      resolver(by),
      options(with),
      envelope(to),
      message(what),
      stop(std::move(until)),
      deadline(transport::later(in.now(), with.total)),
      pending(to.recipients().size()),
      may_improve(to.recipients().size()) {
  report.recipients.resize(pending.size());
  std::iota(pending.begin(), pending.end(), std::size_t{0});
  for (MxRecipient& each : report.recipients) {
    each.local = true;
    each.reply = temporary(kNoAnswer, "no host was tried");
    each.text = each.reply.text();
  }
}

void MxState::say(const MxAttempt& attempt, const Reply& reply, bool temporary) {
  for (const std::size_t index : pending) {
    MxRecipient& recipient = report.recipients[index];
    recipient = MxRecipient();
    recipient.decision = temporary ? Decision::try_next_host : Decision::fail_recipient;
    recipient.reached = attempt.reached;
    recipient.reply = reply;
    recipient.local = true;
    recipient.host = attempt.host;
    recipient.endpoint = attempt.endpoint;
    recipient.tls = attempt.tls;
    recipient.text = attempt.why;
    if (temporary) may_improve[index] = true;
  }
  report.attempts.push_back(attempt);
}

void MxState::finish() {
  for (const std::size_t index : pending) {
    MxRecipient& recipient = report.recipients[index];
    const bool for_good = recipient.reply.code().permanent() && !may_improve[index] && !halted() && !late();
    if (for_good) {
      recipient.decision = recipient.local ? Decision::fail_recipient : Decision::fail_message;
      continue;
    }
    recipient.decision = Decision::retry_later;
    if (!halted() && !late()) continue;
    recipient.text.append(halted() ? "; cancelled" : "; no time is left for this attempt");
    if (recipient.local) recipient.reply = temporary(kExpired, recipient.text);
  }
  pending.clear();
}

// ---- Before the connection ----

Task<void> HostDelivery::run() {
  const bool found = co_await look_up();
  if (!found) co_return;
  if (state_.over()) co_return;
  const bool decided = decide();
  if (!decided) co_return;
  use_ = decision_.use;
  ConnectionPool::Reuse reuse = ConnectionPool::Reuse::allowed;
  for (;;) {
    const Next next = co_await attempt(reuse);
    if (next == Next::host || state_.over()) break;
    if (next == Next::clear) use_ = TlsUse::none;
    if (next == Next::again) reuse = ConnectionPool::Reuse::fresh;
  }
  state_.pending.insert(state_.pending.end(), for_next_.begin(), for_next_.end());
  std::ranges::sort(state_.pending);
}

Task<bool> HostDelivery::look_up() {
  const SteadyTime by = std::min(transport::later(state_.loop.now(), state_.options.lookup), state_.deadline);
  inputs_.level = target_.level;
  inputs_.require_tls = demands_tls(state_.envelope);
  inputs_.port = target_.port;
  inputs_.domain = target_.domain;
  inputs_.domain_canonical = target_.canonical;
  inputs_.host = target_.host;
  inputs_.mx_security = target_.way;
  if (!target_.addresses.empty()) {
    addresses_ = target_.addresses;
    co_return true;
  }
  HostQuestion question(target_.host, by);
  question.port = target_.port;
  question.way = target_.way;
  question.families = state_.options.families;
  Task<HostAnswers> asking = look_up_host(state_.loop, state_.resolver, std::move(question));
  std::optional<HostAnswers> found =
      co_await transport::unless_stopped(state_.loop, std::move(asking), state_.before_session());
  if (!found) co_return false;
  HostAnswers answers = *std::move(found);
  if (answers.addresses.empty()) {
    MxAttempt attempt = new_attempt(MxStage::lookup);
    attempt.decision.reset();
    attempt.why = answers.why_none(target_.host);
    const bool later = answers.failed();
    // RFC 3463 3.5: a host without an address cannot be routed to.
    const Reply reply = later ? temporary(kDirectoryFailure, attempt.why)
                              : Reply(protocol::code::mailbox_unavailable, kUnableToRoute, attempt.why);
    state_.say(attempt, reply, later);
    co_return false;
  }
  for (const resolver::Address& each : answers.addresses) {
    addresses_.push_back(endpoint_of(each, target_.port));
  }
  inputs_.name_security = answers.name_security;
  inputs_.tlsa = std::move(answers.tlsa);
  inputs_.tlsa_base = answers.tlsa_base;
  if (state_.options.sts == nullptr || !target_.sts_domain) co_return true;
  const bool known = co_await look_up_policy(by);
  co_return known;
}

// What MTA-STS says of the host. False: stopped.
Task<bool> HostDelivery::look_up_policy(SteadyTime by) {
  Task<StsVerdict> asking = state_.options.sts->match(*target_.sts_domain, target_.host, by);
  std::optional<StsVerdict> verdict =
      co_await transport::unless_stopped(state_.loop, std::move(asking), state_.before_session());
  if (!verdict) co_return false;
  sts_ = *std::move(verdict);
  inputs_.sts = sts_.match;
  if (!sts_.tells()) co_return true;
  // RFC 8461 3.3: whoever runs this should hear of it; once for all hosts.
  std::string note = "MTA-STS: " + sts_.failure;
  std::vector<std::string>& notes = state_.report.notes;
  if (std::ranges::find(notes, note) == notes.end()) notes.push_back(std::move(note));
  co_return true;
}

// Whether the host may be connected to.
bool HostDelivery::decide() {
  decision_ = state_.options.decide(inputs_);
  // A certificate may be for an address.
  if (target_.host.is_root()) decision_.target.name = target_.name;
  const bool wants_tls = decision_.use != TlsUse::none || target_.implicit_tls;
  std::string why;
  if (decision_.verdict != TlsVerdict::connect) {
    why = decision_.text;
  } else if (target_.implicit_tls) {
    decision_.use = TlsUse::implicit;
    decision_.clear_allowed = false;
  }
  if (why.empty() && wants_tls && state_.options.client.tls.context == nullptr) {
    if (decision_.clear_allowed) {
      decision_.use = TlsUse::none;
    } else {
      why = "TLS is needed, and this client has none";
    }
  }
  if (why.empty()) return true;
  MxAttempt attempt = new_attempt(MxStage::policy);
  attempt.policy_type = policy_type(decision_);
  if (decision_.verdict != TlsVerdict::connect) {
    attempt.tls_result = tls_failure_type(Failure(), decision_);
    attempt.tls_reason = why;
  }
  // RFC 8689 4.2.1: what cannot be had for a message that requires it is told at once.
  const bool required = inputs_.require_tls && decision_.reason == TlsReason::require_tls;
  if (required) {
    attempt.why = std::move(why);
    state_.say(
        attempt,
        Reply(protocol::code::mailbox_unavailable, kEncryptionNeeded, attempt.host + ": " + attempt.why),
        false);
  } else {
    fail_before_session(std::move(attempt), kNoSecurity, std::move(why));
  }
  return false;
}

MxAttempt HostDelivery::new_attempt(MxStage reached) const {
  MxAttempt attempt;
  attempt.host = target_.name;
  attempt.port = target_.port;
  attempt.reached = reached;
  attempt.decision = decision_;
  attempt.use = use_;
  if (sts_.tells()) {
    attempt.sts_fault = tls_failure_type(sts_);
    attempt.sts_failure = sts_.failure;
  }
  return attempt;
}

void HostDelivery::fail_before_session(MxAttempt attempt, EnhancedDetail status, std::string why) {
  attempt.why = std::move(why);
  state_.say(attempt, temporary(status, attempt.host + ": " + attempt.why), true);
}

ClientConfig HostDelivery::config() const {
  ClientConfig config = state_.options.client;
  config.tls.use = use_;
  config.tls.target = decision_.target;
  config.source.reset();
  config.login = target_.login;
  return config;
}

// ---- The connection ----

Task<HostDelivery::Next> HostDelivery::attempt(ConnectionPool::Reuse reuse) {
  MxAttempt attempt = new_attempt(MxStage::seat);
  const bool connected = co_await get_connection(reuse, attempt);
  if (!connected) co_return Next::host;
  if (!attempt.reused) {
    Client& client = *client_;
    client.expires_at(state_.deadline);
    const std::stop_callback on_stop(state_.stop, [&client] { client.cancel(); });
    const Outcome<void> started = co_await client.start(std::move(stream_));
    if (!started) {
      const Next next = on_failed_start(std::move(attempt), started.error());
      co_await leave(false);
      co_return next;
    }
  }
  attempt.tls = TlsSummary::of(client_->tls());
  const Next next = co_await send(attempt);
  co_return next;
}

Task<bool> HostDelivery::get_connection(ConnectionPool::Reuse reuse, MxAttempt& attempt) {
  if (state_.options.pool != nullptr) {
    PoolKey key = pool_key(target_.name, target_.port, config());
    for (const auto& source : {state_.options.source_ipv4, state_.options.source_ipv6}) {
      key.way.append("|").append(source ? source->to_string() : "");
    }
    auto taken = co_await state_.options.pool->take(std::move(key), state_.deadline, state_.before_session(),
                                                    reuse, patience_);
    if (!taken) {
      full_ = taken.error() == error::timed_out && for_next_.empty();
      fail_before_session(std::move(attempt), protocol::status::congestion,
                          "no connection was free: " + taken.error().message());
      co_return false;
    }
    seat_ = std::move(*taken);
    client_ = seat_.client();
    if (client_ != nullptr) {
      attempt.reused = true;
      attempt.reached = MxStage::session;
      attempt.endpoint = seat_.endpoint();
      co_return true;
    }
  }
  const bool connected = co_await connect(attempt);
  if (!connected) co_await leave(false);
  co_return connected;
}

Task<bool> HostDelivery::connect(MxAttempt& attempt) {
  attempt.reached = MxStage::connect;
  ConnectAnyOptions options;
  options.delay = state_.options.attempt_delay;
  options.each = state_.options.client.timeouts.connect;
  options.deadline = state_.deadline;
  options.source_ipv4 = state_.options.source_ipv4;
  options.source_ipv6 = state_.options.source_ipv6;
  options.stop = state_.before_session();
  ConnectResult result = co_await connect_any(state_.loop, state_.network, addresses_, options);
  attempt.unreachable = result.failed;
  if (state_.halted()) result.stream.reset();
  if (!result.stream) {
    fail_before_session(std::move(attempt), kNoAnswer, "no connection: " + result.text());
    co_return false;
  }
  attempt.endpoint = result.to;
  attempt.reached = MxStage::session;
  stream_ = std::move(result.stream);
  auto client = std::make_unique<Client>(state_.loop, config());
  if (state_.options.pool != nullptr) {
    client_ = &seat_.adopt(std::move(client), result.to);
  } else {
    own_ = std::move(client);
    client_ = own_.get();
  }
  co_return true;
}

// Parts with the connection. Where there is no pool it parts with the server as well.
Task<void> HostDelivery::leave(bool usable) {
  client_ = nullptr;
  if (state_.options.pool != nullptr) {
    usable ? seat_.give_back() : seat_.dismiss();
    seat_ = ConnectionPool::Seat();
  } else if (own_) {
    co_await own_->quit();
    own_.reset();
  }
}

// The server was reached, and there is no session.
HostDelivery::Next HostDelivery::on_failed_start(MxAttempt attempt, const Failure& failure) {
  attempt.phase = failure.phase;
  attempt.reply = failure.reply;
  attempt.why = failure.text();
  attempt.tls = TlsSummary::of(client_->tls());
  const bool in_tls = failure.phase == Phase::start_tls;
  if (in_tls) {
    attempt.policy_type = policy_type(decision_);
    attempt.tls_result = tls_failure_type(failure, decision_);
    attempt.tls_reason = attempt.why;
  }
  const bool cancelled = failure.error == error::operation_aborted || state_.over();
  if (in_tls && use_ == TlsUse::opportunistic && decision_.clear_allowed && !cancelled) {
    state_.report.attempts.push_back(std::move(attempt));
    return Next::clear;
  }
  Decision decision = failure.decision();
  // HELO for EHLO and other mechanisms were tried, clear text may not be: another host then.
  if (decision == Decision::retry_same_host || in_tls) decision = Decision::try_next_host;
  const bool refused = failure.reply && !failure.reply->code().positive();
  // That the policy cannot be met, or the account not be used, says nothing against the message.
  const bool for_good =
      refused && failure.reply->code().permanent() && !in_tls && failure.phase != Phase::authentication;
  // RFC 8689 4.2.1: no TLS where a message requires it is told at once. A handshake that failed may succeed
  // the next time.
  const bool required = in_tls && inputs_.require_tls && (failure.reply || !failure.error);
  const EnhancedDetail status = in_tls ? kNoSecurity : kBadConnection;
  const Reply own = required ? Reply(protocol::code::mailbox_unavailable, kEncryptionNeeded, attempt.why)
                             : temporary(status, attempt.why);
  state_.say(attempt, refused && !required ? *failure.reply : own, !for_good && !required);
  for (const std::size_t index : state_.pending) {
    MxRecipient& recipient = state_.report.recipients[index];
    recipient.decision = decision;
    recipient.stage = stage_of(failure.phase);
    recipient.local = !refused || required;
  }
  if (decision != Decision::try_next_host) state_.pending.clear();
  return Next::host;
}

// ---- The message ----

Task<HostDelivery::Next> HostDelivery::send(MxAttempt& attempt) {
  if (std::exchange(state_.message_used, true)) {
    const error_code failed = state_.message.rewind();
    if (failed) {
      attempt.why = "the message cannot be read again: " + failed.message();
      state_.say(attempt, temporary(protocol::status::mail_system, attempt.why), true);
      co_await leave(true);
      state_.finish();
      co_return Next::host;
    }
  }
  if (use_ != TlsUse::none) {
    attempt.policy_type = policy_type(decision_);
    attempt.tls_result = tls_failure_type(attempt.tls, decision_, inputs_.sts);
    if (attempt.tls_result != TlsFailureType::none) attempt.tls_reason = attempt.tls.verification;
    if (inputs_.sts == StsMatch::testing_unlisted) attempt.tls_reason = decision_.text;
  }
  Client& client = *client_;
  client.expires_at(state_.deadline);
  DeliveryReport report;
  {
    const std::stop_callback on_stop(state_.stop, [&client] { client.cancel(); });
    report = co_await client.send_to(state_.envelope, state_.pending, state_.message);
  }
  const bool reused = attempt.reused;
  const Next next = on_report(attempt, report, reused);
  const bool usable = next == Next::host && client.usable();
  co_await leave(usable);
  co_return next;
}

HostDelivery::Next HostDelivery::on_report(MxAttempt& attempt, const DeliveryReport& report, bool reused) {
  state_.report.transactions += report.transactions;
  state_.report.left_out = report.left_out;
  const bool stale = reused && was_stale(report);
  std::vector<std::size_t> again;
  std::size_t decided = 0;
  for (const std::size_t index : state_.pending) {
    take(index, report, attempt);
    MxRecipient& recipient = state_.report.recipients[index];
    if (recipient.delivered()) ++attempt.delivered;
    const bool next_host = recipient.decision == Decision::try_next_host;
    if (recipient.decision == Decision::retry_same_host || (next_host && stale)) {
      again.push_back(index);
    } else if (next_host) {
      state_.may_improve[index] = state_.may_improve[index] || !recipient.reply.code().permanent();
      for_next_.push_back(index);
    } else {
      ++decided;
    }
  }
  if (report.failure) {
    attempt.phase = report.failure->phase;
    attempt.reply = report.failure->reply;
    attempt.why = report.failure->text();
  }
  if (!report.failure && !for_next_.empty()) {
    const MxRecipient& first = state_.report.recipients[for_next_.front()];
    attempt.reply = first.reply;
    attempt.why = first.text;
  }
  state_.report.attempts.push_back(attempt);
  state_.pending.clear();
  if (again.empty()) return Next::host;
  if (may_repeat(decided, stale)) {
    state_.pending = std::move(again);
    return Next::again;
  }
  // A way that was tried and leads back to the beginning: another host; for a recipient, later.
  for (const std::size_t index : again) {
    MxRecipient& recipient = state_.report.recipients[index];
    if (recipient.stage == Stage::rcpt && !recipient.local) {
      recipient.decision = Decision::retry_later;
      continue;
    }
    recipient.decision = Decision::try_next_host;
    state_.may_improve[index] = state_.may_improve[index] || !recipient.reply.code().permanent();
    for_next_.push_back(index);
  }
  return Next::host;
}

// Another connection to this host: once in any case, and as long as that helps somebody.
bool HostDelivery::may_repeat(std::size_t decided, bool stale) {
  if (state_.halted() || state_.late()) return false;
  if (stale) return !std::exchange(stale_seen_, true);
  const bool first = repeated_++ == 0;
  return first || (decided != 0 && repeated_ <= kMostRepeats);
}

void HostDelivery::take(std::size_t index, const DeliveryReport& report, const MxAttempt& attempt) {
  const RecipientResult& result = report.recipients[index];
  MxRecipient& recipient = state_.report.recipients[index];
  recipient = MxRecipient();
  recipient.decision = result.decision;
  recipient.reached = MxStage::session;
  recipient.stage = result.stage;
  recipient.local = result.local || !result.reply;
  recipient.host = attempt.host;
  recipient.endpoint = attempt.endpoint;
  recipient.tls = attempt.tls;
  recipient.may_have_been_delivered = result.may_have_been_delivered;
  recipient.text = report.text(index);
  recipient.reply = result.reply ? *result.reply : temporary(kBadConnection, recipient.text);
}

}  // namespace postrider::client
