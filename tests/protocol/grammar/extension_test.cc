#include "postrider/protocol/grammar/extension.h"

#include <set>
#include <string_view>

#include <gtest/gtest.h>

namespace postrider::protocol {
namespace {

TEST(Extension, EveryOneHasAKeywordOfItsOwn) {
  std::set<std::string_view> keywords;
  for (std::size_t i = 0; i < kExtensionCount; ++i) {
    const std::string_view word = keyword(static_cast<Extension>(i));
    EXPECT_FALSE(word.empty()) << i;
    EXPECT_TRUE(keywords.insert(word).second) << word;
  }
  EXPECT_EQ(keyword(Extension::eight_bit_mime), "8BITMIME");
  EXPECT_EQ(keyword(Extension::mt_priority), "MT-PRIORITY");
}

TEST(ExtensionSet, AddsRemovesAndCompares) {
  constexpr ExtensionSet two{Extension::size, Extension::etrn};
  static_assert(two.has(Extension::size) && two.has(Extension::etrn) && !two.has(Extension::pipelining));
  static_assert(ExtensionSet().empty() && !two.empty());
  static_assert(ExtensionSet().within(two) && two.within(two) && !two.within({Extension::size}));
  ExtensionSet set = two;
  EXPECT_EQ(set.remove(Extension::etrn), ExtensionSet{Extension::size});
  EXPECT_EQ(set.add(Extension::etrn), two);
}

}  // namespace
}  // namespace postrider::protocol
