#include "postrider/agent/mx/domain_report.h"

#include <string>

#include <gtest/gtest.h>

namespace postrider::agent {
namespace {

using resolver::Answer;
using resolver::DomainName;
using resolver::Security;

DomainName name(std::string_view text) { return *DomainName::parse(text); }

resolver::Address ipv4(std::uint8_t last) {
  resolver::Address out;
  out.octets = {192, 0, 2, last};
  return out;
}

DomainReport two_hosts() {
  DomainReport report;
  report.domain = "Example.org";
  report.mail_domain.name = name("example.org");
  report.plan.verdict = resolver::MxVerdict::hosts;
  report.plan.security = Security::secure;
  report.plan.canonical = name("example.org");
  report.sts.mode = "enforce";
  report.sts.id = "20261128";
  report.sts.patterns = {"*.example.org"};
  report.sts.max_age = 604800;
  HostReport first;
  first.host = {10, name("mx1.example.org")};
  first.answers.addresses = {ipv4(1), ipv4(2)};
  first.answers.security = Security::secure;
  first.answers.canonical = name("mx1.example.org");
  Answer tlsa;
  tlsa.outcome = Answer::Outcome::found;
  tlsa.security = Security::secure;
  resolver::Record record;
  record.type = resolver::RecordType::tlsa;
  record.data = std::string("\3\1\1");
  record.data.append(32, '\x0f');
  tlsa.records = {record};
  first.answers.tlsa = tlsa;
  first.answers.tlsa_base = name("mx1.example.org");
  first.sts = client::StsMatch::enforce_listed;
  first.tls.use = client::TlsUse::required;
  first.tls.target.policy = transport::TlsPolicy::dane;
  first.tls.reason = client::TlsReason::dane;
  first.tls.clear_allowed = false;
  HostReport second;
  second.host = {20, name("mx2.example.org")};
  second.answers.ipv4 = Answer::failed(resolver::LookupFault::timed_out, "mx2.example.org A: no answer");
  report.hosts = {first, second};
  return report;
}

TEST(DomainReportTest, TellsPeopleTheHostsInOrder) {
  EXPECT_EQ(two_hosts().to_text(),
            "domain          Example.org (example.org)\n"
            "MX              found (secure)\n"
            "MTA-STS         enforce, id 20261128, mx *.example.org, max_age 604800 s\n"
            "\n"
            "1. mx1.example.org  preference 10\n"
            "   addresses    192.0.2.1, 192.0.2.2 (secure)\n"
            "   DANE         1 TLSA records at mx1.example.org, 1 of them usable (secure)\n"
            "   MTA-STS      listed\n"
            "   TLS          required, verified by DANE\n"
            "\n"
            "2. mx2.example.org  preference 20\n"
            "   addresses    none: mx2.example.org A: no answer\n");
  EXPECT_EQ(two_hosts().exit_code(), ExitCode::done);
}

TEST(DomainReportTest, TellsScriptsTheSame) {
  const std::string json = two_hosts().to_json();
  EXPECT_EQ(
      json.find(
          "{\"domain\":\"Example.org\",\"name\":\"example.org\",\"verdict\":\"hosts\",\"implicit\":false,"
          "\"security\":\"secure\",\"port\":25,\"reply\":null,\"mta_sts\":{\"mode\":\"enforce\","),
      0U)
      << json;
  const std::string dane =
      "\"dane\":{\"base\":\"mx1.example.org\",\"security\":\"secure\",\"usable\":1,\"records\":[{"
      "\"usage\":3,\"selector\":1,\"matching\":1,\"data\":\"0f0f";
  EXPECT_NE(json.find(dane), std::string::npos) << json;
  EXPECT_NE(
      json.find(
          "\"tls\":{\"verdict\":\"connect\",\"use\":\"required\",\"verify\":\"dane\",\"reason\":\"dane\","
          "\"clear_allowed\":false,\"text\":null}"),
      std::string::npos)
      << json;
  EXPECT_NE(json.find("\"failure\":\"mx2.example.org A: no answer\""), std::string::npos) << json;
  EXPECT_EQ(json.back(), '\n');
}

TEST(DomainReportTest, SaysWhyThereIsNoMail) {
  DomainReport report;
  report.domain = "example.net";
  report.mail_domain.name = name("example.net");
  report.plan.verdict = resolver::MxVerdict::permanent;
  report.plan.code = 556;
  report.plan.status = "5.1.10";
  report.plan.text = "example.net accepts no mail";
  EXPECT_EQ(report.to_text(),
            "domain          example.net\nno mail         556 5.1.10 example.net accepts no mail\n");
  EXPECT_NE(report.to_json().find(
                "\"reply\":{\"code\":556,\"status\":\"5.1.10\",\"text\":\"example.net accepts no mail\"}"),
            std::string::npos);
  EXPECT_EQ(report.exit_code(), ExitCode::unavailable);
  report.plan.verdict = resolver::MxVerdict::temporary;
  EXPECT_EQ(report.exit_code(), ExitCode::temporary);
}

TEST(DomainReportTest, AnAddressLiteralNeedsNoDns) {
  DomainReport report;
  report.domain = "[192.0.2.1]";
  report.mail_domain.literal = ipv4(1);
  report.plan.verdict = resolver::MxVerdict::literal;
  EXPECT_EQ(report.exit_code(), ExitCode::done);
  EXPECT_EQ(report.to_text(), "domain          [192.0.2.1]\nmail goes to    this very address\n");
}

}  // namespace
}  // namespace postrider::agent
