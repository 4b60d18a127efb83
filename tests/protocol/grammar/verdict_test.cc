#include "postrider/protocol/grammar/verdict.h"

#include <gtest/gtest.h>

namespace postrider::protocol {
namespace {

TEST(Verdict, IsAResultInOneWord) {
  static_assert(sizeof(Verdict) == 4);
  static_assert(Verdict());
  EXPECT_TRUE(Verdict().result());
}

TEST(Verdict, KeepsEveryErrorAsItIs) {
  for (std::size_t code = 0; code < kErrcCount; ++code) {
    for (const std::size_t offset : {0u, 1u, 2047u, 65535u}) {
      const Verdict verdict = fail(static_cast<Errc>(code), offset);
      EXPECT_FALSE(verdict);
      EXPECT_EQ(verdict.error(), (Error{static_cast<Errc>(code), static_cast<std::uint16_t>(offset)}));
      EXPECT_EQ(verdict.result().error(), verdict.error());
    }
  }
}

}  // namespace
}  // namespace postrider::protocol
