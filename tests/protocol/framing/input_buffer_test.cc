#include "postrider/protocol/framing/input_buffer.h"

#include <algorithm>
#include <array>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace postrider::protocol {
namespace {

std::size_t put(InputBuffer& in, std::string_view octets) {
  const std::span<char> space = in.writable();
  const std::size_t n = std::min(space.size(), octets.size());
  std::copy_n(octets.begin(), n, space.begin());
  in.commit(n);
  return n;
}

TEST(InputBuffer, ReceivesAndConsumes) {
  std::array<char, 8> memory{};
  InputBuffer in(memory);
  EXPECT_TRUE(in.empty());
  EXPECT_EQ(in.writable().size(), 8u);
  EXPECT_EQ(put(in, "12345"), 5u);
  EXPECT_EQ(in.data(), "12345");
  in.consume(2);
  EXPECT_EQ(in.data(), "345");
  EXPECT_EQ(in.writable().size(), 5u);  // moved to the front
  EXPECT_EQ(put(in, "6789abc"), 5u);
  EXPECT_EQ(in.data(), "3456789a");
  EXPECT_TRUE(in.writable().empty());
  in.consume(8);
  EXPECT_TRUE(in.empty());
  EXPECT_EQ(in.writable().size(), 8u);
}

// Views of the octets stay good until the next writable().
TEST(InputBuffer, ConsumingMovesNothing) {
  std::array<char, 8> memory{};
  InputBuffer in(memory);
  put(in, "abcdefgh");
  const std::string_view view = in.data().substr(0, 3);
  in.consume(5);
  EXPECT_EQ(view, "abc");
  EXPECT_EQ(in.data().data(), memory.data() + 5);
}

TEST(InputBuffer, WithoutMemory) {
  InputBuffer in;
  EXPECT_TRUE(in.empty());
  EXPECT_EQ(in.data(), "");
  EXPECT_TRUE(in.writable().empty());
  in.commit(0);
  in.consume(0);
  EXPECT_EQ(in.discard_all(), 0u);
  in.move_to({});
  EXPECT_TRUE(in.memory().empty());
  std::array<char, 4> memory{};
  in.move_to(memory);
  EXPECT_EQ(put(in, "abcdef"), 4u);
  EXPECT_EQ(in.data(), "abcd");
}

TEST(InputBuffer, MovesToOtherMemory) {
  std::array<char, 4> small{};
  std::array<char, 16> large{};
  InputBuffer in(small);
  put(in, "abcd");
  in.consume(1);
  in.move_to(large);
  small.fill('x');
  EXPECT_EQ(in.data(), "bcd");
  EXPECT_EQ(in.writable().size(), 13u);
  put(in, "efgh");
  EXPECT_EQ(in.data(), "bcdefgh");
  in.consume(3);
  in.move_to(small);
  EXPECT_EQ(in.data(), "efgh");
  EXPECT_TRUE(in.writable().empty());
  in.consume(4);
  in.move_to({});  // an idle connection lends its memory back
  EXPECT_TRUE(in.empty());
}

TEST(InputBuffer, DiscardsWhatCameInClear) {
  std::array<char, 16> memory{};
  InputBuffer in(memory);
  put(in, "220 go\r\n250 x");
  in.consume(8);
  EXPECT_EQ(in.discard_all(), 5u);
  EXPECT_TRUE(in.empty());
  EXPECT_EQ(in.writable().size(), 16u);
}

TEST(InputBuffer, IsAQueueOfOctets) {
  std::mt19937 random(1);
  std::array<char, 37> memory{};
  InputBuffer in(memory);
  std::string expected;
  char next = 0;
  for (int i = 0; i < 100'000; ++i) {
    if (random() % 2 == 0) {
      std::string octets(random() % 20, ' ');
      for (char& c : octets) c = next++;
      const std::size_t n = put(in, octets);
      ASSERT_EQ(n, std::min(octets.size(), memory.size() - expected.size()));
      next = static_cast<char>(next - static_cast<char>(octets.size() - n));
      expected += octets.substr(0, n);
    } else {
      const std::size_t n = random() % (expected.size() + 1);
      in.consume(n);
      expected.erase(0, n);
    }
    ASSERT_EQ(in.data(), expected);
  }
}

}  // namespace
}  // namespace postrider::protocol
