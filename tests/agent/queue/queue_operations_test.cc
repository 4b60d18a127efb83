#include "postrider/agent/queue/queue_operations.h"

#include <thread>

#include <gtest/gtest.h>

#include "postrider/tests/agent/queue/queue_fixture.h"

namespace postrider::agent {
namespace {

using Kind = QueueFailure::Kind;
using std::chrono::minutes;

// Keeps what comes, and wants no more than `most` octets.
class Collector final : public ContentSink {
 public:
  explicit Collector(std::size_t most = SIZE_MAX) : most_(most) {}
  transport::Task<bool> take(std::string_view octets) override {
    text += octets;
    co_return text.size() < most_;
  }
  std::string text;

 private:
  std::size_t most_;
};

class QueueOperationsTest : public QueueFixture {
 protected:
  std::vector<QueueEntry> page(std::uint64_t after) {
    return tests::run_task(loop_, operations_.list(MessageId{after})).value();
  }
  QueueResult<bool> act(QueueAction action, std::uint64_t id) {
    return tests::run_task(loop_, operations_.act(action, MessageId{id}));
  }
  QueueResult<QueueEntry> show(std::uint64_t id) {
    return tests::run_task(loop_, operations_.show(MessageId{id}));
  }
  // All pages of a retry.
  RetryProgress retry(std::string domain) {
    RetryScope scope;
    scope.domain = std::move(domain);
    RetryProgress all;
    for (;;) {
      const RetryProgress page = tests::run_task(loop_, operations_.retry(scope)).value();
      all.seen += page.seen;
      all.changed += page.changed;
      ++pages_;
      if (page.end) return all;
      scope.after = page.last;
      scope.until = page.until;
    }
  }
  int pages_ = 0;
};

TEST_F(QueueOperationsTest, StatesFollowTheRecipients) {
  auto message = message_to(1, {"a@ready.example", "b@active.example", "c@deferred.example"});
  defer(message.recipients[2], minutes(14));
  add(message);
  EXPECT_EQ(page(0).at(0).state, EntryState::ready);
  agent_.set_active(1, {"mx:active.example"});
  const QueueEntry entry = page(0).at(0);
  EXPECT_EQ(entry.state, EntryState::active);
  EXPECT_EQ(entry.recipients[0].state, EntryState::ready);
  EXPECT_EQ(entry.recipients[1].state, EntryState::active);
  EXPECT_EQ(entry.recipients[1].next_attempt, std::nullopt);
  EXPECT_EQ(entry.recipients[2].state, EntryState::deferred);
  EXPECT_EQ(entry.recipients[2].next_attempt, kNow + minutes(14));
  EXPECT_EQ(act(QueueAction::hold, 1), true);
  EXPECT_EQ(page(0).at(0).state, EntryState::held);
  EXPECT_EQ(page(0).at(0).recipients[1].state, EntryState::held);
}

TEST_F(QueueOperationsTest, AMessageIsDeferredWhenAllWait) {
  fill(1);
  EXPECT_EQ(page(0).at(0).state, EntryState::deferred);
  EXPECT_EQ(page(0).at(0).recipients[0].last_reply, "450 4.2.1 Mailbox busy");
}

TEST_F(QueueOperationsTest, ListsPageByPageAndDamagedOnesInTheirPlaces) {
  fill(2'500);
  for (const std::uint64_t id : {1u, 100u, 101u, 2'000u, 2'500u}) spool_.damage(MessageId{id}, "checksum");
  std::uint64_t expected = 1;
  std::size_t pages = 0;
  std::size_t damaged = 0;
  for (auto entries = page(0); !entries.empty(); entries = page(expected - 1), ++pages) {
    EXPECT_LE(entries.size(), QueueOperations::kListPage);
    for (const QueueEntry& each : entries) {
      EXPECT_EQ(each.id.value, expected++);
      if (each.state == EntryState::damaged) ++damaged;
    }
  }
  EXPECT_EQ(expected, 2'501u);
  EXPECT_EQ(damaged, 5u);
  EXPECT_EQ(pages, 25u);
}

TEST_F(QueueOperationsTest, AnEmptyQueueIsAnEmptyPage) {
  EXPECT_TRUE(page(0).empty());
  EXPECT_EQ(retry(""), (RetryProgress{0, 0, {}, {}, false}));
}

TEST_F(QueueOperationsTest, RetryMakesDueWhatWaitsAndWakesTheDestination) {
  auto message = message_to(1, {"a@one.example", "b@two.example", "c@three.example"});
  for (auto& each : message.recipients) defer(each, minutes(30));
  add(message);
  agent_.set_active(1, {"mx:two.example"});
  EXPECT_EQ(act(QueueAction::retry, 1), true);
  EXPECT_EQ(load(1).recipients[0].next_attempt, kNow);
  EXPECT_EQ(load(1).recipients[0].attempts, 2u);
  EXPECT_EQ(load(1).recipients[1].next_attempt, kNow + minutes(30));  // somebody is at it
  EXPECT_EQ(load(1).recipients[2].next_attempt, kNow);
  EXPECT_EQ(agent_.woken(),
            (std::vector<std::string>{"mx:one.example", "mx:three.example", "mx:two.example"}));
  EXPECT_EQ(act(QueueAction::retry, 1), false);
}

TEST_F(QueueOperationsTest, WhatIsHeldIsNotRetried) {
  fill(1);
  EXPECT_EQ(act(QueueAction::hold, 1), true);
  EXPECT_EQ(act(QueueAction::hold, 1), false);
  const auto refused = act(QueueAction::retry, 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::held);
  EXPECT_EQ(retry("").changed, 0u);
  EXPECT_EQ(load(1).recipients[0].next_attempt, kNow + minutes(60));
  EXPECT_EQ(act(QueueAction::release, 1), true);
  EXPECT_EQ(act(QueueAction::release, 1), false);
  EXPECT_EQ(retry("").changed, 1u);
}

TEST_F(QueueOperationsTest, RetryOfAllGoesPageByPageAsFarAsTheNewest) {
  fill(2'500);
  agent_.set_active(2'500, {"mx:example.org"});
  const RetryProgress all = retry("");
  EXPECT_EQ(all.seen, 2'500u);
  EXPECT_EQ(all.changed, 2'499u);
  EXPECT_EQ(pages_, 13);
  EXPECT_EQ(load(1).recipients[0].next_attempt, kNow);
  EXPECT_EQ(load(2'499).recipients[0].next_attempt, kNow);
  EXPECT_EQ(load(2'500).recipients[0].next_attempt, kNow + minutes(60));
  EXPECT_EQ(agent_.woken().size(), 13u);
}

TEST_F(QueueOperationsTest, ARetryEndsThoughMailKeepsComing) {
  fill(300);
  RetryScope scope;
  const RetryProgress first = tests::run_task(loop_, operations_.retry(scope)).value();
  EXPECT_FALSE(first.end);
  EXPECT_EQ(first.until, MessageId{300});
  for (std::uint64_t id = 301; id <= 700; ++id) add(message_to(id, {"late@example.org"}));
  scope.after = first.last;
  scope.until = first.until;
  EXPECT_TRUE(tests::run_task(loop_, operations_.retry(scope)).value().end);
}

TEST_F(QueueOperationsTest, RetryOfADomainTouchesNobodyElse) {
  auto message = message_to(1, {"a@Example.ORG", "b@example.net", "\"x@example.org\"@example.net"});
  for (auto& each : message.recipients) defer(each, minutes(30));
  add(message);
  add(message_to(2, {"c@other.example"}));
  const RetryProgress all = retry("example.org");
  EXPECT_EQ(all.seen, 2u);
  EXPECT_EQ(all.changed, 1u);
  EXPECT_EQ(load(1).recipients[0].next_attempt, kNow);
  EXPECT_EQ(load(1).recipients[1].next_attempt, kNow + minutes(30));
  EXPECT_EQ(load(1).recipients[2].next_attempt, kNow + minutes(30));
  EXPECT_EQ(agent_.woken(), std::vector<std::string>{"mx:Example.ORG"});
}

TEST_F(QueueOperationsTest, DropsButNotWhatIsBeingDelivered) {
  fill(2);
  agent_.set_active(1, {"mx:example.org"});
  const auto refused = act(QueueAction::drop, 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::delivered);
  EXPECT_TRUE(has(1));
  EXPECT_EQ(act(QueueAction::drop, 2), true);
  EXPECT_FALSE(has(2));
  const auto again = act(QueueAction::drop, 2);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, Kind::missing);
}

TEST_F(QueueOperationsTest, DamagedRecordsAreShownAndDroppedAlone) {
  fill(3);
  spool_.damage(MessageId{2}, "the checksum is wrong");
  EXPECT_EQ(show(2).value().state, EntryState::damaged);
  EXPECT_EQ(show(2).value().why, "the checksum is wrong");
  for (const QueueAction action : {QueueAction::retry, QueueAction::hold, QueueAction::release}) {
    const auto refused = act(action, 2);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, Kind::damaged);
    EXPECT_EQ(refused.error().text, "is damaged: the checksum is wrong");
  }
  EXPECT_EQ(act(QueueAction::drop, 2), true);
  EXPECT_EQ(show(2).error().kind, Kind::missing);
  EXPECT_EQ(page(0).size(), 2u);
}

TEST_F(QueueOperationsTest, DamageThatIsNotSetAsideIsSaidAsWell) {
  fill(1);
  agent_.refuse_next(queue::SpoolFailure{queue::SpoolFailure::Kind::damaged, "slice 3 is missing"});
  const auto refused = act(QueueAction::hold, 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::damaged);
  EXPECT_EQ(refused.error().text, "is damaged: slice 3 is missing");
}

TEST_F(QueueOperationsTest, ShowsAllThatIsKnown) {
  auto message = message_to(1, {"bob@example.org"});
  message.mail = "MAIL FROM:<alice@example.com> BODY=8BITMIME";
  message.priority = -3;
  message.user = "alice";
  message.report = true;
  message.deliver_by = queue::DeliverBy{.at = message.expires, .returns = true};
  message.recipients[0].original = "bob+tag@example.org";
  message.recipients[0].delay_reported = true;
  add(message);
  const QueueEntry entry = show(1).value();
  EXPECT_EQ(entry.sender, "alice@example.com");
  EXPECT_EQ(entry.command, message.mail);
  EXPECT_EQ(entry.priority, -3);
  EXPECT_EQ(entry.user, "alice");
  EXPECT_TRUE(entry.report);
  EXPECT_EQ(entry.expires, message.expires);
  EXPECT_EQ(entry.deliver_by, message.expires);
  EXPECT_TRUE(entry.returned_then);
  EXPECT_EQ(entry.recipients[0].original, "bob+tag@example.org");
  EXPECT_EQ(entry.recipients[0].destination, "mx:example.org");
  EXPECT_TRUE(entry.recipients[0].delay_reported);
  EXPECT_EQ(show(2).error().kind, Kind::missing);
}

TEST_F(QueueOperationsTest, ReadsContentAsFarAsItIsWanted) {
  const std::string content(200'000, 'x');
  add(message_to(1, {"bob@example.org"}), content);
  Collector whole;
  EXPECT_TRUE(tests::run_task(loop_, operations_.content(MessageId{1}, 1'000'000, whole)));
  EXPECT_EQ(whole.text, content);
  Collector limited;
  EXPECT_TRUE(tests::run_task(loop_, operations_.content(MessageId{1}, 100'001, limited)));
  EXPECT_EQ(limited.text.size(), 100'001u);
  Collector enough(1);
  EXPECT_TRUE(tests::run_task(loop_, operations_.content(MessageId{1}, 1'000'000, enough)));
  EXPECT_LT(enough.text.size(), content.size());
  EXPECT_EQ(tests::run_task(loop_, operations_.content(MessageId{2}, 1, whole)).error().kind, Kind::missing);
}

TEST_F(QueueOperationsTest, AFailingStoreIsSaid) {
  fill(2);
  const queue::SpoolFailure full{queue::SpoolFailure::Kind::full, "No space left on device"};
  spool_.fail_next(1, full);
  const auto failed = act(QueueAction::hold, 1);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, Kind::store);
  EXPECT_EQ(failed.error().text, "the store failed: No space left on device");
  spool_.fail_next(1, full);
  EXPECT_EQ(tests::run_task(loop_, operations_.retry(RetryScope())).error().kind, Kind::store);
}

// The callbacks of a store come on a thread of its own.
TEST(QueueOperationsThreads, ChangesMayBeDoneOnAnotherThread) {
  transport::Loop loop;
  queue::MemorySpoolOptions options;
  options.hold_syncs = true;
  queue::MemorySpool spool(options);
  StoredQueue stored(spool);
  QueueOperations operations(loop, stored);
  queue::Change change;
  for (std::uint64_t id = 1; id <= 150; ++id) {
    auto message = message_to(id, {"bob@example.org"});
    message.recipients[0].next_attempt = queue::kNever;
    change.added.emplace_back(std::move(message), "");
  }
  spool.apply(std::move(change), [](queue::SpoolResult<void>) {});
  spool.sync();
  std::jthread store([&spool](const std::stop_token& stop) {
    while (!stop.stop_requested()) spool.sync();
  });
  const auto progress = tests::run_task(loop, operations.retry(RetryScope()));
  ASSERT_TRUE(progress);
  EXPECT_EQ(progress->changed, 150u);
}

}  // namespace
}  // namespace postrider::agent
