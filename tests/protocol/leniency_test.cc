#include "postrider/protocol/leniency.h"

#include <set>
#include <string_view>

#include <gtest/gtest.h>

namespace postrider::protocol {
namespace {

TEST(Leniency, EveryLenienceHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kLenienceCount; ++i) {
    const std::string_view name = to_string(static_cast<Lenience>(i));
    EXPECT_NE(name, "(no Lenience)") << i;
    EXPECT_TRUE(names.insert(name).second) << name;
  }
  EXPECT_EQ(to_string(Lenience::space_after_colon), "space_after_colon");
}

TEST(Leniency, NothingIsAllowedByDefault) {
  constexpr Leniency strict;
  static_assert(strict.none());
  for (std::size_t i = 0; i < kLenienceCount; ++i) EXPECT_FALSE(strict.allows(static_cast<Lenience>(i))) << i;
}

TEST(Leniency, EachIsAllowedAlone) {
  for (std::size_t i = 0; i < kLenienceCount; ++i) {
    const Leniency one = Leniency().allow(static_cast<Lenience>(i));
    EXPECT_FALSE(one.none());
    for (std::size_t k = 0; k < kLenienceCount; ++k) EXPECT_EQ(one.allows(static_cast<Lenience>(k)), i == k);
  }
}

TEST(LeniencyCounts, CountsEachThatWasUsed) {
  LeniencyCounts counts;
  counts.count_all(Leniency());
  counts.count_all(Leniency().allow(Lenience::any_hello_name));
  counts.count_all(Leniency().allow(Lenience::any_hello_name).allow(Lenience::octets_after_group_end));
  EXPECT_EQ(counts[Lenience::any_hello_name], 2);
  EXPECT_EQ(counts[Lenience::octets_after_group_end], 1);
  EXPECT_EQ(counts[Lenience::space_after_colon], 0);
}

TEST(LeniencyCounts, StopsAtTheGreatestCount) {
  LeniencyCounts counts;
  for (int i = 0; i < 70000; ++i) counts.count(Lenience::long_text_line);
  EXPECT_EQ(counts[Lenience::long_text_line], 65535);
}

}  // namespace
}  // namespace postrider::protocol
