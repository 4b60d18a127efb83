#include "postrider/agent/record/session_records.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace postrider::agent {
namespace {

namespace fs = std::filesystem;
using Files = SessionRecords::Files;

std::string contents(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

class SessionRecordsTest : public testing::Test {
 protected:
  SessionRecordsTest() {
    std::array<char, 40> name{"/tmp/postrider-records-XXXXXX"};
    root_ = ::mkdtemp(name.data());
  }
  ~SessionRecordsTest() override { fs::remove_all(root_); }

  std::vector<fs::path> files() const {
    std::vector<fs::path> out;
    for (const auto& each : fs::directory_iterator(root_ / "all")) out.push_back(each.path());
    return out;
  }

  fs::path root_;
  transport::ManualClock clock_;
  transport::Endpoint peer_ = *transport::Endpoint::parse("[2001:db8::1]:4711");
};

TEST_F(SessionRecordsTest, EachSessionHasAFileOfItsOwn) {
  const auto records = SessionRecords::open(root_ / "all", Files::each, clock_);
  ASSERT_TRUE(records) << records.error();
  records->tap(fuzz::WireRole::server, peer_)->on_sent("220 mx\r\n");
  records->tap(fuzz::WireRole::server, peer_)->on_sent("220 other\r\n");
  const std::vector<fs::path> found = files();
  ASSERT_EQ(found.size(), 2U) << "also of one microsecond and one peer";
  for (const fs::path& each : found) {
    EXPECT_NE(each.filename().native().find("-2001.db8..1-4711"), std::string::npos) << each;
    EXPECT_EQ(each.extension(), ".transcript");
    EXPECT_TRUE(
        contents(each).starts_with("postrider-transcript 1\n0.000000 connected [2001:db8::1]:4711\n"));
  }
}

TEST_F(SessionRecordsTest, OneFileHasTheConnectionsOneAfterTheOther) {
  const auto records = SessionRecords::open(root_ / "one", Files::one, clock_);
  ASSERT_TRUE(records) << records.error();
  records->tap(fuzz::WireRole::client, peer_)->on_sent("QUIT\r\n");
  clock_.advance(std::chrono::seconds(1));
  records->tap(fuzz::WireRole::client, peer_)->on_sent("RSET\r\n");
  EXPECT_EQ(contents(root_ / "one"),
            "postrider-transcript 1\n0.000000 connected [2001:db8::1]:4711\n0.000000 C: QUIT\\r\\n\n"
            "1.000000 connected [2001:db8::1]:4711\n1.000000 C: RSET\\r\\n\n");
}

TEST_F(SessionRecordsTest, APathThatEndsInASlashIsAFolder) {
  ASSERT_TRUE(SessionRecords::open(root_.native() + "/all/", Files::one, clock_));
  EXPECT_TRUE(fs::is_directory(root_ / "all"));
  ASSERT_TRUE(SessionRecords::open(root_ / "all", Files::one, clock_)) << "and so is one that is there";
}

TEST_F(SessionRecordsTest, WhatCannotBeMadeIsAnError) {
  std::ofstream(root_ / "file") << "x";
  EXPECT_FALSE(SessionRecords::open(root_ / "file", Files::each, clock_));
  EXPECT_FALSE(SessionRecords::open(root_ / "no" / "such", Files::one, clock_));
}

}  // namespace
}  // namespace postrider::agent
