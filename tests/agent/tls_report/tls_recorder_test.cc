#include "postrider/agent/tls_report/tls_recorder.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postrider::agent {
namespace {

using testing::ElementsAre;

// A ManualClock begins on 2019-12-20.
constexpr ReportCounts::Day kDay(std::chrono::year(2019) / 12 / 20);

client::MxAttempt attempt(std::string policy, std::string result) {
  client::MxAttempt out;
  out.host = "mx.example.org";
  out.endpoint = transport::Endpoint::parse_address("192.0.2.1", 25);
  out.policy_type = std::move(policy);
  out.tls_result = std::move(result);
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
  recorder_.attempted("example.org", attempt("no-policy-found", "success"));
  recorder_.attempted("example.org", attempt("no-policy-found", "success"));
  recorder_.attempted("example.org", attempt("no-policy-found", "starttls-not-supported"));
  clock_.advance(std::chrono::hours(24));
  recorder_.attempted("example.org", attempt("no-policy-found", "success"));
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
  recorder_.attempted("example.org", attempt("", ""));
  recorder_.attempted("example.org", attempt("no-policy-found", ""));
  recorder_.attempted("example.org", attempt("no-policy-found", "something-new"));
  recorder_.attempted("example.org", attempt("something-new", "success"));
  auto reused = attempt("no-policy-found", "success");
  reused.reused = true;
  recorder_.attempted("example.org", reused);
  EXPECT_TRUE(counts_.all().empty());
}

TEST_F(TlsRecorderTest, NamesTheRecordsOfDane) {
  auto by_dane = attempt("tlsa", "success");
  by_dane.decision.emplace();
  transport::TlsaRecord record;
  record.usage = 3;
  record.selector = 1;
  record.matching = 1;
  record.data = "\x01\xab";
  by_dane.decision->target.tlsa.push_back(record);
  recorder_.attempted("example.org", by_dane);
  ASSERT_EQ(seen().size(), 1U);
  EXPECT_EQ(only().first.type, ReportedPolicyType::tlsa);
  EXPECT_THAT(only().first.lines, ElementsAre("3 1 1 01AB"));
  EXPECT_THAT(only().first.hosts, ElementsAre("mx.example.org"));
}

TEST_F(TlsRecorderTest, HasThePolicyOfMtaSts) {
  const auto policy =
      resolver::StsPolicy::parse("version: STSv1\nmode: enforce\nmx: *.example.org\nmax_age: 86400\n");
  ASSERT_TRUE(policy);
  policies_.put(*resolver::DomainName::parse("example.org"),
                resolver::StsEntry("1", *policy, clock_.system_now()));
  recorder_.attempted("example.org", attempt("sts", "certificate-expired"));
  ASSERT_EQ(seen().size(), 1U);
  EXPECT_EQ(only().first.type, ReportedPolicyType::sts);
  EXPECT_THAT(only().first.lines,
              ElementsAre("version: STSv1", "mode: enforce", "mx: *.example.org", "max_age: 86400"));
  EXPECT_THAT(only().first.hosts, ElementsAre("*.example.org"));
  EXPECT_EQ(only().second.failures, 1U);
}

}  // namespace
}  // namespace postrider::agent
