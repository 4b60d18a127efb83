#include "postrider/agent/tls_report/report_sender.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "postrider/agent/serve/arrival.h"
#include "postrider/agent/tls_report/gzip.h"
#include "postrider/agent/tls_report/report_mail.h"
#include "postrider/queue/content_scan.h"
#include "postrider/transport/unless_stopped.h"

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
      post_(parts_.loop, parts_.network, parts_.addresses, parts_.tls),
      random_(parts_.seed),
      saved_at_(parts_.loop.now()),
      wake_(parts_.loop),
      ended_(parts_.loop) {
  // What the last run left of earlier days is due as if it had gone on.
  planned_ = today() + std::chrono::seconds(random_() % std::chrono::seconds(kLongestDelay).count());
  // What is a day late waits no more.
  const ReportCounts::Domains& kept = parts_.store.counts().all();
  if (!kept.empty() && kept.begin()->first.first < today() - std::chrono::days(1)) {
    planned_ = parts_.loop.clock().system_now();
  }
  due_ = planned_;
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
  while (!stop_.stop_requested()) {
    if (parts_.loop.clock().system_now() >= due_) co_await send_all();
    save();
    if (stop_.stop_requested()) break;
    const transport::SteadyTime until = transport::later(parts_.loop.now(), kSaveEvery);
    [[maybe_unused]] const transport::error_code woken = co_await wake_.wait(until);
  }
  running_ = false;
  ended_.notify();
}

transport::Task<void> ReportSender::stop() {
  stop_.request_stop();
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
  std::erase_if(delays_, [&](const auto& each) { return each.first.first < day_of_now - kOldest; });
  const bool planned = parts_.loop.clock().system_now() >= planned_;
  for (Day day = day_of_now - kOldest; day < day_of_now && parts_.config.contact;
       day += std::chrono::days(1)) {
    for (const std::string& domain : counts.domains(day)) {
      if (!is_due(day, domain, planned)) continue;
      co_await send_due(day, domain);
      if (stop_.stop_requested()) co_return;
      save();
    }
  }
  if (planned) plan_next();
  due_ = planned_;
  for (const auto& [report, delay] : delays_) due_ = std::min(due_, delay.next);
}

// `planned`: what is new is due.
bool ReportSender::is_due(Day day, const std::string& domain, bool planned) const {
  const auto delayed = delays_.find({day, domain});
  return delayed == delays_.end() ? planned : delayed->second.next <= parts_.loop.clock().system_now();
}

// Some time after the next midnight.
void ReportSender::plan_next() {
  const std::chrono::seconds delay(random_() % std::chrono::seconds(kLongestDelay).count());
  planned_ = today() + std::chrono::days(1) + delay;
}

transport::Task<void> ReportSender::send_due(Day day, std::string domain) {
  const Fate fate = co_await send(day, domain);
  if (stop_.stop_requested() && fate == Fate::put_off) co_return;  // the next run sends it
  if (fate == Fate::put_off) {
    put_off(day, domain);
  } else {
    delays_.erase({day, domain});
    parts_.store.counts().forget(day, domain);
  }
}

// RFC 8460 5.5: for a day, with a back-off that grows.
void ReportSender::put_off(Day day, const std::string& domain) {
  const transport::SystemTime now = parts_.loop.clock().system_now();
  Delay& delay =
      delays_.try_emplace({day, domain}, Delay{now, now, std::chrono::seconds(kRest) / 2}).first->second;
  const transport::SystemTime last = delay.first + kPatience;
  if (now >= last) {
    note(LogLevel::warning, "TLS report given up", domain, "it could not be handed over for a day");
    ++counters_.given_up;
    delays_.erase({day, domain});
    parts_.store.counts().forget(day, domain);
    return;
  }
  delay.rest *= 2;
  delay.next = std::min(now + delay.rest, last);
  ++counters_.put_off;
}

transport::Task<ReportSender::Fate> ReportSender::send(Day day, std::string domain) {
  const auto name = resolver::DomainName::parse("_smtp._tls." + domain);
  if (!name) co_return Fate::settled;
  const transport::SteadyTime until = transport::later(parts_.loop.now(), kLookup);
  transport::Task<resolver::Answer> lookup =
      parts_.resolver.lookup(resolver::Question(*name, resolver::RecordType::txt), until);
  const std::optional<resolver::Answer> answer =
      co_await transport::unless_stopped(parts_.loop, std::move(lookup), stop_.get_token());
  if (!answer) co_return Fate::put_off;
  if (answer->outcome == resolver::Answer::Outcome::failed) {
    note(LogLevel::debug, "TLS report put off", domain, answer->failure);
    co_return Fate::put_off;
  }
  auto policy = choose_report_policy(resolver::texts(answer->records));
  if (!policy) {
    ++counters_.unwanted;
    co_return Fate::settled;
  }
  auto report = make(day, domain);
  if (!report) co_return Fate::settled;
  bool posted = false;
  for (const std::string& url : policy->urls) {
    const bool taken = co_await post(domain, url, report->gzipped_json);
    posted = posted || taken;
  }
  if (policy->mailboxes.empty() || stop_.stop_requested()) co_return posted ? Fate::settled : Fate::put_off;
  const bool by_https = !policy->urls.empty();
  const Fate mailed = co_await queue_report(day, std::move(domain), *std::move(policy), *std::move(report));
  if (posted) co_return Fate::settled;  // RFC 8460 3: one address that has it is enough
  co_return mailed == Fate::impossible&& by_https ? Fate::put_off : mailed;
}

transport::Task<bool> ReportSender::post(std::string domain, std::string url, std::string gzipped_json) {
  transport::Task<std::optional<std::string>> sending = post_.send(url, std::move(gzipped_json));
  const std::optional<std::optional<std::string>> ended =
      co_await transport::unless_stopped(parts_.loop, std::move(sending), stop_.get_token());
  if (!ended) co_return false;
  if (*ended) {
    note(LogLevel::warning, "TLS report not taken", domain, url + ": " + **ended);
    co_return false;
  }
  ++counters_.posted;
  parts_.log.write(LogLine(LogLevel::info, "TLS report").add("domain", domain).add("to", url));
  co_return true;
}

transport::Task<ReportSender::Fate> ReportSender::queue_report(Day day, std::string domain,
                                                               ReportPolicy policy, Report report) {
  auto message = envelope(policy);
  if (!message) {
    note(LogLevel::warning, "TLS report not sent", domain, "no route for its addresses");
    co_return Fate::impossible;
  }
  std::string text = content(day, domain, policy, std::move(report), message->id);
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

// nullopt: too large, or nobody may be named as the one who reports.
std::optional<ReportSender::Report> ReportSender::make(Day day, std::string_view domain) {
  const TlsReportConfig& config = parts_.config;
  if (!config.contact) return std::nullopt;
  Report report;
  report.contact = *config.contact;
  report.submitter = domain_of(report.contact);
  report.unique_id = unique_id(parts_.hostname);
  report.report_id = std::to_string(std::chrono::sys_seconds(day).time_since_epoch().count()) + "." +
                     std::string(domain) + "." + report.unique_id;
  const ReportHead head{config.organization.empty() ? report.submitter : config.organization, report.contact,
                        report.report_id + "@" + report.submitter};
  const std::string json = write_report(head, day, domain, parts_.store.counts().policies(day, domain));
  if (json.size() <= kMostOctets) report.gzipped_json = gzip(json);
  if (!report.gzipped_json.empty()) return report;
  note(LogLevel::warning, "TLS report not sent", domain, "it is too large");
  return std::nullopt;
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

std::string ReportSender::content(Day day, std::string_view domain, const ReportPolicy& policy, Report report,
                                  queue::MessageId id) const {
  ReportMail mail;
  mail.domain = domain;
  mail.submitter = std::move(report.submitter);
  mail.from = std::move(report.contact);
  mail.to = policy.mailboxes;
  mail.unique_id = std::move(report.unique_id);
  mail.day = day;
  mail.report_id = std::move(report.report_id);
  mail.message_id = id.to_string() + ".tls-report@" + mail.submitter;
  mail.date = std::chrono::floor<queue::Duration>(parts_.loop.clock().system_now());
  mail.gzipped_json = std::move(report.gzipped_json);
  return write_report_mail(mail);
}

void ReportSender::note(LogLevel level, std::string_view event, std::string_view domain,
                        std::string_view reason) {
  if (!parts_.log.enabled(level)) return;
  LogLine line(level, event);
  if (!domain.empty()) line.add("domain", domain);
  parts_.log.write(line.add("reason", reason));
}

}  // namespace postrider::agent
