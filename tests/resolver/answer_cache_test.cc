#include "postrider/resolver/answer_cache.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

namespace postrider::resolver {
namespace {

using namespace std::chrono_literals;
using transport::SteadyTime;

const SteadyTime kStart{1h};

Question ask(const std::string& name, RecordType type = RecordType::mx) {
  return {*DomainName::parse(name), type};
}

Answer answer(std::chrono::seconds ttl, std::size_t octets = 4) {
  Answer out;
  out.outcome = Answer::Outcome::found;
  out.ttl = ttl;
  Record record;
  record.data.assign(octets, 'x');
  out.records.push_back(record);
  return out;
}

TEST(AnswerCacheTest, KeepsAnAnswerAsLongAsItsTtl) {
  AnswerCache cache(10, 1 << 20);
  cache.keep(ask("a.example"), answer(60s), kStart);
  EXPECT_FALSE(cache.find(ask("b.example"), kStart));
  EXPECT_FALSE(cache.find(ask("a.example", RecordType::a), kStart)) << "another type";
  EXPECT_EQ(cache.find(ask("A.Example"), kStart)->ttl, 60s);
  EXPECT_EQ(cache.find(ask("a.example"), kStart + 20s)->ttl, 40s);
  EXPECT_EQ(cache.find(ask("a.example"), kStart + 59s + 500ms)->ttl, 1s);
  EXPECT_FALSE(cache.find(ask("a.example"), kStart + 60s));
  EXPECT_EQ(cache.size(), 0U);
  EXPECT_EQ(cache.octets(), 0U);
}

TEST(AnswerCacheTest, KeepsNothingWithoutATtl) {
  AnswerCache cache(10, 1 << 20);
  cache.keep(ask("a.example"), answer(60s), kStart);
  cache.keep(ask("a.example"), answer(0s), kStart);
  EXPECT_FALSE(cache.find(ask("a.example"), kStart)) << "the newer answer replaces the older one";
}

TEST(AnswerCacheTest, ForgetsTheLeastRecentlyUsedAtItsBoundOfEntries) {
  AnswerCache cache(2, 1 << 20);
  cache.keep(ask("a.example"), answer(60s), kStart);
  cache.keep(ask("b.example"), answer(60s), kStart);
  ASSERT_TRUE(cache.find(ask("a.example"), kStart));
  cache.keep(ask("c.example"), answer(60s), kStart);
  EXPECT_TRUE(cache.find(ask("a.example"), kStart));
  EXPECT_FALSE(cache.find(ask("b.example"), kStart));
  EXPECT_TRUE(cache.find(ask("c.example"), kStart));
}

TEST(AnswerCacheTest, StaysWithinItsBoundOfOctets) {
  AnswerCache cache(1000, 20'000);
  for (int i = 0; i < 100; ++i) {
    cache.keep(ask("n" + std::to_string(i) + ".example"), answer(60s, 1000), kStart);
    ASSERT_LE(cache.octets(), 20'000U);
  }
  EXPECT_GT(cache.size(), 5U);
  EXPECT_TRUE(cache.find(ask("n99.example"), kStart));
  cache.keep(ask("huge.example"), answer(60s, 30'000), kStart);
  EXPECT_FALSE(cache.find(ask("huge.example"), kStart));
  EXPECT_TRUE(cache.find(ask("n99.example"), kStart)) << "what does not fit displaces nobody";
  cache.clear();
  EXPECT_EQ(cache.size(), 0U);
  EXPECT_EQ(cache.octets(), 0U);
}

}  // namespace
}  // namespace postrider::resolver
