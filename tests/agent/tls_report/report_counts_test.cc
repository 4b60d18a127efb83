#include "postrider/agent/tls_report/report_counts.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postrider::agent {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr ReportCounts::Day kDay(std::chrono::year(2016) / 4 / 1);

ReportedSession failed(TlsFailureType type, std::string host = "mx.example.org") {
  ReportedSession session;
  session.failure = type;
  session.receiving_host = std::move(host);
  return session;
}

TEST(ReportCounts, WritesWhatTheExampleOfTheRfcHas) {  // RFC 8460 appendix B
  ReportedPolicy policy;
  policy.type = TlsPolicyType::sts;
  policy.lines = {"version: STSv1", "mode: testing", "mx: *.mail.company-y.example", "max_age: 86400"};
  policy.hosts = {"*.mail.company-y.example"};
  ReportedSession expired = failed(TlsFailureType::certificate_expired, "mx1.mail.company-y.example");
  expired.sending_address = "2001:db8:abcd:12::1";
  ReportedSession clear = failed(TlsFailureType::starttls_not_supported, "mx2.mail.company-y.example");
  clear.sending_address = "2001:db8:abcd:13::1";
  clear.receiving_address = "203.0.113.56";
  ReportedSession invalid = failed(TlsFailureType::validation_failure, "mx-backup.mail.company-y.example");
  invalid.sending_address = "198.51.100.62";
  invalid.receiving_address = "203.0.113.58";
  invalid.reason = "X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED";
  ReportCounts counts;
  const auto record = [&](int times, const ReportedSession& session) {
    for (int i = 0; i < times; ++i) counts.record(kDay, "company-y.example", policy, session);
  };
  record(5326, ReportedSession());
  record(100, expired);
  record(200, clear);
  record(3, invalid);
  const std::string json =
      write_report({"Company-X", "sts-reporting@company-x.example", "5065427c-23d3-47ca-b6e0-946ea0e8c4be"},
                   kDay, "company-y.example", counts.policies(kDay, "company-y.example"));
  EXPECT_EQ(json,
            R"({"organization-name":"Company-X",)"
            R"("date-range":{"start-datetime":"2016-04-01T00:00:00Z","end-datetime":"2016-04-01T23:59:59Z"},)"
            R"("contact-info":"sts-reporting@company-x.example",)"
            R"("report-id":"5065427c-23d3-47ca-b6e0-946ea0e8c4be",)"
            R"("policies":[{"policy":{"policy-type":"sts",)"
            R"("policy-string":["version: STSv1","mode: testing","mx: *.mail.company-y.example",)"
            R"("max_age: 86400"],)"
            R"("policy-domain":"company-y.example","mx-host":["*.mail.company-y.example"]},)"
            R"("summary":{"total-successful-session-count":5326,"total-failure-session-count":303},)"
            R"("failure-details":[)"
            R"({"result-type":"starttls-not-supported","sending-mta-ip":"2001:db8:abcd:13::1",)"
            R"("receiving-mx-hostname":"mx2.mail.company-y.example","receiving-ip":"203.0.113.56",)"
            R"("failed-session-count":200},)"
            R"({"result-type":"certificate-expired","sending-mta-ip":"2001:db8:abcd:12::1",)"
            R"("receiving-mx-hostname":"mx1.mail.company-y.example","failed-session-count":100},)"
            R"({"result-type":"validation-failure","sending-mta-ip":"198.51.100.62",)"
            R"("receiving-mx-hostname":"mx-backup.mail.company-y.example","receiving-ip":"203.0.113.58",)"
            R"("failed-session-count":3,)"
            R"("failure-reason-code":"X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED"}]}]})");
}

TEST(ReportCounts, KeepsDaysDomainsAndPoliciesApart) {
  ReportCounts counts;
  const ReportCounts::Day next = kDay + std::chrono::days(1);
  ReportedPolicy dane;
  dane.type = TlsPolicyType::tlsa;
  counts.record(kDay, "b.example", {}, {});
  counts.record(kDay, "a.example", {}, {});
  counts.record(kDay, "a.example", dane, failed(TlsFailureType::tlsa_invalid));
  counts.record(next, "c.example", {}, {});
  EXPECT_THAT(counts.domains(kDay), ElementsAre("a.example", "b.example"));
  EXPECT_THAT(counts.domains(next), ElementsAre("c.example"));
  ASSERT_EQ(counts.policies(kDay, "a.example").size(), 2U);
  EXPECT_EQ(counts.policies(kDay, "a.example").at(dane).failures, 1U);
  EXPECT_EQ(counts.policies(kDay, "a.example").at({}).successes, 1U);
  EXPECT_THAT(counts.policies(next, "a.example"), IsEmpty());
  counts.forget_before(next);
  EXPECT_THAT(counts.domains(kDay), IsEmpty());
  EXPECT_THAT(counts.domains(next), ElementsAre("c.example"));
}

TEST(ReportCounts, StaysWithinItsBoundsAndStillCountsTheTotal) {
  ReportCounts counts;
  for (std::size_t i = 0; i < 3 * kMostFailureKinds; ++i) {
    counts.record(kDay, "a.example", {}, failed(TlsFailureType::validation_failure, std::to_string(i)));
  }
  ReportedSession wordy = failed(TlsFailureType::validation_failure);
  wordy.reason = std::string(100'000, 'x');
  counts.record(kDay, "b.example", {}, wordy);
  const ReportedCounts& first = counts.policies(kDay, "a.example").at({});
  EXPECT_EQ(first.failures, 3 * kMostFailureKinds);
  EXPECT_EQ(first.details.size(), kMostFailureKinds);
  EXPECT_EQ(counts.policies(kDay, "b.example").at({}).details.begin()->first.reason.size(),
            kMostReportedText);
  for (std::size_t i = 0; i < 3 * kMostPoliciesOfDomain; ++i) {
    ReportedPolicy policy;
    policy.lines = {std::to_string(i)};
    counts.record(kDay, "c.example", policy, {});
  }
  EXPECT_EQ(counts.policies(kDay, "c.example").size(), kMostPoliciesOfDomain);
  ReportedPolicy long_one;
  long_one.lines.assign(100'000, std::string(1000, 'x'));
  counts.record(kDay, "d.example", long_one, {});
  const ReportedPolicy& kept = counts.policies(kDay, "d.example").begin()->first;
  EXPECT_EQ(kept.lines.size(), kMostReportedLines);
  EXPECT_EQ(kept.lines.back().size(), kMostReportedText);
  for (std::size_t i = 0; i < kMostReportedDomains + 100; ++i) {
    counts.record(kDay, std::to_string(i) + ".example", {}, {});
  }
  EXPECT_EQ(counts.domains(kDay).size(), kMostReportedDomains);
}

TEST(ReportCounts, EscapesWhatOthersWrote) {
  ReportCounts counts;
  ReportedSession session = failed(TlsFailureType::validation_failure);
  session.reason = "\"\r\n\xff";
  counts.record(kDay, "a.example", {}, session);
  const std::string json =
      write_report({"a\"b", "", ""}, kDay, "a.example", counts.policies(kDay, "a.example"));
  EXPECT_THAT(json, testing::HasSubstr(R"("failure-reason-code":"\"\r\n)"));
  EXPECT_THAT(json, testing::HasSubstr(R"("organization-name":"a\"b")"));
}

TEST(ReportCounts, NamesTheFileOfAReport) {
  EXPECT_EQ(report_file_name("mx.example.net", "example.org", kDay, "001"),
            "mx.example.net!example.org!1459468800!1459555199!001.json");
}

}  // namespace
}  // namespace postrider::agent
