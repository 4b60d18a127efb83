#include "postrider/agent/tls_report/report_store.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

namespace postrider::agent {
namespace {

namespace fs = std::filesystem;

constexpr ReportCounts::Day kDay(std::chrono::year(2026) / 11 / 28);
constexpr std::size_t kRoom = 1'000'000;

ReportedSession failure(TlsFailureType type, std::string reason = "") {
  ReportedSession session;
  session.failure = type;
  session.receiving_host = "mx.example.org";
  session.receiving_address = "2001:db8::1";
  session.reason = std::move(reason);
  return session;
}

// Two days, several policies, and octets that no line can hold.
ReportCounts sample() {
  ReportedPolicy sts;
  sts.type = TlsPolicyType::sts;
  sts.lines = {"version: STSv1", "mode: enforce", "", "-", "100%\n\t\xff"};
  sts.hosts = {"*.example.org"};
  ReportedPolicy tlsa;
  tlsa.type = TlsPolicyType::tlsa;
  tlsa.domain = "mx.example.org";
  ReportCounts counts;
  counts.record(kDay, "example.org", sts, {});
  counts.record(kDay, "example.org", sts, {});
  counts.record(kDay, "example.org", sts, failure(TlsFailureType::certificate_expired, "it has\r\nexpired"));
  counts.record(kDay, "example.org", tlsa, failure(TlsFailureType::dnssec_invalid));
  counts.record(kDay, "example.net", {}, {});
  counts.record(kDay + std::chrono::days(1), "example.org", {}, failure(TlsFailureType::validation_failure));
  return counts;
}

TEST(ReportStore, ReadsBackWhatItHasWritten) {
  const ReportCounts counts = sample();
  const std::string text = write_report_counts(counts, kRoom);
  const auto read = read_report_counts(text);
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->all(), counts.all());
  EXPECT_EQ(write_report_counts(*read, kRoom), text);
}

TEST(ReportStore, RefusesWhatWasCutAnywhere) {
  const std::string text = write_report_counts(sample(), kRoom);
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_FALSE(read_report_counts(std::string_view(text).substr(0, length))) << length;
  }
  EXPECT_FALSE(read_report_counts(text + "domain 1 a\n"));
}

TEST(ReportStore, ReadsOrRefusesWhateverOctetsAreChanged) {
  const std::string text = write_report_counts(sample(), kRoom);
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const char other : {'\0', '\n', ' ', '%', '9', 'z', '\xff'}) {
      std::string changed = text;
      changed[at] = other;
      const auto read = read_report_counts(changed);
      if (!read) continue;
      const auto again = read_report_counts(write_report_counts(*read, kRoom));
      ASSERT_TRUE(again) << again.error() << " " << at;
      EXPECT_EQ(again->all(), read->all()) << at;
    }
  }
}

TEST(ReportStore, RefusesLinesThatCannotStandThere) {
  const std::string title = "postrider tls-report 1\n";
  for (const std::string lines : {
           "policy sts 1 0\n",                                            // of no domain
           "domain 5 a\nline x\n",                                        // of no policy
           "domain -1 a\n",                                               //
           "domain 100001 a\n",                                           //
           "domain 5 -\n",                                                // no name
           "domain 5 a b\n",                                              // too many words
           "domain 5 a\npolicy odd 1 0\n",                                //
           "domain 5 a\npolicy sts 1\n",                                  //
           "domain 5 a\npolicy sts 1 99999999999999999999\n",             //
           "domain 5 a\npolicy sts 1 0\nline %4\n",                       //
           "domain 5 a\npolicy sts 1 0\ndetail none 1 - - - -\n",         // a failure that is none
           "domain 5 a\npolicy sts 1 0\ndetail tlsa-invalid 1 - - -\n",   //
           "domain 5 a\npolicy sts 1 0\ndetail tlsa-invalid x - - - -\n"  //
       }) {
    EXPECT_FALSE(read_report_counts(title + lines + "end\n")) << lines;
  }
  EXPECT_TRUE(read_report_counts(title + "end\n"));
  EXPECT_FALSE(read_report_counts("postrider tls-report 2\nend\n"));
}

TEST(ReportStore, LeavesOutWholeDomainsWhenThereIsNoRoom) {
  const ReportCounts counts = sample();
  const std::size_t most = write_report_counts(counts, kRoom).size() - 1;
  const std::string text = write_report_counts(counts, most);
  EXPECT_LE(text.size(), most);
  const auto read = read_report_counts(text);
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->all().size(), counts.all().size() - 1);
}

class ReportStoreFileTest : public testing::Test {
 protected:
  ReportStoreFileTest() {
    const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::path(testing::TempDir()) / ("postrider-tls-report-" + std::string(test->name()));
    fs::remove_all(folder_);
  }
  ~ReportStoreFileTest() override { fs::remove_all(folder_); }

  void write(std::string_view text) {
    fs::create_directories(folder_);
    std::ofstream(folder_ / "counts", std::ios::binary) << text;
  }

  fs::path folder_;
};

TEST_F(ReportStoreFileTest, KeepsCountersAcrossARestart) {
  {
    ReportStore store(folder_);
    EXPECT_EQ(store.open(), std::nullopt);
    EXPECT_EQ(store.save(), std::nullopt);
    EXPECT_FALSE(fs::exists(folder_ / "counts")) << "there was nothing to keep";
    store.counts().record(kDay, "example.org", {}, {});
    EXPECT_EQ(store.save(), std::nullopt);
  }
  ReportStore store(folder_);
  EXPECT_EQ(store.open(), std::nullopt);
  EXPECT_EQ(store.counts().policies(kDay, "example.org").begin()->second.successes, 1U);
  store.counts().forget(kDay, "example.org");
  EXPECT_EQ(store.save(), std::nullopt);
  ReportStore again(folder_);
  EXPECT_EQ(again.open(), std::nullopt);
  EXPECT_TRUE(again.counts().all().empty());
}

TEST_F(ReportStoreFileTest, SetsAsideWhatItCannotRead) {
  write("something else\n");
  ReportStore store(folder_);
  const auto problem = store.open();
  ASSERT_TRUE(problem);
  EXPECT_NE(problem->find("counts.damaged"), std::string::npos) << *problem;
  EXPECT_TRUE(fs::exists(folder_ / "counts.damaged"));
  EXPECT_TRUE(store.counts().all().empty());
  store.counts().record(kDay, "example.org", {}, {});
  EXPECT_EQ(store.save(), std::nullopt);
  EXPECT_EQ(ReportStore(folder_).open(), std::nullopt);
}

TEST_F(ReportStoreFileTest, SaysWhyNothingCanBeWrittenAndTriesAgain) {
  ReportStore store(folder_);
  EXPECT_EQ(store.open(), std::nullopt);
  fs::remove_all(folder_);
  store.counts().record(kDay, "example.org", {}, {});
  EXPECT_TRUE(store.save());
  fs::create_directories(folder_);
  EXPECT_EQ(store.save(), std::nullopt);
  EXPECT_TRUE(fs::exists(folder_ / "counts"));
}

}  // namespace
}  // namespace postrider::agent
