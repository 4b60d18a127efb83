#include "postrider/agent/queue/stored_queue.h"

#include <optional>

#include <gtest/gtest.h>

#include "postrider/tests/agent/queue/queue_fixture.h"

namespace postrider::agent {
namespace {

using Kind = queue::SpoolFailure::Kind;

class StoredQueueTest : public QueueFixture {
 protected:
  queue::Done into(std::optional<queue::SpoolResult<void>>& result) {
    return [&result](queue::SpoolResult<void> got) { result = std::move(got); };
  }
  StoredQueue stored_{spool_};
};

TEST_F(StoredQueueTest, WritesBackWhatWasAltered) {
  add(message_to(1, {"bob@example.org"}));
  std::optional<queue::SpoolResult<void>> result;
  stored_.alter(MessageId{1}, [](queue::QueuedMessage& message) { message.held = true; }, into(result));
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->has_value());
  EXPECT_TRUE(load(1).held);
  EXPECT_TRUE(stored_.active(MessageId{1}).empty());
}

TEST_F(StoredQueueTest, DropsAMessageWithItsContent) {
  add(message_to(1, {"bob@example.org"}));
  std::optional<queue::SpoolResult<void>> result;
  stored_.drop(MessageId{1}, into(result));
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->has_value());
  EXPECT_FALSE(has(1));
  EXPECT_FALSE(spool_.open(MessageId{1}).has_value());
}

TEST_F(StoredQueueTest, WhatIsNotThereCannotBeAlteredOrDropped) {
  bool called = false;
  std::optional<queue::SpoolResult<void>> altered;
  stored_.alter(MessageId{7}, [&called](queue::QueuedMessage&) { called = true; }, into(altered));
  ASSERT_TRUE(altered && !altered->has_value());
  EXPECT_EQ(altered->error().kind, Kind::missing);
  EXPECT_FALSE(called);
  std::optional<queue::SpoolResult<void>> dropped;
  stored_.drop(MessageId{7}, into(dropped));
  ASSERT_TRUE(dropped && !dropped->has_value());
  EXPECT_EQ(dropped->error().kind, Kind::missing);
}

}  // namespace
}  // namespace postrider::agent
