// Prints the mail that carries a report about TLS, for other programs to read.
#include <cstdio>
#include <string>

#include "postrider/agent/tls_report/gzip.h"
#include "postrider/agent/tls_report/report_mail.h"

namespace {

using namespace postrider;

agent::ReportCounts counts_of(agent::ReportCounts::Day day) {
  agent::ReportedPolicy policy;
  policy.type = agent::TlsPolicyType::sts;
  policy.lines = {"version: STSv1", "mode: testing", "mx: *.example.org", "max_age: 86400"};
  policy.hosts = {"*.example.org"};
  agent::ReportCounts counts;
  for (int i = 0; i < 5; ++i) counts.record(day, "example.org", policy, {});
  for (int i = 0; i < 90; ++i) {
    agent::ReportedSession failed;
    failed.failure = agent::TlsFailureType::certificate_expired;
    failed.receiving_host = "mx" + std::to_string(i) + ".example.org";
    failed.receiving_address = "2001:db8::1";
    failed.reason = "\"quoted\" \\ and caf\xc3\xa9";
    counts.record(day, "example.org", policy, failed);
  }
  return counts;
}

}  // namespace

int main() {
  const agent::ReportCounts::Day day(std::chrono::year(2026) / 11 / 28);
  agent::ReportMail mail;
  mail.domain = "example.org";
  mail.submitter = "example.net";
  mail.from = "tls@example.net";
  mail.to = {"reports@example.org", "\"odd, one\"@example.com"};
  mail.report_id = "1795824000.example.org.abc";
  mail.message_id = "0123.tls-report@example.net";
  mail.day = day;
  mail.unique_id = "abc";
  mail.date = queue::Time(day) + std::chrono::hours(25);
  const agent::ReportHead head{"Example Net", mail.from, mail.report_id + "@" + mail.submitter};
  mail.gzipped_json =
      agent::gzip(agent::write_report(head, day, mail.domain, counts_of(day).policies(day, mail.domain)));
  const std::string text = agent::write_report_mail(mail);
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
}
