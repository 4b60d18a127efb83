#include "postrider/agent/accounts/login_throttle.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace postrider::agent {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using transport::Duration;
using transport::Endpoint;
using transport::SteadyTime;

const Endpoint kStranger = *Endpoint::parse("192.0.2.1:1000");
const Endpoint kLocal = *Endpoint::parse("127.0.0.1:1000");

class Throttle : public testing::Test {
 protected:
  std::int64_t wait(const Endpoint& peer, std::string_view account) {
    return std::chrono::duration_cast<seconds>(throttle_.attempt(peer, account, now_)).count();
  }
  SteadyTime now_ = SteadyTime(std::chrono::hours(1));
  LoginThrottle throttle_;
};

TEST_F(Throttle, WaitsGrowAndEnd) {
  for (const std::int64_t expected : {0, 0, 0, 1, 2, 4, 8, 16, 32, 32}) {
    EXPECT_EQ(wait(kStranger, "user" + std::to_string(expected)), expected);
  }
  for (int i = 0; i < 100; ++i) EXPECT_EQ(wait(kStranger, "x" + std::to_string(i)), 32);
  EXPECT_EQ(wait(*Endpoint::parse("192.0.2.2:1"), "fred"), 0);
  now_ += minutes(15);
  EXPECT_EQ(wait(kStranger, "fred"), 0);
}

TEST_F(Throttle, AnAccountIsSlowedDownForEverybodyButNotLockedOut) {
  for (int i = 0; i < 20; ++i) {
    const std::int64_t expected = i < 3 ? 0 : i == 3 ? 1 : i == 4 ? 2 : 4;
    EXPECT_EQ(wait(*Endpoint::parse("192.0.2." + std::to_string(i) + ":1"), "fred"), expected) << i;
  }
}

TEST_F(Throttle, LoopbackCountsByAccountAlone) {
  for (int i = 0; i < 10; ++i) EXPECT_EQ(wait(kLocal, "user" + std::to_string(i)), 0);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(wait(kLocal, "fred"), 0);
  EXPECT_EQ(wait(kLocal, "fred"), 1);
}

TEST_F(Throttle, NeighboursInIpv6AreOne) {
  for (int i = 0; i < 3; ++i) wait(*Endpoint::parse("[2001:db8::" + std::to_string(i + 1) + "]:1"), "");
  EXPECT_EQ(wait(*Endpoint::parse("[2001:db8::ffff]:1"), ""), 1);
  EXPECT_EQ(wait(*Endpoint::parse("[2001:db8:0:1::1]:1"), ""), 0);
}

TEST_F(Throttle, SuccessForgivesTheAccountAndOneAttemptOfTheAddress) {
  for (int i = 0; i < 5; ++i) wait(kStranger, "fred");
  wait(kStranger, "mine");
  throttle_.succeeded(kStranger, "mine");
  EXPECT_EQ(wait(kStranger, "mine"), 4);  // the sixth of this address, as if the one before had not been
  EXPECT_EQ(wait(*Endpoint::parse("192.0.2.9:1"), "mine"), 0);
  throttle_.taken_back(kStranger, "mine");
  EXPECT_EQ(wait(kStranger, "other"), 4);
}

TEST_F(Throttle, RemembersABoundedNumber) {
  ThrottleLimits limits;
  limits.most = 100;
  LoginThrottle small(limits);
  for (int i = 0; i < 4; ++i) small.attempt(kStranger, "fred", now_);
  for (unsigned i = 0; i < 10'000; ++i) {
    const std::array<std::uint8_t, 4> address{10, 0, static_cast<std::uint8_t>(i >> 8),
                                              static_cast<std::uint8_t>(i)};
    small.attempt(Endpoint::ipv4(address, 1), "user" + std::to_string(i), now_);
    // In use all the time, so never forgotten.
    if (i % 10 == 0) {
      EXPECT_GT(small.attempt(kStranger, "fred", now_), Duration::zero());
    }
    ASSERT_LE(small.remembered(), 200u);
  }
}

}  // namespace
}  // namespace postrider::agent
