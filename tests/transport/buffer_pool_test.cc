#include "postrider/transport/buffer_pool.h"

#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace postrider::transport {
namespace {

TEST(BufferPoolTest, LendsBuffersOfBothSizes) {
  BufferPool pool;
  const auto small = pool.borrow(BufferSize::small);
  const auto large = pool.borrow(BufferSize::large);
  EXPECT_EQ(small.span().size(), 16U * 1024);
  EXPECT_EQ(large.span().size(), 64U * 1024);
  EXPECT_EQ(pool.borrowed(), 2U);
}

TEST(BufferPoolTest, LendsTheSameBufferAgain) {
  BufferPool pool;
  char* first = nullptr;
  {
    const auto buffer = pool.borrow(BufferSize::small);
    first = buffer.span().data();
  }
  EXPECT_EQ(pool.borrowed(), 0U);
  const auto buffer = pool.borrow(BufferSize::small);
  EXPECT_EQ(buffer.span().data(), first);
}

TEST(BufferPoolTest, MovesAndReleases) {
  BufferPool pool;
  auto one = pool.borrow(BufferSize::small);
  BufferPool::Buffer two = std::move(one);
  EXPECT_FALSE(one);  // NOLINT(bugprone-use-after-move): moved-from means empty
  EXPECT_TRUE(two);
  two = pool.borrow(BufferSize::large);
  EXPECT_EQ(pool.borrowed(), 1U);
  two.release();
  two.release();
  EXPECT_FALSE(two);
  EXPECT_TRUE(two.span().empty());
  EXPECT_EQ(pool.borrowed(), 0U);
}

TEST(BufferPoolTest, KeepsOnlyAFewSpareOnes) {
  BufferPool pool(2);
  {
    std::vector<BufferPool::Buffer> many;
    for (int count = 0; count < 10; ++count) many.push_back(pool.borrow(BufferSize::small));
    EXPECT_EQ(pool.borrowed(), 10U);
  }
  EXPECT_EQ(pool.borrowed(), 0U);
  EXPECT_EQ(pool.spare(BufferSize::small), 2U);
}

}  // namespace
}  // namespace postrider::transport
