#include "postrider/protocol/framing/output_buffer.h"

#include <random>
#include <string>

#include <gtest/gtest.h>

#include "postrider/tests/protocol/support/allocation_counter.h"

namespace postrider::protocol {
namespace {

using testing::AllocationCounter;

TEST(OutputBuffer, KeepsShortTextInside) {
  AllocationCounter counter;
  OutputBuffer<8> out;
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(out.data(), "");
  out.append("1234");
  out.append("5678");
  EXPECT_EQ(out.data(), "12345678");
  EXPECT_EQ(out.size(), 8u);
  out.consume(3);
  EXPECT_EQ(out.data(), "45678");
  out.consume(5);
  EXPECT_TRUE(out.empty());
  out.append("abcdefgh");
  EXPECT_EQ(out.data(), "abcdefgh");
  EXPECT_EQ(counter.allocations(), 0u);
}

TEST(OutputBuffer, SpillsAndGivesBack) {
  OutputBuffer<8> out;
  out.append("12345678");
  AllocationCounter counter;
  out.append("9");
  EXPECT_EQ(counter.allocations(), 1u);
  EXPECT_EQ(out.data(), "123456789");
  out.consume(8);
  EXPECT_EQ(out.data(), "9");
  out.append("abc");
  EXPECT_EQ(out.data(), "9abc");
  out.consume(4);
  EXPECT_TRUE(out.empty());
  // Inside again.
  AllocationCounter after;
  out.append("xyz");
  EXPECT_EQ(out.data(), "xyz");
  EXPECT_EQ(after.allocations(), 0u);
}

TEST(OutputBuffer, WhatWasWrittenMakesRoom) {
  OutputBuffer<8> out;
  AllocationCounter counter;
  out.append("12345678");
  out.consume(6);
  out.append("abcdef");
  EXPECT_EQ(out.data(), "78abcdef");
  EXPECT_EQ(counter.allocations(), 0u);
}

TEST(OutputBuffer, SpillsAfterAPartWasWritten) {
  OutputBuffer<8> out;
  out.append("12345678");
  out.consume(2);
  out.append("abcdefgh");
  EXPECT_EQ(out.data(), "345678abcdefgh");
}

TEST(OutputBuffer, TakesNothing) {
  OutputBuffer<8> out;
  out.append({});
  out.append(nullptr, 0);
  out.consume(0);
  EXPECT_TRUE(out.empty());
  out.append("x");
  out.append({});
  out.consume(0);
  EXPECT_EQ(out.data(), "x");
  out.clear();
  EXPECT_TRUE(out.empty());
}

TEST(OutputBuffer, TakesMuchAtOnce) {
  OutputBuffer<8> out;
  const std::string much(100'000, 'm');
  out.append(much);
  EXPECT_EQ(out.data(), much);
  out.clear();
  EXPECT_EQ(out.data(), "");
}

// A peer that reads slowly and never all of it must not make the memory grow.
TEST(OutputBuffer, DoesNotGrowWhenItNeverRunsEmpty) {
  OutputBuffer<64> out;
  const std::string line(40, 'l');
  out.append(line);
  out.append(line);
  AllocationCounter counter;
  for (int i = 0; i < 100'000; ++i) {
    out.append(line);
    out.consume(40);
  }
  EXPECT_EQ(out.size(), 80u);
  EXPECT_LE(counter.octets(), 1000u);
}

TEST(OutputBuffer, IsAQueueOfOctets) {
  std::mt19937 random(1);
  OutputBuffer<32> out;
  std::string expected;
  char next = 0;
  for (int i = 0; i < 100'000; ++i) {
    if (random() % 2 == 0) {
      std::string octets(random() % 50, ' ');
      for (char& c : octets) c = next++;
      out.append(octets);
      expected += octets;
    } else {
      const std::size_t n = random() % 3 == 0 ? expected.size() : random() % (expected.size() + 1);
      out.consume(n);
      expected.erase(0, n);
    }
    ASSERT_EQ(out.data(), expected);
    ASSERT_EQ(out.size(), expected.size());
    ASSERT_EQ(out.empty(), expected.empty());
  }
}

}  // namespace
}  // namespace postrider::protocol
