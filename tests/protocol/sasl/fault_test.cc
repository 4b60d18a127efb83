#include "postrider/protocol/sasl/fault.h"

#include <set>
#include <string_view>

#include <gtest/gtest.h>

namespace postrider::protocol::sasl {
namespace {

TEST(Fault, EachHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    const std::string_view name = to_string(static_cast<Fault>(i));
    EXPECT_FALSE(name.empty());
    EXPECT_TRUE(names.insert(name).second) << name;
  }
  EXPECT_EQ(to_string(Fault::bad_base64), "bad_base64");
  EXPECT_EQ(to_string(Fault::downgraded), "downgraded");
  EXPECT_EQ(to_string(Fault::server_refused), "server_refused");
  EXPECT_EQ(to_string(Fault::misuse), "misuse");
}

}  // namespace
}  // namespace postrider::protocol::sasl
