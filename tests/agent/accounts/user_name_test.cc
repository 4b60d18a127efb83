#include "postrider/agent/accounts/user_name.h"

#include <gtest/gtest.h>

namespace postrider::agent {
namespace {

TEST(CanonicalUserName, TakesNamesAndAddresses) {
  EXPECT_EQ(*canonical_user_name("fred"), "fred");
  EXPECT_EQ(*canonical_user_name("Fred.O'Neil+list@Example.ORG"), "fred.o'neil+list@example.org");
  EXPECT_EQ(*canonical_user_name("jörg"), "jörg");
  EXPECT_TRUE(canonical_user_name(std::string(254, 'a')));
}

TEST(CanonicalUserName, RefusesTheRest) {
  for (const std::string name : {"", "a b", "a\"b", "a\\b", "a,b", "a=b", "a\tb", "a\nb", "a\x7f", "a\xff",
                                 "(a)", "\xC2\xA0", "a\xE2\x80\xAE"}) {
    EXPECT_FALSE(canonical_user_name(name)) << name;
  }
  EXPECT_FALSE(canonical_user_name(std::string("a\0b", 3)));
  EXPECT_FALSE(canonical_user_name(std::string(255, 'a')));
}

}  // namespace
}  // namespace postrider::agent
