#include "postrider/protocol/sasl/secret.h"

#include <algorithm>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace postrider::protocol::sasl {
namespace {

using namespace std::string_view_literals;

TEST(Secret, HoldsOctets) {
  const Secret secret = Secret::join({"a", "\0"sv, "", "bc"});
  EXPECT_EQ(secret.view(), "a\0bc"sv);
  EXPECT_FALSE(secret.empty());
  EXPECT_TRUE(Secret().empty());
  EXPECT_EQ(Secret().view(), "");
  EXPECT_EQ(secret.copy().view(), secret.view());
}

TEST(Secret, MovingLeavesNothingBehind) {
  Secret from("pencil");
  Secret to(std::move(from));
  EXPECT_EQ(to.view(), "pencil");
  EXPECT_TRUE(from.empty());  // NOLINT(bugprone-use-after-move): that is the promise
  Secret other;
  other = std::move(to);
  EXPECT_EQ(other.view(), "pencil");
}

TEST(Secret, Base64BothWays) {
  EXPECT_EQ(Secret("\0a\0b"sv).base64().view(), "AGEAYg==");
  const Secret::Decoded decoded = Secret::from_base64("AGEAYg==");
  EXPECT_TRUE(decoded.good);
  EXPECT_EQ(decoded.octets.view(), "\0a\0b"sv);
  EXPECT_TRUE(Secret::from_base64("").good);
  EXPECT_TRUE(Secret::from_base64("").octets.empty());
  for (const std::string_view bad : {"="sv, "A"sv, "AGEAYg="sv, "AGEAYh=="sv, "AG EA"sv, "*"sv}) {
    EXPECT_FALSE(Secret::from_base64(bad).good) << bad;
  }
}

TEST(Wipe, OverwritesEveryOctet) {
  std::string octets = "pencil";
  wipe(octets);
  EXPECT_TRUE(std::ranges::all_of(octets, [](char c) { return c == '\0'; }));
  wipe({});
}

TEST(EqualInConstantTime, ComparesOctets) {
  EXPECT_TRUE(equal_in_constant_time("", ""));
  EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
  for (std::size_t i = 0; i < 32; ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string other(32, 'x');
      other[i] = static_cast<char>(static_cast<unsigned char>(other[i]) ^ (1u << bit));
      EXPECT_FALSE(equal_in_constant_time(std::string(32, 'x'), other));
    }
  }
  EXPECT_FALSE(equal_in_constant_time("abc", "ab"));
}

}  // namespace
}  // namespace postrider::protocol::sasl
