#include "postrider/agent/tls_report/report_counts.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "postrider/agent/log/escape.h"

namespace postrider::agent {
namespace {

void shorten(std::string& text) {
  if (text.size() > kMostReportedText) text.resize(kMostReportedText);
}

void shorten(std::vector<std::string>& texts) {
  if (texts.size() > kMostReportedLines) texts.resize(kMostReportedLines);
  for (std::string& each : texts) shorten(each);
}

std::string date(ReportCounts::Day day, std::string_view time) {
  const std::chrono::year_month_day parts(day);
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(parts.year()),
                static_cast<unsigned>(parts.month()), static_cast<unsigned>(parts.day()));
  return text.data() + std::string(time);
}

// Writes objects and arrays; whoever calls it closes what it opens.
class Json {
 public:
  Json& open(char bracket) {
    separate();
    text_ += bracket;
    first_ = true;
    return *this;
  }
  Json& close(char bracket) {
    text_ += bracket;
    first_ = false;
    return *this;
  }
  Json& name(std::string_view name) {
    separate();
    append_json_string(name, text_);
    text_ += ':';
    first_ = true;  // no comma before the value
    return *this;
  }
  Json& value(std::string_view value) {
    separate();
    append_json_string(value, text_);
    return *this;
  }
  Json& value(std::uint64_t value) {
    separate();
    text_ += std::to_string(value);
    return *this;
  }
  Json& array(const std::vector<std::string>& values) {
    open('[');
    for (const std::string& each : values) value(each);
    return close(']');
  }
  std::string take() { return std::move(text_); }

 private:
  void separate() {
    if (!first_) text_ += ',';
    first_ = false;
  }

  std::string text_;
  bool first_ = true;
};

void write_detail(Json& json, const ReportedSession& session, std::uint64_t count) {
  const auto add = [&json](std::string_view name, const std::string& text) {
    if (!text.empty()) json.name(name).value(text);
  };
  json.open('{').name("result-type").value(to_string(session.failure));
  add("sending-mta-ip", session.sending_address);
  add("receiving-mx-hostname", session.receiving_host);
  add("receiving-ip", session.receiving_address);
  json.name("failed-session-count").value(count);
  add("failure-reason-code", session.reason);
  json.close('}');
}

void write_policy(Json& json, std::string_view domain, const ReportedPolicy& policy,
                  const ReportedCounts& counts) {
  json.open('{').name("policy").open('{');
  json.name("policy-type").value(to_string(policy.type));
  if (!policy.lines.empty()) json.name("policy-string").array(policy.lines);
  json.name("policy-domain").value(policy.domain.empty() ? domain : policy.domain);
  if (!policy.hosts.empty()) json.name("mx-host").array(policy.hosts);
  json.close('}').name("summary").open('{');
  json.name("total-successful-session-count").value(counts.successes);
  json.name("total-failure-session-count").value(counts.failures);
  json.close('}');
  if (!counts.details.empty()) {
    json.name("failure-details").open('[');
    for (const auto& [session, count] : counts.details) write_detail(json, session, count);
    json.close(']');
  }
  json.close('}');
}

}  // namespace

ReportedCounts* ReportCounts::find_or_make(Day day, std::string_view domain, ReportedPolicy policy) {
  const std::pair<Day, std::string> key(day, domain);
  if (counts_.size() >= kMostReportedDomains && !counts_.contains(key)) return nullptr;
  shorten(policy.lines);
  shorten(policy.hosts);
  shorten(policy.domain);
  Policies& policies = counts_[key];
  if (policies.size() >= kMostPoliciesOfDomain && !policies.contains(policy)) return nullptr;
  ++version_;
  return &policies[std::move(policy)];
}

void ReportCounts::add_detail(ReportedCounts& counts, ReportedSession session, std::uint64_t count) {
  for (std::string* text :
       {&session.sending_address, &session.receiving_host, &session.receiving_address, &session.reason}) {
    shorten(*text);
  }
  const auto known = counts.details.find(session);
  if (known != counts.details.end()) {
    known->second += count;
  } else if (counts.details.size() < kMostFailureKinds && details_ < kMostFailureKindsInAll) {
    counts.details.emplace(std::move(session), count);
    ++details_;
  }
}

void ReportCounts::record(Day day, std::string_view domain, ReportedPolicy policy, ReportedSession session) {
  ReportedCounts* const counts = find_or_make(day, domain, std::move(policy));
  if (counts == nullptr) return;
  if (session.failure == TlsFailureType::none) {
    ++counts->successes;
    return;
  }
  ++counts->failures;
  add_detail(*counts, std::move(session), 1);
}

void ReportCounts::add(Day day, std::string_view domain, ReportedPolicy policy,
                       const ReportedCounts& counts) {
  ReportedCounts* const mine = find_or_make(day, domain, std::move(policy));
  if (mine == nullptr) return;
  mine->successes += counts.successes;
  mine->failures += counts.failures;
  for (const auto& [session, count] : counts.details) add_detail(*mine, session, count);
}

std::vector<std::string> ReportCounts::domains(Day day) const {
  std::vector<std::string> out;
  for (auto each = counts_.lower_bound({day, std::string()}); each != counts_.end(); ++each) {
    if (each->first.first != day) break;
    out.push_back(each->first.second);
  }
  return out;
}

const ReportCounts::Policies& ReportCounts::policies(Day day, std::string_view domain) const {
  static const Policies kNone;
  const auto found = counts_.find({day, std::string(domain)});
  return found == counts_.end() ? kNone : found->second;
}

ReportCounts::Domains::iterator ReportCounts::forget(Domains::iterator domain) {
  for (const auto& [policy, counts] : domain->second) details_ -= counts.details.size();
  ++version_;
  return counts_.erase(domain);
}

void ReportCounts::forget(Day day, std::string_view domain) {
  const auto found = counts_.find({day, std::string(domain)});
  if (found != counts_.end()) forget(found);
}

void ReportCounts::forget_before(Day day) {
  auto each = counts_.begin();
  while (each != counts_.end() && each->first.first < day) each = forget(each);
}

std::string write_report(const ReportHead& head, ReportCounts::Day day, std::string_view domain,
                         const ReportCounts::Policies& policies) {
  Json json;
  json.open('{').name("organization-name").value(head.organization);
  json.name("date-range").open('{');
  json.name("start-datetime").value(date(day, "T00:00:00Z"));
  json.name("end-datetime").value(date(day, "T23:59:59Z"));
  json.close('}').name("contact-info").value(head.contact).name("report-id").value(head.report_id);
  json.name("policies").open('[');
  for (const auto& [policy, counts] : policies) write_policy(json, domain, policy, counts);
  json.close(']').close('}');
  return json.take();
}

std::string report_file_name(std::string_view submitter, std::string_view domain, ReportCounts::Day day,
                             std::string_view unique_id) {
  const std::chrono::sys_seconds begin = day;
  const auto end = begin + std::chrono::days(1) - std::chrono::seconds(1);
  std::string name;
  name.append(submitter).append("!").append(domain).append("!");
  name.append(std::to_string(begin.time_since_epoch().count())).append("!");
  name.append(std::to_string(end.time_since_epoch().count())).append("!").append(unique_id);
  return name + ".json";
}

}  // namespace postrider::agent
