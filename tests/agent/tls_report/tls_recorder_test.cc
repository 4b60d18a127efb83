#include "postrider/agent/tls_report/tls_recorder.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postrider::agent {
namespace {

using testing::ElementsAre;

// A ManualClock begins on 2019-12-20.
constexpr ReportCounts::Day kDay(std::chrono::year(2019) / 12 / 20);

client::MxAttempt attempt(TlsPolicyType policy, std::optional<TlsFailureType> result) {
  client::MxAttempt out;
  out.host = "mx.example.org";
  out.endpoint = transport::Endpoint::parse_address("192.0.2.1", 25);
  out.policy_type = policy;
  out.tls_result = result;
  return out;
}

class TlsRecorderTest : public testing::Test {
 protected:
  const ReportCounts::Policies& seen() const { return counts_.policies(kDay, "example.org"); }
  const std::pair<const ReportedPolicy, ReportedCounts>& only() const { return *seen().begin(); }

  transport::ManualClock clock_;
  ReportCounts counts_;
  resolver::StsStore policies_{""};
  TlsRecorder recorder_{clock_, counts_, &policies_};
};

TEST_F(TlsRecorderTest, CountsSuccessesAndFailuresOfTheDay) {
  recorder_.attempted("example.org", attempt(TlsPolicyType::no_policy_found, TlsFailureType::none));
  recorder_.attempted("example.org", attempt(TlsPolicyType::no_policy_found, TlsFailureType::none));
  recorder_.attempted("example.org",
                      attempt(TlsPolicyType::no_policy_found, TlsFailureType::starttls_not_supported));
  clock_.advance(std::chrono::hours(24));
  recorder_.attempted("example.org", attempt(TlsPolicyType::no_policy_found, TlsFailureType::none));
  ASSERT_EQ(seen().size(), 1U);
  EXPECT_EQ(only().first, ReportedPolicy());
  EXPECT_EQ(only().second.successes, 2U);
  EXPECT_EQ(only().second.failures, 1U);
  ReportedSession failed;
  failed.failure = TlsFailureType::starttls_not_supported;
  failed.receiving_host = "mx.example.org";
  failed.receiving_address = "192.0.2.1";
  EXPECT_THAT(only().second.details, ElementsAre(std::pair(failed, 1U)));
  EXPECT_EQ(counts_.policies(kDay + std::chrono::days(1), "example.org").begin()->second.successes, 1U);
}

TEST_F(TlsRecorderTest, DoesNotCountWhatSaysNothing) {
  recorder_.attempted("example.org", attempt(TlsPolicyType::no_policy_found, std::nullopt));
  recorder_.attempted("example.org", attempt(TlsPolicyType::tlsa, std::nullopt));
  auto reused = attempt(TlsPolicyType::no_policy_found, TlsFailureType::none);
  reused.reused = true;
  recorder_.attempted("example.org", reused);
  EXPECT_TRUE(counts_.all().empty());
}

TEST_F(TlsRecorderTest, NamesTheRecordsOfDane) {
  auto by_dane = attempt(TlsPolicyType::tlsa, TlsFailureType::none);
  by_dane.decision.emplace();
  by_dane.decision->target.name = "mx.base.example";
  transport::TlsaRecord record;
  record.usage = 3;
  record.selector = 1;
  record.matching = 1;
  record.data = "\x01\xab";
  by_dane.decision->target.tlsa.push_back(record);
  recorder_.attempted("example.org", by_dane);
  ASSERT_EQ(seen().size(), 1U);
  EXPECT_EQ(only().first.type, TlsPolicyType::tlsa);
  EXPECT_THAT(only().first.lines, ElementsAre("3 1 1 01AB"));
  EXPECT_EQ(only().first.domain, "mx.base.example") << "RFC 8460 1.1";
  EXPECT_THAT(only().first.hosts, testing::IsEmpty()) << "RFC 8460 4.4: of MTA-STS alone";
}

TEST_F(TlsRecorderTest, HasThePolicyOfMtaSts) {
  const auto policy =
      resolver::StsPolicy::parse("version: STSv1\nmode: enforce\nmx: *.example.org\nmax_age: 86400\n");
  ASSERT_TRUE(policy);
  policies_.put(*resolver::DomainName::parse("example.org"),
                resolver::StsEntry("1", *policy, clock_.system_now()));
  recorder_.attempted("example.org", attempt(TlsPolicyType::sts, TlsFailureType::certificate_expired));
  ASSERT_EQ(seen().size(), 1U);
  EXPECT_EQ(only().first.type, TlsPolicyType::sts);
  EXPECT_THAT(only().first.lines,
              ElementsAre("version: STSv1", "mode: enforce", "mx: *.example.org", "max_age: 86400"));
  EXPECT_THAT(only().first.hosts, ElementsAre("*.example.org"));
  EXPECT_EQ(only().second.failures, 1U);
}

TEST_F(TlsRecorderTest, CountsAPolicyThatCouldNotBeHadBesideTheSession) {  // RFC 8460 4.3.2.2
  auto without = attempt(TlsPolicyType::no_policy_found, TlsFailureType::none);
  without.sts_fault = TlsFailureType::sts_policy_fetch_error;
  without.sts_failure = "https://mta-sts.example.org/.well-known/mta-sts.txt: status 404";
  recorder_.attempted("example.org", without);
  recorder_.attempted("example.org", without);
  without.reused = true;
  recorder_.attempted("example.org", without);
  ASSERT_EQ(seen().size(), 2U);
  EXPECT_EQ(only().first, ReportedPolicy());
  EXPECT_EQ(only().second.successes, 2U);
  EXPECT_EQ(only().second.failures, 0U);
  const auto& [policy, counts] = *std::next(seen().begin());
  EXPECT_EQ(policy.type, TlsPolicyType::sts);
  EXPECT_TRUE(policy.lines.empty() && policy.hosts.empty()) << "nobody knows them";
  EXPECT_EQ(counts.successes, 0U);
  EXPECT_EQ(counts.failures, 2U);
  ReportedSession failed;
  failed.failure = TlsFailureType::sts_policy_fetch_error;
  failed.reason = without.sts_failure;
  EXPECT_THAT(counts.details, ElementsAre(std::pair(failed, 2U)));
}

}  // namespace
}  // namespace postrider::agent
