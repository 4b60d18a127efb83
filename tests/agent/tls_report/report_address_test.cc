#include "postrider/agent/tls_report/report_address.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postrider::agent {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ReportAddress, ReadsTheExamplesOfTheRfc) {
  // RFC 8460 3.1.1 and 3.1.2
  const auto mail = parse_report_policy("v=TLSRPTv1;rua=mailto:reports@example.com");
  ASSERT_TRUE(mail);
  EXPECT_THAT(mail->mailboxes, ElementsAre("reports@example.com"));
  EXPECT_THAT(mail->urls, IsEmpty());
  const auto https = parse_report_policy("v=TLSRPTv1; rua=https://reporting.example.com/v1/tlsrpt");
  ASSERT_TRUE(https);
  EXPECT_THAT(https->urls, ElementsAre("https://reporting.example.com/v1/tlsrpt"));
}

TEST(ReportAddress, ReadsSeveralAddressesAndPassesOverWhatItDoesNotKnow) {
  const auto policy = parse_report_policy(
      "v=TLSRPTv1 ; x=1; rua = MAILTO:a%2cb@example.com , ftp://example.com/ , https://example.org/r; y=2;");
  ASSERT_TRUE(policy);
  EXPECT_THAT(policy->urls, ElementsAre("https://example.org/r"));
  EXPECT_THAT(policy->mailboxes, IsEmpty()) << "a comma stands in quotes in a local part";
  EXPECT_THAT(parse_report_policy("v=TLSRPTv1;rua=mailto:a%21b@example.com?subject=x")->mailboxes,
              ElementsAre("a!b@example.com"));
}

TEST(ReportAddress, RefusesOtherRecords) {
  for (const char* text :
       {"", "v=TLSRPTv1", "v=TLSRPTv2;rua=mailto:a@example.com", "v=TLSRPTv11;rua=mailto:a@example.com",
        " v=TLSRPTv1;rua=mailto:a@example.com", "rua=mailto:a@example.com;v=TLSRPTv1", "v=TLSRPTv1;",
        "v=TLSRPTv1;rua=", "v=TLSRPTv1;rua=mailto:", "v=TLSRPTv1;rua=mailto:nobody",
        "v=TLSRPTv1;rua=mailto:a%0d%0aRCPT@example.com", "v=TLSRPTv1;rua=mailto:a%4@example.com%",
        "v=TLSRPTv1;rua=http://example.com/", "v=TLSRPTv1;rua=https://example.com/a\nb",
        "v=TLSRPTv1;rua=https://user@example.com/", "v=TLSRPTv1;rua=https:///path",
        "v=TLSRPTv1;rua=https://example.com:0/"}) {
    EXPECT_FALSE(parse_report_policy(text)) << text;
  }
}

TEST(ReportAddress, IsCutOffAnywhereWithoutHarm) {
  const std::string text = "v=TLSRPTv1;rua=mailto:a%21b@example.com,https://example.org/";
  for (std::size_t cut = 0; cut < text.size(); ++cut) {
    const auto policy = parse_report_policy(text.substr(0, cut));
    if (policy) {
      EXPECT_LE(policy->mailboxes.size() + policy->urls.size(), 2U);
    }
    if (cut < 29) {
      EXPECT_FALSE(policy) << cut;
    }
  }
}

TEST(ReportAddress, TakesAtMostTenAddresses) {
  std::string text = "v=TLSRPTv1;rua=mailto:a@example.com";
  for (int i = 0; i < 1000; ++i) text += ",mailto:a@example.com";
  EXPECT_EQ(parse_report_policy(text)->mailboxes.size(), kMostReportAddresses);
}

TEST(ReportAddress, ChoosesTheOnlyRecordOfTheVersion) {
  const std::string good = "v=TLSRPTv1;rua=mailto:a@example.com";
  EXPECT_TRUE(choose_report_policy({"v=spf1 -all", good}));
  EXPECT_FALSE(choose_report_policy({good, good}));
  EXPECT_FALSE(choose_report_policy({"v=spf1 -all"}));
  EXPECT_FALSE(choose_report_policy({}));
}

}  // namespace
}  // namespace postrider::agent
