#include "postrider/queue/spool/memory_spool.h"

#include <optional>

#include <gtest/gtest.h>

#include "postrider/tests/queue/spool/spool_conformance.h"

namespace postrider::queue {
namespace {

using Kind = SpoolFailure::Kind;

class MemoryStore final : public TestStore {
 public:
  Spool& spool() override { return spool_; }
  void damage(MessageId id) override { spool_.damage(id, "somebody has damaged it"); }
  bool reopen() override { return false; }

 private:
  MemorySpool spool_;
};

std::unique_ptr<TestStore> make_memory_store() { return std::make_unique<MemoryStore>(); }

INSTANTIATE_TEST_SUITE_P(Memory, SpoolConformanceTest, testing::Values(&make_memory_store));

Change adding(std::uint64_t id, std::string content = "") {
  Change change;
  change.added.emplace_back(message_of(id), std::move(content));
  return change;
}

// A spool that holds syncs, and what it has answered so far.
class HeldMemorySpoolTest : public testing::Test {
 protected:
  static MemorySpoolOptions held() {
    MemorySpoolOptions options;
    options.hold_syncs = true;
    return options;
  }
  Done told(std::optional<SpoolResult<void>>& where) {
    return [&where](SpoolResult<void> result) { where = std::move(result); };
  }

  MemorySpool spool{held()};
};

TEST_F(HeldMemorySpoolTest, NothingIsThereBeforeItIsDurable) {
  std::optional<SpoolResult<void>> added;
  spool.apply(adding(1), told(added));
  EXPECT_FALSE(added);
  EXPECT_EQ(spool.waiting(), 1U);
  EXPECT_EQ(spool.size(), 0U);
  spool.sync();
  ASSERT_TRUE(added);
  EXPECT_TRUE(*added);
  EXPECT_EQ(spool.size(), 1U);
  EXPECT_EQ(spool.waiting(), 0U);
}

TEST_F(HeldMemorySpoolTest, ACrashLosesWhatWasNotSynced) {
  std::optional<SpoolResult<void>> first;
  std::optional<SpoolResult<void>> second;
  spool.apply(adding(1), told(first));
  spool.sync();
  spool.apply(adding(2, "two"), told(second));
  const auto incoming = spool.begin(MessageId{3});
  EXPECT_FALSE(incoming->append("three"));
  spool.crash();
  ASSERT_TRUE(second);
  EXPECT_EQ(kind_of(*second), Kind::closed);
  std::optional<SpoolResult<void>> third;
  incoming->commit(message_of(3), told(third));
  ASSERT_TRUE(third);
  EXPECT_EQ(kind_of(*third), Kind::closed);
  EXPECT_EQ(ids_in(spool), std::vector<std::uint64_t>{1});
  // Life goes on.
  std::optional<SpoolResult<void>> fourth;
  spool.apply(adding(4), told(fourth));
  spool.sync();
  EXPECT_TRUE(fourth && *fourth);
}

TEST_F(HeldMemorySpoolTest, TheEndMakesDurableWhatWaits) {
  std::optional<SpoolResult<void>> added;
  {
    MemorySpool short_lived(held());
    short_lived.apply(adding(1), told(added));
  }
  EXPECT_TRUE(added && *added);
}

TEST(MemorySpoolTest, FailsAsOftenAsItIsTold) {
  MemorySpool spool;
  spool.fail_next(2, SpoolFailure{Kind::full, "no room"});
  EXPECT_EQ(kind_of(put(spool, message_of(1), "one")), Kind::full);
  EXPECT_EQ(kind_of(apply(spool, adding(2))), Kind::full);
  EXPECT_TRUE(put(spool, message_of(1), "one"));
  EXPECT_EQ(spool.size(), 1U);
}

TEST(MemorySpoolTest, TakesNoMoreThanItMay) {
  MemorySpoolOptions options;
  options.max_octets = 10'000;
  MemorySpool spool(options);
  EXPECT_EQ(kind_of(put(spool, message_of(1), content_of(1, 10'001))), Kind::full);
  EXPECT_EQ(spool.octets(), 0U);
  ASSERT_TRUE(put(spool, message_of(2), content_of(2, 9'000)));
  EXPECT_EQ(kind_of(apply(spool, adding(3, content_of(3, 1'000)))), Kind::full);
  Change removal;
  removal.removed.push_back(MessageId{2});
  ASSERT_TRUE(apply(spool, std::move(removal)));
  EXPECT_EQ(spool.octets(), 0U);
  EXPECT_TRUE(apply(spool, adding(3, content_of(3, 1'000))));
}

TEST(MemorySpoolTest, WhatItHasHandedOutMayOutliveIt) {
  std::unique_ptr<Incoming> incoming;
  std::unique_ptr<Body> body;
  {
    MemorySpool spool;
    ASSERT_TRUE(put(spool, message_of(1), "one"));
    incoming = spool.begin(MessageId{2});
    body = std::move(*spool.open(MessageId{1}));
  }
  EXPECT_EQ(*body->next(), "one");
  Outcome outcome;
  incoming->commit(message_of(2), outcome.done());
  EXPECT_EQ(kind_of(outcome.wait()), Kind::closed);
}

}  // namespace
}  // namespace postrider::queue
