#include "postrider/fuzz/campaign/comparison.h"

#include <gtest/gtest.h>

namespace postrider::fuzz {
namespace {

Verdict answered(std::vector<unsigned> codes) {
  Verdict verdict;
  for (const unsigned code : codes)
    verdict.exchanges.push_back({.owner = "NOOP", .state = "new", .line = "NOOP", .code = code});
  return verdict;
}

TEST(FirstDisagreement, IsNoneWhereClassesAreTheSame) {
  EXPECT_TRUE(first_disagreement({answered({220, 250}), answered({220, 251})}).empty());
  EXPECT_TRUE(first_disagreement({}).empty());
}

TEST(FirstDisagreement, NamesEachAnswerAndTheClause) {
  const auto found =
      first_disagreement({answered({250, 250, 500}), answered({250, 500, 250}), answered({250})});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].answers, (std::vector<std::string>{"2xx", "5xx", "none"}));
  EXPECT_EQ(found[0].codes, (std::vector<std::string>{"250", "500", "none"}));
  EXPECT_EQ(found[0].clause, "RFC 5321 4.1.1.9");
}

TEST(FirstDisagreement, LooksNoFurtherThanAServerThatHasHadEnough) {
  EXPECT_TRUE(first_disagreement({answered({250, 421}), answered({250, 250})}).empty());
}

TEST(ClauseOf, HasOneForWhatIsNoCommand) { EXPECT_EQ(clause_of("XYZZY"), "RFC 5321 4.2.4"); }

}  // namespace
}  // namespace postrider::fuzz
