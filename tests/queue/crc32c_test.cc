#include "postrider/queue/crc32c.h"

#include <string>

#include <gtest/gtest.h>

namespace postrider::queue {
namespace {

// The vectors of RFC 3720 appendix B.4.
TEST(Crc32cTest, IsTheOneOfTheVectors) {
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aaU);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43U);
  std::string rising;
  for (char each = 0; each < 32; ++each) rising.push_back(each);
  EXPECT_EQ(crc32c(rising), 0x46dd794eU);
  EXPECT_EQ(crc32c(std::string(rising.rbegin(), rising.rend())), 0x113fdb5cU);
}

TEST(Crc32cTest, OfNothingIsNought) { EXPECT_EQ(crc32c(""), 0U); }

TEST(Crc32cTest, OfDigitsIsTheCheckValue) { EXPECT_EQ(crc32c("123456789"), 0xe3069283U); }

}  // namespace
}  // namespace postrider::queue
