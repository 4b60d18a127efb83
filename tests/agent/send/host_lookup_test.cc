#include "postrider/agent/send/host_lookup.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postrider::agent {
namespace {

using testing::HasSubstr;

class HostLookupTest : public testing::Test {
 protected:
  HostLookupTest() {
    const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
    zone_ = std::filesystem::path(testing::TempDir()) / ("postrider-lookup-" + std::string(test->name()));
    std::ofstream(zone_) << "mail.example. A 192.0.2.1\nmail.example. AAAA 2001:db8::1\n";
    config_.resolver.backend = ResolverBackend::fixed;
    config_.resolver.zone = zone_;
  }
  ~HostLookupTest() override { std::filesystem::remove(zone_); }

  std::filesystem::path zone_;
  Config config_;
};

TEST_F(HostLookupTest, AsksTheResolverOfTheConfiguration) {
  const auto found = look_up(HostPort{"mail.example", 2525}, config_);
  ASSERT_TRUE(found) << found.error().text;
  ASSERT_EQ(found->size(), 2U);
  EXPECT_EQ((*found)[0].to_string(), "[2001:db8::1]:2525");
  EXPECT_EQ((*found)[1].to_string(), "192.0.2.1:2525");
}

TEST_F(HostLookupTest, SaysWhatToDoAboutAMissingName) {
  const auto found = look_up(HostPort{"missing.example", 25}, config_);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ExitCode::unavailable);
  EXPECT_THAT(found.error().text, HasSubstr("missing.example: "));
  EXPECT_THAT(found.error().text, HasSubstr("(by the configuration's [resolver])"));
  EXPECT_THAT(found.error().text, HasSubstr("check the name"));
}

TEST_F(HostLookupTest, NamesTheKeyThatIsWrong) {
  std::filesystem::remove(zone_);
  const auto found = look_up(HostPort{"mail.example", 25}, config_);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ExitCode::configuration);
  EXPECT_THAT(found.error().text, HasSubstr("resolver.zone"));
}

TEST_F(HostLookupTest, KnowsThisMachineAndAddressesWithoutAsking) {  // RFC 6761 6.3
  for (const char* host : {"localhost", "LocalHost", "127.0.0.1", "::1"}) {
    const auto found = look_up(HostPort{host, 25}, config_);
    ASSERT_TRUE(found) << found.error().text;
    EXPECT_TRUE(std::ranges::all_of(*found, &transport::Endpoint::is_loopback)) << host;
    EXPECT_EQ(found->front().port(), 25) << host;
  }
  EXPECT_FALSE(look_up(HostPort{"notlocalhost", 25}, config_));
}

TEST_F(HostLookupTest, AsksTheSystemWhereNothingIsConfigured) {
  const auto found = look_up(HostPort{"localhost", 25}, Config());
  ASSERT_TRUE(found) << found.error().text;
  const auto none = look_up(HostPort{"bad name!", 25}, Config());
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().text, HasSubstr("bad name!: "));
  EXPECT_THAT(none.error().text, HasSubstr("check the name"));
}

}  // namespace
}  // namespace postrider::agent
