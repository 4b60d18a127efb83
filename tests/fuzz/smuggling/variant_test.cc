#include "postrider/fuzz/smuggling/variant.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace postrider::fuzz {
namespace {

using namespace std::string_literals;

TEST(SmugglingVariant, HasNamesThatAreUniqueAndSayWhatTheyAre) {
  std::set<std::string> names;
  for (const Variant& each : variants()) {
    EXPECT_TRUE(names.insert(each.name).second) << each.name;
    EXPECT_FALSE(each.what.empty()) << each.name;
    EXPECT_TRUE(each.clause.starts_with("RFC ")) << each.name;
    EXPECT_FALSE(each.pieces.empty()) << each.name;
    EXPECT_EQ(find_variant(each.name), &each);
  }
  EXPECT_GE(names.size(), 75U);
  EXPECT_EQ(find_variant("no-such"), nullptr);
}

TEST(SmugglingVariant, IsAnEndExactlyWhereCrlfDotCrlfStands) {
  for (const Variant& each : variants()) {
    const bool has_end = each.sequence().find("\r\n.\r\n") != std::string::npos || each.empty_message;
    const bool is_end = each.carrier == Carrier::data && has_end;
    EXPECT_EQ(each.expected == Expected::end, is_end) << each.name;
  }
}

TEST(SmugglingVariant, HasTheSequencesThatImplementationsWereCaughtWith) {
  EXPECT_EQ(find_variant("lf-dot-lf")->sequence(), "\n.\n");
  EXPECT_EQ(find_variant("lf-dot-crlf")->sequence(), "\n.\r\n");
  EXPECT_EQ(find_variant("cr-dot-cr")->sequence(), "\r.\r");
  EXPECT_EQ(find_variant("crlf-dot-crcrlf")->sequence(), "\r\n.\r\r\n");
  EXPECT_EQ(find_variant("crlf-nul-dot-crlf")->sequence(), "\r\n\0.\r\n"s);
  EXPECT_EQ(find_variant("crlf-dot-lf")->expected, Expected::content);
  EXPECT_EQ(find_variant("crlf-dot-crlf")->expected, Expected::end);
}

TEST(SmugglingVariant, IsCutWhereItsNameSays) {
  EXPECT_EQ(find_variant("split-everywhere")->pieces.size(), 5U);
  EXPECT_EQ(find_variant("split-everywhere")->sequence(), "\r\n.\r\n");
  EXPECT_EQ(find_variant("bdat-split-dot")->sequence(), "\r\n.\r\n");
}

}  // namespace
}  // namespace postrider::fuzz
