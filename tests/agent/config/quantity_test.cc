#include "postrider/agent/config/quantity.h"

#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace postrider::agent {
namespace {

TEST(Quantity, ReadsDurations) {
  struct Case {
    std::string_view text;
    std::int64_t seconds;
  };
  const std::vector<Case> good{{"8s", 8}, {"5m", 300}, {"4h", 14400}, {"5d", 432000}, {"0s", 0}, {"90s", 90}};
  for (const Case& each : good) {
    const auto parsed = parse_duration(each.text);
    ASSERT_TRUE(parsed) << each.text;
    EXPECT_EQ(parsed->count(), each.seconds) << each.text;
  }
}

TEST(Quantity, RefusesWhatIsNoDuration) {
  for (const std::string_view text : {"", "s", "5", "5 m", " 5m", "5m ", "-5m", "+5m", "1.5h", "5M", "5min",
                                      "1h30m", "99999999999999999999s", "18446744073709551615d", "3654d"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Quantity, ReadsSizes) {
  struct Case {
    std::string_view text;
    std::uint64_t octets;
  };
  const std::vector<Case> good{{"2048", 2048},
                               {"0", 0},
                               {"50MiB", 52428800},
                               {"1KiB", 1024},
                               {"2GiB", std::uint64_t{2} << 30},
                               {"18446744073709551615", UINT64_MAX},
                               {"16777215TiB", std::uint64_t{16777215} << 40}};
  for (const Case& each : good) {
    const auto parsed = parse_size(each.text);
    ASSERT_TRUE(parsed) << each.text;
    EXPECT_EQ(*parsed, each.octets) << each.text;
  }
}

TEST(Quantity, RefusesWhatIsNoSize) {
  for (const std::string_view text : {"", "MiB", "50 MiB", "50MB", "50M", "50mib", "-1", "1.5MiB",
                                      "18446744073709551616", "16777216TiB", "0x10"}) {
    EXPECT_FALSE(parse_size(text)) << text;
  }
}

TEST(Quantity, ReadsCounts) {
  EXPECT_EQ(parse_count("0").value(), 0U);
  EXPECT_EQ(parse_count("10000").value(), 10000U);
  for (const std::string_view text : {"", "-1", "1k", "1.0", " 1", "18446744073709551616"}) {
    EXPECT_FALSE(parse_count(text)) << text;
  }
}

TEST(Quantity, WritesDurationsShortest) {
  for (const std::string_view text : {"8s", "5m", "4h", "5d", "0s", "61s", "25h"}) {
    EXPECT_EQ(to_text(parse_duration(text).value()), text);
  }
  EXPECT_EQ(to_text(std::chrono::seconds(300)), "5m");
}

}  // namespace
}  // namespace postrider::agent
