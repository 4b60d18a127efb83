#include "postrider/agent/queue/queue_runner.h"

#include <algorithm>
#include <utility>

#include "postrider/agent/serve/arrival.h"

namespace postrider::agent {
namespace {

using queue::Change;
using queue::Consignment;
using queue::MessageId;
using queue::QueuedMessage;
using queue::SpoolResult;
using queue::Verdict;

// For one answer of the store; a change that was given up may still be made, before the one that repeats it.
constexpr std::chrono::minutes kStorePatience{9};
constexpr std::chrono::seconds kStoreRest{1};  // before an outcome is offered again to a store that failed

queue::SchedulerOptions scheduler_options(const QueueConfig& config, std::uint64_t seed) {
  queue::SchedulerOptions out;
  out.concurrency = config.concurrency_per_destination;
  out.initial_concurrency = std::min(out.initial_concurrency, out.concurrency);
  out.in_flight = config.connections;
  // A destination that is down is not left alone for longer than one message to it would be.
  out.first_rest = std::min<queue::Duration>(out.first_rest, config.retry.front());
  out.longest_rest =
      std::max(out.first_rest, std::min<queue::Duration>(out.longest_rest, config.retry.back()));
  out.per_second = config.rate_per_destination;
  // These are no servers that somebody would have to be gentle to.
  for (const std::string_view each : {kMaildirLine, kExpandedLine, queue::kDeadlineLine}) {
    out.without_rate.emplace_back(each);
  }
  out.seed = seed;
  return out;
}

queue::RetrySchedule retry_schedule(const QueueConfig& config, std::uint64_t seed) {
  queue::RetryOptions out;
  out.waits = config.retry;
  out.expire = config.expire;
  out.warn = config.warn;
  out.seed = seed;
  return queue::RetrySchedule(std::move(out));
}

DelivererParts with_limits(DelivererParts parts, const QueueConfig& config, std::uint64_t seed) {
  parts.pool.per_destination = config.concurrency_per_destination;
  parts.pool.in_all = config.connections;
  parts.seed = seed;
  return parts;
}

Verdict broken(const queue::SpoolFailure& failure) {
  Verdict out;
  out.reply = protocol::Reply(protocol::code::local_error, protocol::status::mail_system,
                              "The queue could not read the message: " + failure.text);
  return out;
}

// What becomes of an alias that has been expanded: its sender is told.
AttemptResult expanded(const Attempt& attempt) {
  Verdict out;
  out.kind = Verdict::Kind::delivered;
  out.reply = protocol::Reply(protocol::code::ok, protocol::status::address_valid, "Passed on to several");
  out.expanded = true;
  AttemptResult result(attempt.recipients.size(), out);
  result.health = queue::Health::reached;
  return result;
}

// A report goes to its one recipient, or to those that aliases put in the place of it.
void address(QueuedMessage& report, const std::vector<DeliveryRoutes::Target>& targets) {
  const queue::QueuedRecipient sender = std::move(report.recipients.front());
  const std::string original(queue::address_of(sender.rcpt));
  report.recipients.clear();
  for (const DeliveryRoutes::Target& each : targets) {
    queue::QueuedRecipient& recipient = report.recipients.emplace_back(sender);
    recipient.destination = each.place.line;
    if (each.address == original) continue;
    recipient.rcpt = "RCPT TO:<" + each.address + ">";
    recipient.original = original;
  }
}

std::string_view event_of(Verdict::Kind kind) {
  switch (kind) {
    case Verdict::Kind::delivered: return "delivered";
    case Verdict::Kind::failed: return "not delivered";
    case Verdict::Kind::deferred: break;
  }
  return "deferred";
}

}  // namespace

struct QueueRunner::OpenMessage {
  explicit OpenMessage(QueuedMessage from) : message(std::move(from)) {}
  QueuedMessage message;
  std::size_t users = 0;           // attempts, and changes that are not durable yet
  std::vector<std::string> tried;  // RCPT commands of the attempts under way

  // What is not durable yet. One change is written at a time, with all that has gathered: of two, the later
  // might succeed where the earlier one failed, and the message be gone before the report about it is there.
  std::vector<Change::Added> reports;
  std::uint64_t wanted = 0;   // counts alterations
  std::uint64_t durable = 0;  // of those
  bool writing = false;
  std::vector<transport::Signal*> waiting;
};

// What an attempt leaves to be made durable.
struct QueueRunner::Outcome {
  std::vector<Consignment> reports;
  std::optional<queue::Time> again;
};

QueueRunner::QueueRunner(RunnerParts parts)
    : loop_(parts.deliverer.loop),
      log_(parts.log),
      spool_(parts.deliverer.spool),
      ids_(spool_.newest()),
      config_(std::move(parts.config)),
      lifetime_(queue::Duration(config_.expire).count()),
      deliverer_(with_limits(std::move(parts.deliverer), config_, parts.seed)),
      scheduler_(spool_, scheduler_options(config_, parts.seed)),
      work_(loop_),
      idle_(loop_),
      seed_(parts.seed),
      schedule_(retry_schedule(config_, seed_)) {}

QueueRunner::~QueueRunner() = default;

void QueueRunner::start() {
  running_ = true;
  loop_.spawn(run());
}

void QueueRunner::use(std::shared_ptr<const DeliveryRoutes> routes, const QueueConfig& config) {
  deliverer_.use(std::move(routes));
  config_ = config;
  lifetime_ = queue::Duration(config.expire).count();
  schedule_ = retry_schedule(config_, seed_);
  scheduler_.wake_up("");  // what could not be reached may be routed elsewhere now
  work_.notify();
}

queue::Duration QueueRunner::lifetime() const { return queue::Duration(lifetime_.load()); }

std::optional<std::string> QueueRunner::line_of(std::string_view address) const {
  const auto place = deliverer_.routes().find("RCPT TO:<" + std::string(address) + ">");
  if (!place || std::holds_alternative<Reject>(*place->destination)) return std::nullopt;
  return place->line;
}

queue::Time QueueRunner::now() const {
  return std::chrono::floor<queue::Duration>(loop_.clock().system_now());
}

// ---- The loop ----

transport::Task<void> QueueRunner::run() {
  while (!stopping_) {
    take_inbox();
    const queue::Time time = now();
    while (std::optional<Consignment> next = scheduler_.next(time)) loop_.spawn(attempt(*std::move(next)));
    if (const auto failure = scheduler_.failure()) {
      log_.write(LogLine(LogLevel::error, "the queue cannot be read").add("reason", failure->text));
    }
    if (const auto damage = spool_.passed_over()) {
      log_.write(LogLine(LogLevel::error, "the queue's store is damaged, and the rest of it goes on")
                     .add("reason", damage->text));
    }
    const queue::Time wake = scheduler_.wake(time);
    if (wake <= time) {
      co_await loop_.yield();
      continue;
    }
    const transport::SteadyTime until =
        wake == queue::kNever ? transport::kNever : transport::later(loop_.now(), wake - time);
    [[maybe_unused]] const transport::error_code woken = co_await work_.wait(until);
  }
  running_ = false;
  idle_.notify();
}

transport::Task<void> QueueRunner::stop(transport::SteadyTime deadline) {
  stopping_ = true;
  work_.notify();
  deliverer_.halt();  // a lookup is not worth waiting for
  while ((attempts_ != 0 || running_) && loop_.now() < deadline && !give_up_.stop_requested()) {
    [[maybe_unused]] const transport::error_code ended = co_await idle_.wait(deadline);
  }
  give_up_.request_stop();
  while (attempts_ != 0 || running_) {
    [[maybe_unused]] const transport::error_code ended = co_await idle_.wait();
  }
  co_await deliverer_.close(transport::later(loop_.now(), std::chrono::seconds(1)));
}

void QueueRunner::give_up() {
  deliverer_.halt();
  give_up_.request_stop();
  idle_.notify();
}

void QueueRunner::accepted(std::vector<Consignment> consignments) {
  const std::lock_guard lock(mutex_);
  const bool first = inbox_.empty();
  std::ranges::move(consignments, std::back_inserter(inbox_));
  if (first) loop_.post([this] { work_.notify(); });
}

void QueueRunner::take_inbox() {
  std::vector<Consignment> arrived;
  {
    const std::lock_guard lock(mutex_);
    arrived.swap(inbox_);
  }
  const queue::Time time = now();
  for (Consignment& each : arrived) scheduler_.offer(std::move(each), time);
}

// ---- One attempt ----

transport::Task<void> QueueRunner::attempt(Consignment consignment) {
  ++attempts_;
  ++counters_.attempts;
  SpoolResult<Opened> opened = open(consignment.id);
  if (opened) {
    const std::string destination = consignment.destination;
    {
      const std::lock_guard lock(mutex_);
      active_[consignment.id.value].push_back(destination);
    }
    co_await carry_out(std::move(consignment), *opened);
    close(*opened, destination);
  } else {
    if (opened.error().kind != queue::SpoolFailure::Kind::missing) {
      LogLine line(LogLevel::error, "a message of the queue cannot be read");
      line.add("id", consignment.id.to_string()).add("reason", opened.error().text);
      log_.write(line);
    }
    scheduler_.finished(consignment, queue::Health::unknown, "", std::nullopt, now());
  }
  --attempts_;
  idle_.notify();
  work_.notify();
}

transport::Task<void> QueueRunner::carry_out(Consignment consignment, Opened open) {
  if (consignment.destination == queue::kDeadlineLine || is_too_late(open->message, now())) {
    co_await keep_deadline(std::move(consignment), open);
    co_return;
  }
  Attempt attempt;
  attempt.id = consignment.id;
  attempt.mail = open->message.mail;
  attempt.content = open->message.content;
  attempt.deliver_by = open->message.deliver_by;
  const queue::Time time = now();
  for (const queue::QueuedRecipient& each : open->message.recipients) {
    if (each.destination == consignment.destination && each.next_attempt <= time) {
      attempt.recipients.push_back(each.rcpt);
    }
  }
  // Altered meanwhile: held, or due at another time.
  if (open->message.held || attempt.recipients.empty()) {
    std::optional<queue::Time> again;
    for (const Consignment& each : consignments_of(open->message)) {
      if (each.destination == consignment.destination) again = each.due;
    }
    scheduler_.finished(consignment, queue::Health::unknown, "", again, time);
    co_return;
  }
  const transport::SteadyTime started = loop_.now();
  const std::stop_token stop = give_up_.get_token();
  open->tried.insert(open->tried.end(), attempt.recipients.begin(), attempt.recipients.end());
  AttemptResult result = expanded(attempt);
  if (consignment.destination != kExpandedLine) {
    result = co_await deliverer_.attempt(attempt, stop);
  }
  if (result.failure) {
    std::ranges::fill(result.verdicts, broken(*result.failure));
    result.health = queue::Health::unknown;
  }
  for (const std::string& each : attempt.recipients) {
    open->tried.erase(std::ranges::find(open->tried, each));
  }
  log_verdicts(consignment, *open, attempt, result, loop_.now() - started);
  Outcome outcome = settle(consignment, *open, attempt, result);
  const bool durable = co_await make_durable(open);
  if (!durable) co_return;  // on the way down
  scheduler_.finished(consignment, result.health, result.site,
                      open->message.held ? std::nullopt : outcome.again, now());
  for (Consignment& each : outcome.reports) scheduler_.offer(std::move(each), now());
}

// What is under way when the deadline comes is settled when it ends.
transport::Task<void> QueueRunner::keep_deadline(Consignment consignment, Opened open) {
  const queue::Time time = now();
  // Altered meanwhile, or told of already.
  const bool ahead = has_deadline_ahead(open->message) && !open->message.held;
  if (!ahead || time < open->message.deliver_by->at) {
    std::optional<queue::Time> again;
    if (ahead) again = open->message.deliver_by->at;
    scheduler_.finished(consignment, queue::Health::unknown, "", again, time);
    co_return;
  }
  const queue::Settlement settled = settle_deadline(open->message, open->tried);
  LogLine line(LogLevel::warning, "delivery time expired");
  line.add("id", consignment.id.to_string()).add("failed", settled.failed).add("delayed", settled.deferred);
  log_.write(line);
  Outcome outcome = conclude(*open, settled);
  const bool durable = co_await make_durable(open);
  if (!durable) co_return;  // on the way down
  scheduler_.finished(consignment, queue::Health::unknown, "", std::nullopt, now());
  for (Consignment& each : outcome.reports) scheduler_.offer(std::move(each), now());
}

QueueRunner::Outcome QueueRunner::settle(const Consignment& consignment, OpenMessage& open,
                                         const Attempt& attempt, const AttemptResult& result) {
  std::vector<queue::RecipientVerdict> verdicts;
  for (std::size_t i = 0; i < attempt.recipients.size(); ++i) {
    verdicts.emplace_back(attempt.recipients[i], result.verdicts[i]);
  }
  return conclude(open, queue::settle(open.message, consignment.destination, verdicts, schedule_, now()));
}

QueueRunner::Outcome QueueRunner::conclude(OpenMessage& open, const queue::Settlement& settled) {
  counters_.delivered += settled.delivered;
  counters_.failed += settled.failed;
  counters_.deferred += settled.deferred;
  Outcome outcome;
  outcome.again = settled.again;
  if (!settled.notices.empty()) add_report(outcome, open, settled.notices);
  return outcome;
}

void QueueRunner::add_report(Outcome& outcome, OpenMessage& open, const std::vector<queue::Notice>& notices) {
  const QueuedMessage& message = open.message;
  const std::vector<DeliveryRoutes::Target> targets =
      deliverer_.routes().targets_of(queue::address_of(message.mail));
  if (targets.empty()) {
    LogLine line(LogLevel::warning, "no route for a report to the sender");
    line.add("id", message.id.to_string())
        .add("to", "<" + std::string(queue::address_of(message.mail)) + ">");
    return log_.write(line);
  }
  const MessageId id = ids_.next(now());
  const std::string content = head_of(message.id);
  const queue::DeliveryReport report = queue::make_report(
      queue::report_request(message, notices, deliverer_.routes().hostname, id.to_string(), content, now()));
  QueuedMessage envelope = queue::report_envelope(message, id, report, now(), lifetime());
  address(envelope, targets);
  std::ranges::move(consignments_of(envelope), std::back_inserter(outcome.reports));
  open.reports.emplace_back(std::move(envelope), report.content);
  ++counters_.reports;
  LogLine line(LogLevel::info, "report to the sender");
  line.add("id", id.to_string()).add("about", message.id.to_string());
  line.add("to", "<" + std::string(queue::address_of(message.mail)) + ">");
  line.add("action", queue::to_string(notices.front().action)).add("recipients", notices.size());
  log_.write(line);
}

// As much as a report may return.
std::string QueueRunner::head_of(MessageId id) {
  std::string out;
  const auto body = spool_.open(id);
  while (body && out.size() <= queue::kReturnedContent) {
    const SpoolResult<std::string_view> slice = (*body)->next();
    if (!slice || slice->empty()) break;
    out += *slice;
  }
  return out;
}

// The message as it is now, and the reports about it. False: the store refuses, and we are going down.
transport::Task<bool> QueueRunner::make_durable(Opened open) {
  const std::uint64_t mine = ++open->wanted;
  while (open->writing && open->durable < mine) {
    transport::Signal written(loop_);
    open->waiting.push_back(&written);
    [[maybe_unused]] const transport::error_code waited = co_await written.wait();
  }
  if (open->durable >= mine) co_return true;
  open->writing = true;
  bool durable = co_await write(open);
  while (!durable && !give_up_.stop_requested()) {
    co_await transport::sleep_until(loop_, transport::later(loop_.now(), kStoreRest));
    // What failed while it was synced may be there all the same.
    std::erase_if(open->reports,
                  [this](const Change::Added& each) { return spool_.load(each.message.id).has_value(); });
    durable = co_await write(open);
  }
  open->writing = false;
  for (transport::Signal* const each : std::exchange(open->waiting, {})) each->notify();
  co_return durable;
}

transport::Task<bool> QueueRunner::write(Opened open) {
  const std::uint64_t version = open->wanted;
  const std::size_t reports = open->reports.size();
  Change change;
  change.added = open->reports;
  if (open->message.recipients.empty()) {
    change.removed.push_back(open->message.id);
  } else {
    change.updated.push_back(open->message);
  }
  auto arrival = std::make_shared<Arrival<SpoolResult<void>>>(loop_);
  spool_.apply(std::move(change), announcer(arrival, loop_));
  const transport::SteadyTime until = transport::later(loop_.now(), kStorePatience);
  const transport::error_code late = co_await arrival->signal.wait(until);
  if (late || !arrival->value) {
    LogLine line(LogLevel::error, "the outcome of a delivery cannot be written");
    line.add("id", open->message.id.to_string());
    line.add("reason", late ? "no answer from the store in time" : arrival->value.error().text);
    log_.write(line);
    co_return false;
  }
  open->durable = version;
  open->reports.erase(open->reports.begin(), open->reports.begin() + static_cast<std::ptrdiff_t>(reports));
  co_return true;
}

void QueueRunner::log_verdicts(const Consignment& consignment, const OpenMessage& open,
                               const Attempt& attempt, const AttemptResult& result,
                               transport::Duration took) {
  for (const std::string& note : result.notes) {
    if (!log_.enabled(LogLevel::info)) break;
    log_.write(LogLine(LogLevel::info, "delivery").add("id", consignment.id.to_string()).add("note", note));
  }
  for (std::size_t i = 0; i < attempt.recipients.size(); ++i) {
    const Verdict& verdict = result.verdicts[i];
    const LogLevel level = verdict.kind == Verdict::Kind::delivered ? LogLevel::info : LogLevel::warning;
    if (!log_.enabled(level)) continue;
    LogLine line(level, event_of(verdict.kind));
    line.add("id", consignment.id.to_string());
    line.add("from", "<" + std::string(queue::address_of(attempt.mail)) + ">");
    line.add("to", "<" + std::string(queue::address_of(attempt.recipients[i])) + ">");
    line.add("route", consignment.destination);
    if (!verdict.host.empty()) line.add("host", verdict.host);
    line.add("result", protocol::to_log_line(verdict.reply.view()));
    const auto recipient =
        std::ranges::find(open.message.recipients, attempt.recipients[i], &queue::QueuedRecipient::rcpt);
    if (recipient != open.message.recipients.end()) line.add("attempt", recipient->attempts + 1);
    log_.write(line.add("took", std::chrono::nanoseconds(took)));
  }
}

// ---- Messages in hand ----

SpoolResult<QueueRunner::Opened> QueueRunner::open(MessageId id) {
  const auto found = open_.find(id.value);
  if (found != open_.end()) {
    ++found->second->users;
    return found->second;
  }
  SpoolResult<QueuedMessage> loaded = spool_.load(id);
  if (!loaded) return std::unexpected(loaded.error());
  auto opened = std::make_shared<OpenMessage>(*std::move(loaded));
  opened->users = 1;
  open_.emplace(id.value, opened);
  return opened;
}

void QueueRunner::close(const Opened& open, std::string_view destination) {
  const std::uint64_t id = open->message.id.value;
  if (!destination.empty()) {
    const std::lock_guard lock(mutex_);
    const auto found = active_.find(id);
    std::erase(found->second, destination);
    if (found->second.empty()) active_.erase(found);
  }
  if (--open->users == 0) open_.erase(id);
}

// ---- Operators ----

std::vector<std::string> QueueRunner::active(MessageId id) {
  const std::lock_guard lock(mutex_);
  const auto found = active_.find(id.value);
  return found == active_.end() ? std::vector<std::string>() : found->second;
}

void QueueRunner::alter(MessageId id, Alteration alter, queue::Done done) {
  loop_.post([this, id, alter = std::move(alter), done = std::move(done)]() mutable {
    alter_now(id, std::move(alter), std::move(done));
  });
}

void QueueRunner::alter_now(MessageId id, Alteration alter, queue::Done done) {
  SpoolResult<Opened> opened = open(id);
  if (!opened) return done(std::unexpected(opened.error()));
  if ((*opened)->message.recipients.empty()) {  // delivered, and being removed
    close(*opened, "");
    return done(std::unexpected(queue::SpoolFailure{queue::SpoolFailure::Kind::missing, "no such message"}));
  }
  alter((*opened)->message);
  loop_.spawn(finish_altering(*opened, std::move(done)));
}

transport::Task<void> QueueRunner::finish_altering(Opened open, queue::Done done) {
  const bool durable = co_await make_durable(open);
  if (durable) reschedule(open->message);
  close(open, "");
  if (durable) {
    done({});
  } else {
    done(std::unexpected(queue::SpoolFailure{queue::SpoolFailure::Kind::closed, "the agent is going down"}));
  }
}

void QueueRunner::drop(MessageId id, queue::Done done) {
  loop_.post([this, id, done = std::move(done)]() mutable { drop_now(id, std::move(done)); });
}

void QueueRunner::drop_now(MessageId id, queue::Done done) {
  if (open_.contains(id.value)) return done(std::unexpected(being_delivered()));
  if (const auto loaded = spool_.load(id); !loaded) return done(std::unexpected(loaded.error()));
  scheduler_.forget(id);
  Change change;
  change.removed.push_back(id);
  spool_.apply(std::move(change), std::move(done));
}

void QueueRunner::wake_up(std::string_view destination) {
  loop_.post([this, destination = std::string(destination)] {
    scheduler_.wake_up(destination);
    work_.notify();
  });
}

void QueueRunner::reschedule(const QueuedMessage& message) {
  scheduler_.forget(message.id);
  for (Consignment& each : consignments_of(message)) scheduler_.offer(std::move(each), now());
  work_.notify();
}

}  // namespace postrider::agent
