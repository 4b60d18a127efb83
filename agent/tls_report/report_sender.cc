#include "postrider/agent/tls_report/report_sender.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "postrider/agent/serve/arrival.h"
#include "postrider/agent/tls_report/gzip.h"
#include "postrider/agent/tls_report/report_mail.h"
#include "postrider/queue/content_scan.h"

namespace postrider::agent {
namespace {

using queue::QueuedMessage;
using queue::SpoolResult;

// Tells the reports of several hosts of one submitter apart: letters and digits, RFC 8460 5.1.
std::string unique_id(std::string_view hostname) {
  std::uint64_t hash = 14'695'981'039'346'656'037U;  // FNV-1a: the same in every run
  for (const char c : hostname) hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211U;
  return queue::MessageId{hash}.to_string();
}

std::string_view domain_of(std::string_view address) { return address.substr(address.rfind('@') + 1); }

queue::ContentFacts facts_of(std::string_view content) {
  queue::ContentScan scan;
  scan.feed(content);
  return scan.finish();
}

}  // namespace

ReportSender::ReportSender(ReportSenderParts parts)
    : parts_(std::move(parts)),
      random_(parts_.seed),
      saved_at_(parts_.loop.now()),
      wake_(parts_.loop),
      ended_(parts_.loop) {
  // What the last run left of earlier days is due as if it had gone on.
  due_ = today() + std::chrono::seconds(random_() % std::chrono::seconds(kLongestDelay).count());
  // What is a day late waits no more.
  const ReportCounts::Domains& kept = parts_.store.counts().all();
  if (!kept.empty() && kept.begin()->first.first < today() - std::chrono::days(1)) {
    due_ = parts_.loop.clock().system_now();
  }
}

void ReportSender::start() {
  running_ = true;
  parts_.loop.spawn(run());
}

void ReportSender::use(std::string hostname, const TlsReportConfig& config) {
  parts_.hostname = std::move(hostname);
  parts_.config = config;
}

ReportSender::Day ReportSender::today() const {
  return std::chrono::floor<std::chrono::days>(parts_.loop.clock().system_now());
}

transport::Task<void> ReportSender::run() {
  while (!stopping_) {
    if (parts_.loop.clock().system_now() >= due_) co_await send_all();
    save();
    if (stopping_) break;
    const transport::SteadyTime until = transport::later(parts_.loop.now(), kSaveEvery);
    [[maybe_unused]] const transport::error_code woken = co_await wake_.wait(until);
  }
  running_ = false;
  ended_.notify();
}

transport::Task<void> ReportSender::stop() {
  stopping_ = true;
  wake_.notify();
  while (running_) {
    [[maybe_unused]] const transport::error_code ended = co_await ended_.wait();
  }
  saved_at_ = transport::SteadyTime::min();
  save();
}

void ReportSender::save() {
  const transport::SteadyTime now = parts_.loop.now();
  if (saved_at_ != transport::SteadyTime::min() && now - saved_at_ < kSaveEvery) return;
  saved_at_ = now;
  const auto problem = parts_.store.save();
  if (problem && !save_failed_) note(LogLevel::warning, "TLS counters cannot be kept", "", *problem);
  save_failed_ = problem.has_value();
}

// ---- Once a day ----

transport::Task<void> ReportSender::send_all() {
  ReportCounts& counts = parts_.store.counts();
  const Day day_of_now = today();
  counts.forget_before(day_of_now - kOldest);
  bool put_off = false;
  for (Day day = day_of_now - kOldest; day < day_of_now && parts_.config.contact;
       day += std::chrono::days(1)) {
    for (const std::string& domain : counts.domains(day)) {
      if (stopping_) co_return;
      const Fate fate = co_await send(day, domain);
      if (fate == Fate::put_off) {
        put_off = true;
        ++counters_.put_off;
      } else {
        counts.forget(day, domain);
      }
      save();
    }
  }
  plan_next();
  if (put_off) due_ = std::min(due_, parts_.loop.clock().system_now() + kRest);
}

// Some time after the next midnight.
void ReportSender::plan_next() {
  const std::chrono::seconds delay(random_() % std::chrono::seconds(kLongestDelay).count());
  due_ = today() + std::chrono::days(1) + delay;
}

transport::Task<ReportSender::Fate> ReportSender::send(Day day, std::string domain) {
  const auto name = resolver::DomainName::parse("_smtp._tls." + domain);
  if (!name) co_return Fate::settled;
  const transport::SteadyTime until = transport::later(parts_.loop.now(), kLookup);
  const resolver::Answer answer =
      co_await parts_.resolver.lookup(resolver::Question(*name, resolver::RecordType::txt), until);
  if (answer.outcome == resolver::Answer::Outcome::failed) {
    note(LogLevel::debug, "TLS report put off", domain, answer.failure);
    co_return Fate::put_off;
  }
  auto policy = choose_report_policy(resolver::texts(answer.records));
  if (!policy) {
    ++counters_.unwanted;
    co_return Fate::settled;
  }
  if (policy->mailboxes.empty()) {
    note(LogLevel::debug, "TLS report not sent", domain, "it is wanted by HTTPS, which is not built");
    co_return Fate::settled;
  }
  const Fate fate = co_await queue_report(day, std::move(domain), *std::move(policy));
  co_return fate;
}

transport::Task<ReportSender::Fate> ReportSender::queue_report(Day day, std::string domain,
                                                               ReportPolicy policy) {
  auto message = envelope(policy);
  if (!message || !parts_.config.contact) {
    note(LogLevel::warning, "TLS report not sent", domain, "no route for its addresses");
    co_return Fate::settled;
  }
  std::string text = content(day, domain, policy, message->id);
  if (text.empty()) {
    note(LogLevel::warning, "TLS report not sent", domain, "it is too large");
    co_return Fate::settled;
  }
  message->content = facts_of(text);
  std::vector<queue::Consignment> consignments = queue::consignments_of(*message);
  LogLine line(LogLevel::info, "TLS report");
  line.add("id", message->id.to_string()).add("domain", domain).add("to", policy.mailboxes.front());
  queue::Change change;
  change.added.emplace_back(*std::move(message), std::move(text));
  auto arrival = std::make_shared<Arrival<SpoolResult<void>>>(parts_.loop);
  parts_.spool.apply(std::move(change), announcer(arrival, parts_.loop));
  [[maybe_unused]] const transport::error_code waited = co_await arrival->signal.wait();
  if (!arrival->value) {
    note(LogLevel::error, "TLS report put off", domain, arrival->value.error().text);
    co_return Fate::put_off;
  }
  parts_.intake.accepted(std::move(consignments));
  parts_.log.write(line);
  ++counters_.sent;
  co_return Fate::settled;
}

// Without content; nullopt when no address has a route.
std::optional<QueuedMessage> ReportSender::envelope(const ReportPolicy& policy) const {
  const auto now = std::chrono::floor<queue::Duration>(parts_.loop.clock().system_now());
  QueuedMessage message;
  for (const std::string& each : policy.mailboxes) {
    auto line = parts_.line_of(each);
    if (!line) continue;
    queue::QueuedRecipient recipient;
    recipient.rcpt = "RCPT TO:<" + each + ">";
    recipient.destination = *std::move(line);
    recipient.next_attempt = now;
    message.recipients.push_back(std::move(recipient));
  }
  if (message.recipients.empty()) return std::nullopt;
  message.id = parts_.intake.next_id(now);
  message.mail = "MAIL FROM:<>";
  message.arrived = now;
  message.expires = queue::later(now, kPatience);
  message.report = true;
  return message;
}

// Empty: too large.
std::string ReportSender::content(Day day, std::string_view domain, const ReportPolicy& policy,
                                  queue::MessageId id) {
  const TlsReportConfig& config = parts_.config;
  ReportMail mail;
  mail.domain = domain;
  mail.submitter = domain_of(*config.contact);
  mail.from = *config.contact;
  mail.to = policy.mailboxes;
  mail.unique_id = unique_id(parts_.hostname);
  mail.day = day;
  mail.report_id = std::to_string(std::chrono::sys_seconds(day).time_since_epoch().count()) + "." +
                   std::string(domain) + "." + mail.unique_id;
  mail.message_id = id.to_string() + ".tls-report@" + mail.submitter;
  mail.date = std::chrono::floor<queue::Duration>(parts_.loop.clock().system_now());
  const ReportHead head{config.organization.empty() ? mail.submitter : config.organization, mail.from,
                        mail.report_id + "@" + mail.submitter};
  const std::string json = write_report(head, day, domain, parts_.store.counts().policies(day, domain));
  if (json.size() > kMostOctets) return {};
  mail.gzipped_json = gzip(json);
  return mail.gzipped_json.empty() ? std::string() : write_report_mail(mail);
}

void ReportSender::note(LogLevel level, std::string_view event, std::string_view domain,
                        std::string_view reason) {
  if (!parts_.log.enabled(level)) return;
  LogLine line(level, event);
  if (!domain.empty()) line.add("domain", domain);
  parts_.log.write(line.add("reason", reason));
}

}  // namespace postrider::agent
