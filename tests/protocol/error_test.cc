#include "postrider/protocol/error.h"

#include <set>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace postrider::protocol {
namespace {

TEST(Error, EveryCodeHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kErrcCount; ++i) {
    const std::string_view name = to_string(static_cast<Errc>(i));
    EXPECT_NE(name, "(no Errc)") << i;
    EXPECT_TRUE(names.insert(name).second) << name;
  }
  EXPECT_EQ(to_string(Errc::bare_line_feed), "bare_line_feed");
  EXPECT_EQ(to_string(Errc::misuse), "misuse");
}

TEST(Error, FailCarriesCodeAndOffset) {
  const Result<int> failed = fail(Errc::bad_path, 12);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error(), (Error{Errc::bad_path, 12}));
}

TEST(Error, AnOffsetThatDoesNotFitIsTheGreatestThatDoes) {
  EXPECT_EQ(fail(Errc::bad_path, 65534).error().offset, 65534);
  EXPECT_EQ(fail(Errc::bad_path, 65535).error().offset, 65535);
  EXPECT_EQ(fail(Errc::bad_path, 65536).error().offset, 65535);
  EXPECT_EQ(fail(Errc::bad_path, SIZE_MAX).error().offset, 65535);
}

}  // namespace
}  // namespace postrider::protocol
