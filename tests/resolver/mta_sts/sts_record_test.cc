#include "postrider/resolver/mta_sts/sts_record.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace postrider::resolver {
namespace {

TEST(StsRecord, OneWellFormedRecordAnnouncesAPolicy) {
  for (const char* text :
       {"v=STSv1; id=20160831085700Z;", "v=STSv1;id=20160831085700Z", "v=STSv1 ;\tid=20160831085700Z ; ",
        "v=STSv1; a.b-c_d=e:f<g; id=20160831085700Z", "v=STSv1; id=20160831085700Z; id=other"}) {
    const StsRecord record = read_sts_records({text});
    EXPECT_EQ(record.id, "20160831085700Z") << text << ": " << record.fault;
    EXPECT_TRUE(record.announced());
    EXPECT_EQ(record.fault, "");
  }
  EXPECT_EQ(read_sts_records({"v=STSv1; id=" + std::string(32, 'a')}).id.size(), 32U);
}

TEST(StsRecord, OtherRecordsOfTheNameDoNotMatter) {
  const std::vector<std::string> texts = {"v=spf1 -all",     "v=STSv10; id=1", "v=STSv1", "",
                                          "v=STSv1; id=abc", "V=STSV1; id=2"};
  EXPECT_EQ(read_sts_records(texts).id, "abc");
  const StsRecord none = read_sts_records({"v=spf1 -all"});
  EXPECT_FALSE(none.announced());
  EXPECT_EQ(none.fault, "");
  EXPECT_FALSE(read_sts_records({}).announced());
}

TEST(StsRecord, TwoRecordsAreNone) {
  const StsRecord record = read_sts_records({"v=STSv1; id=1", "v=STSv1; id=1"});
  EXPECT_FALSE(record.announced());
  EXPECT_EQ(record.fault, "more than one record begins with v=STSv1");
}

TEST(StsRecord, AMalformedRecordIsNone) {
  for (const std::string& text :
       {std::string("v=STSv1;"), std::string("v=STSv1; id="), std::string("v=STSv1; id=a-b"),
        "v=STSv1; id=" + std::string(33, 'a'), std::string("v=STSv1; id=a b"),
        std::string("v=STSv1; id=a; ; "), std::string("v=STSv1; id=a; x"), std::string("v=STSv1; id=a; x="),
        std::string("v=STSv1; id=a; -x=1"), std::string("v=STSv1; id=a; x=1=2"),
        "v=STSv1; id=a; " + std::string(33, 'x') + "=1", std::string("v=STSv1; ID=a"),
        std::string("v=STSv1; id=\xC3\xA9")}) {
    const StsRecord record = read_sts_records({text});
    EXPECT_FALSE(record.announced()) << text;
    EXPECT_NE(record.fault, "") << text;
  }
}

TEST(StsRecord, NamesAreBelowTheDomain) {
  const auto domain = DomainName::parse("example.org");
  EXPECT_EQ(sts_record_name(*domain)->text(), "_mta-sts.example.org");
  EXPECT_EQ(sts_policy_host(*domain)->text(), "mta-sts.example.org");
  std::string full;
  for (int i = 0; i < 4; ++i) full += std::string(i == 3 ? 61 : 63, 'a') + ".";
  const auto longest = DomainName::parse(full);
  ASSERT_TRUE(longest);
  EXPECT_FALSE(sts_record_name(*longest));
  EXPECT_FALSE(sts_policy_host(*longest));
}

}  // namespace
}  // namespace postrider::resolver
