#include "postrider/tests/queue/spool/spool_conformance.h"

#include <algorithm>
#include <thread>

namespace postrider::queue {
namespace {

using Kind = SpoolFailure::Kind;

TEST_P(SpoolConformanceTest, KeepsMessagesOfEverySizeAsTheyCame) {
  const std::vector<std::size_t> sizes = {
      0, 1, 4096, kSpillAt - 1, kSpillAt, kSpillAt + 1, 2 * kSpillAt, 2 * kSpillAt + 1, std::size_t{5} << 20};
  for (std::size_t at = 0; at < sizes.size(); ++at) {
    const QueuedMessage message = message_of(at + 1);
    const auto kept = put(spool(), message, content_of(at, sizes[at]));
    ASSERT_TRUE(kept) << kept.error().text;
    EXPECT_EQ(*spool().load(message.id), message);
  }
  store->reopen();
  for (std::size_t at = 0; at < sizes.size(); ++at)
    EXPECT_EQ(content_in(spool(), MessageId{at + 1}), content_of(at, sizes[at])) << sizes[at];
  EXPECT_EQ(spool().size(), sizes.size());
}

TEST_P(SpoolConformanceTest, PiecesMayHaveAnySize) {
  std::uint64_t id = 0;
  for (const std::size_t piece :
       {std::size_t{1000}, kSpillAt - 1, kSpillAt, kSpillAt + 1, 3 * kSpillAt + 5}) {
    ++id;
    ASSERT_TRUE(put(spool(), message_of(id), content_of(id, 300'000), piece));
    EXPECT_EQ(content_in(spool(), MessageId{id}), content_of(id, 300'000)) << piece;
  }
}

TEST_P(SpoolConformanceTest, BodiesCanBeReadAgain) {
  ASSERT_TRUE(put(spool(), message_of(1), content_of(1, 100'000)));
  const auto body = spool().open(MessageId{1});
  ASSERT_TRUE(body);
  const std::string first(*(*body)->next());
  ASSERT_TRUE((*body)->next());
  (*body)->rewind();
  EXPECT_EQ(*(*body)->next(), first);
}

TEST_P(SpoolConformanceTest, AskingForRoomIsAskedForOnlyWhenMuchIsKept) {
  const auto incoming = spool().begin(MessageId{1});
  EXPECT_FALSE(incoming->append(content_of(1, kSpillAt - 1)));
  EXPECT_TRUE(incoming->append("x"));
  Outcome spilled;
  incoming->spill(spilled.done());
  EXPECT_TRUE(spilled.wait());
  EXPECT_FALSE(incoming->append("y"));
}

TEST_P(SpoolConformanceTest, WhatIsNotCommittedIsNotThere) {
  {
    const auto incoming = spool().begin(MessageId{1});
    ASSERT_TRUE(incoming->append(content_of(1, 200'000)));
    Outcome spilled;
    incoming->spill(spilled.done());
    ASSERT_TRUE(spilled.wait());
    EXPECT_EQ(spool().size(), 0U);
    EXPECT_EQ(spool().load(MessageId{1}).error().kind, Kind::missing);
  }
  // Its id and its room are free.
  ASSERT_TRUE(put(spool(), message_of(1), "another"));
  EXPECT_EQ(content_in(spool(), MessageId{1}), "another");
}

TEST_P(SpoolConformanceTest, AnIncomingMayGoWhileItSpills) {
  for (std::uint64_t id = 1; id <= 20; ++id) {
    Outcome spilled;
    {
      const auto incoming = spool().begin(MessageId{id});
      ASSERT_TRUE(incoming->append(content_of(id, 200'000)));
      incoming->spill(spilled.done());
    }
    static_cast<void>(spilled.wait());
  }
  EXPECT_EQ(ids_in(spool()), std::vector<std::uint64_t>());
  ASSERT_TRUE(put(spool(), message_of(7), content_of(7, 100'000)));
  EXPECT_EQ(content_in(spool(), MessageId{7}), content_of(7, 100'000));
}

TEST_P(SpoolConformanceTest, NoIdIsTakenTwice) {
  ASSERT_TRUE(put(spool(), message_of(5), content_of(5, 100'000)));
  EXPECT_FALSE(put(spool(), message_of(5, 20), "another"));
  EXPECT_FALSE(put(spool(), message_of(5, 20), content_of(6, 200'000)));
  EXPECT_EQ(*spool().load(MessageId{5}), message_of(5));
  EXPECT_EQ(content_in(spool(), MessageId{5}), content_of(5, 100'000));
  EXPECT_EQ(spool().size(), 1U);
}

TEST_P(SpoolConformanceTest, AChangeTakesEffectAsAWhole) {
  ASSERT_TRUE(put(spool(), message_of(1), "one"));
  ASSERT_TRUE(put(spool(), message_of(2), "two"));
  Change change;
  change.added.emplace_back(message_of(3, 30), "report");
  change.updated.push_back(message_of(1, 99, "mx:example.net"));
  change.removed.push_back(MessageId{2});
  ASSERT_TRUE(apply(spool(), std::move(change)));
  store->reopen();
  EXPECT_EQ(ids_in(spool()), (std::vector<std::uint64_t>{1, 3}));
  EXPECT_EQ(*spool().load(MessageId{1}), message_of(1, 99, "mx:example.net"));
  EXPECT_EQ(content_in(spool(), MessageId{1}), "one");
  EXPECT_EQ(content_in(spool(), MessageId{3}), "report");
  EXPECT_EQ(spool().open(MessageId{2}).error().kind, Kind::missing);
  const std::vector<Consignment> expected = {{MessageId{3}, "mx:example.org", at_second(30), 0},
                                             {MessageId{1}, "mx:example.net", at_second(99), 0}};
  EXPECT_EQ(due_in(spool()), expected);
}

TEST_P(SpoolConformanceTest, AChangeThatCannotBeMadeChangesNothing) {
  ASSERT_TRUE(put(spool(), message_of(1), "one"));
  Change change;
  change.added.emplace_back(message_of(3), "report");
  change.updated.push_back(message_of(2));  // was dropped meanwhile
  change.removed.push_back(MessageId{1});
  EXPECT_EQ(kind_of(apply(spool(), std::move(change))), Kind::missing);
  EXPECT_EQ(ids_in(spool()), std::vector<std::uint64_t>{1});
  EXPECT_EQ(spool().size(), 1U);
  EXPECT_EQ(due_in(spool()).size(), 1U);
}

TEST_P(SpoolConformanceTest, RemovingWhatIsGoneIsNoError) {
  Change change;
  change.removed.push_back(MessageId{1});
  EXPECT_TRUE(apply(spool(), std::move(change)));
  EXPECT_EQ(spool().size(), 0U);
}

TEST_P(SpoolConformanceTest, ChangesOfOneMessageTakeEffectInTheirOrder) {
  ASSERT_TRUE(put(spool(), message_of(1), "one"));
  std::vector<Outcome> outcomes(100);
  for (std::size_t at = 0; at < outcomes.size(); ++at) {
    Change change;
    change.updated.push_back(
        message_of(1, static_cast<std::int64_t>(100 + at), at % 2 == 0 ? "mx:a" : "mx:b"));
    spool().apply(std::move(change), outcomes[at].done());
  }
  for (Outcome& each : outcomes) EXPECT_TRUE(each.wait());
  EXPECT_EQ(*spool().load(MessageId{1}), message_of(1, 199, "mx:b"));
  const std::vector<Consignment> expected = {{MessageId{1}, "mx:b", at_second(199), 0}};
  EXPECT_EQ(due_in(spool()), expected);
}

TEST_P(SpoolConformanceTest, APriorityThatChangesIsSeen) {
  ASSERT_TRUE(put(spool(), message_of(1), "one"));
  Change change;
  change.updated.push_back(message_of(1));
  change.updated.front().priority = 4;
  ASSERT_TRUE(apply(spool(), std::move(change)));
  ASSERT_EQ(due_in(spool()).size(), 1U);
  EXPECT_EQ(due_in(spool()).front().priority, 4);
  Change gone;
  gone.removed.push_back(MessageId{1});
  ASSERT_TRUE(apply(spool(), std::move(gone)));
  store->reopen();
  EXPECT_TRUE(due_in(spool()).empty());
}

TEST_P(SpoolConformanceTest, WhatIsDueComesInOrder) {
  QueuedMessage two_ways = message_of(1, 30, "mx:b");
  two_ways.recipients.push_back(waiting_for("mx:a", 30));
  two_ways.recipients.push_back(waiting_for("mx:a", 20));
  ASSERT_TRUE(put(spool(), two_ways, ""));
  ASSERT_TRUE(put(spool(), message_of(2, 10, "mx:c"), ""));
  ASSERT_TRUE(put(spool(), message_of(3, 30, "mx:a"), ""));
  const std::vector<Consignment> expected = {{MessageId{2}, "mx:c", at_second(10), 0},
                                             {MessageId{1}, "mx:a", at_second(20), 0},
                                             {MessageId{1}, "mx:b", at_second(30), 0},
                                             {MessageId{3}, "mx:a", at_second(30), 0}};
  EXPECT_EQ(due_in(spool()), expected);
  for (std::size_t at = 0; at < expected.size(); ++at) {
    const std::vector<Consignment> behind(expected.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                                          expected.end());
    EXPECT_EQ(due_in(spool(), expected[at]), behind);
    EXPECT_EQ(*spool().next_due(expected[at]), behind.empty() ? kNever : behind.front().due);
  }
  EXPECT_EQ(due_in(spool(), Consignment(), at_second(20)).size(), 2U);
  EXPECT_EQ(due_in(spool(), Consignment(), at_second(19)).size(), 1U);
  EXPECT_EQ(*spool().next_due(Consignment()), at_second(10));
}

TEST_P(SpoolConformanceTest, DueCanBeLeftAndComeBackToTheSpool) {
  Change change;
  for (std::uint64_t id = 1; id <= 700; ++id) change.added.emplace_back(message_of(id), "");
  ASSERT_TRUE(apply(spool(), std::move(change)));
  std::size_t seen = 0;
  const auto look = [&](const Consignment& each) {
    EXPECT_TRUE(spool().load(each.id));
    return ++seen != 600;
  };
  ASSERT_TRUE(spool().due(Consignment(), kNever, look));
  EXPECT_EQ(seen, 600U);
  EXPECT_EQ(due_in(spool()).size(), 700U);
}

TEST_P(SpoolConformanceTest, WhatIsHeldIsNotDue) {
  ASSERT_TRUE(put(spool(), message_of(1), "one"));
  Change hold;
  hold.updated.push_back(message_of(1));
  hold.updated.front().held = true;
  ASSERT_TRUE(apply(spool(), std::move(hold)));
  EXPECT_TRUE(due_in(spool()).empty());
  EXPECT_EQ(*spool().next_due(Consignment()), kNever);
  EXPECT_EQ(ids_in(spool()), std::vector<std::uint64_t>{1});
  Change release;
  release.updated.push_back(message_of(1, 5));
  ASSERT_TRUE(apply(spool(), std::move(release)));
  EXPECT_EQ(*spool().next_due(Consignment()), at_second(5));
}

TEST_P(SpoolConformanceTest, WhatIsDueEarlierThanAllOthersIsFoundWhenItComes) {
  for (std::int64_t round = 0; round < 50; ++round) {
    const auto id = static_cast<std::uint64_t>(round + 1);
    ASSERT_TRUE(put(spool(), message_of(id, 1000 - round), ""));
    EXPECT_EQ(*spool().next_due(Consignment()), at_second(1000 - round));
  }
  for (std::uint64_t id = 50; id > 1; --id) {
    Change change;
    change.removed.push_back(MessageId{id});
    ASSERT_TRUE(apply(spool(), std::move(change)));
    EXPECT_EQ(*spool().next_due(Consignment()), at_second(1002 - static_cast<std::int64_t>(id)));
  }
}

TEST_P(SpoolConformanceTest, ListsPageByPage) {
  for (const std::uint64_t id : {30U, 10U, 20U, 50U, 40U}) ASSERT_TRUE(put(spool(), message_of(id), ""));
  EXPECT_EQ(ids_in(spool(), MessageId{}, 2), (std::vector<std::uint64_t>{10, 20}));
  EXPECT_EQ(ids_in(spool(), MessageId{20}, 2), (std::vector<std::uint64_t>{30, 40}));
  EXPECT_EQ(ids_in(spool(), MessageId{45}, 2), std::vector<std::uint64_t>{50});
  EXPECT_EQ(ids_in(spool(), MessageId{50}, 2), std::vector<std::uint64_t>());
  EXPECT_EQ(ids_in(spool(), MessageId{}, 0), std::vector<std::uint64_t>());
}

TEST_P(SpoolConformanceTest, KnowsHowManyThereAreAndTheNewestThatWas) {
  EXPECT_EQ(spool().size(), 0U);
  EXPECT_EQ(spool().newest(), MessageId{});
  ASSERT_TRUE(put(spool(), message_of(9), ""));
  ASSERT_TRUE(put(spool(), message_of(4), ""));
  Change change;
  change.removed.push_back(MessageId{9});
  ASSERT_TRUE(apply(spool(), std::move(change)));
  const bool kept = store->reopen();
  EXPECT_EQ(spool().size(), kept || ids_in(spool()).size() == 1 ? 1U : 0U);
  EXPECT_EQ(spool().newest(), MessageId{9});
}

TEST_P(SpoolConformanceTest, ADamagedRecordIsSetAsideAndListed) {
  for (std::uint64_t id = 1; id <= 3; ++id) ASSERT_TRUE(put(spool(), message_of(id), content_of(id, 70'000)));
  store->damage(MessageId{2});
  EXPECT_EQ(spool().load(MessageId{2}).error().kind, Kind::damaged);
  EXPECT_EQ(spool().open(MessageId{2}).error().kind, Kind::damaged);
  ASSERT_TRUE(apply(spool(), Change()));  // what was noticed before is done now
  EXPECT_EQ(ids_in(spool()), (std::vector<std::uint64_t>{1, 3}));
  EXPECT_EQ(spool().size(), 2U);
  EXPECT_EQ(due_in(spool()).size(), 2U);
  const auto damaged = spool().damaged(MessageId{}, 10);
  ASSERT_TRUE(damaged);
  ASSERT_EQ(damaged->size(), 1U);
  EXPECT_EQ(damaged->front().id, MessageId{2});
  EXPECT_FALSE(damaged->front().why.empty());
  EXPECT_TRUE(spool().damaged(MessageId{2}, 10)->empty());
}

TEST_P(SpoolConformanceTest, ListsLeaveOutAndSetAsideWhatIsDamaged) {
  for (std::uint64_t id = 1; id <= 5; ++id) ASSERT_TRUE(put(spool(), message_of(id), ""));
  store->damage(MessageId{1});
  store->damage(MessageId{4});
  EXPECT_EQ(ids_in(spool(), MessageId{}, 3), (std::vector<std::uint64_t>{2, 3, 5}));
  ASSERT_TRUE(apply(spool(), Change()));
  EXPECT_EQ(spool().size(), 3U);
  EXPECT_EQ(spool().damaged(MessageId{}, 10)->size(), 2U);
  EXPECT_EQ(spool().damaged(MessageId{}, 1)->size(), 1U);
}

TEST_P(SpoolConformanceTest, NothingButARequestDropsADamagedRecord) {
  ASSERT_TRUE(put(spool(), message_of(1), content_of(1, 200'000)));
  ASSERT_TRUE(put(spool(), message_of(2), "two"));
  store->damage(MessageId{1});
  Change change;
  change.updated.push_back(message_of(1));
  change.removed.push_back(MessageId{2});
  EXPECT_EQ(kind_of(apply(spool(), std::move(change))), Kind::damaged);
  EXPECT_EQ(ids_in(spool()), std::vector<std::uint64_t>{2});
  Change removal;
  removal.removed.push_back(MessageId{1});
  EXPECT_TRUE(apply(spool(), std::move(removal)));
  EXPECT_FALSE(put(spool(), message_of(1), "another"));
  store->reopen();
  EXPECT_EQ(spool().damaged(MessageId{}, 10)->size(), 1U);
  Outcome dropped;
  spool().drop_damaged(MessageId{1}, dropped.done());
  EXPECT_TRUE(dropped.wait());
  EXPECT_TRUE(spool().damaged(MessageId{}, 10)->empty());
  EXPECT_EQ(spool().load(MessageId{1}).error().kind, Kind::missing);
  Outcome again;
  spool().drop_damaged(MessageId{1}, again.done());
  EXPECT_EQ(kind_of(again.wait()), Kind::missing);
}

// Each thread puts messages in, puts them off, and takes every other one out.
TEST_P(SpoolConformanceTest, EightThreadsAtOnceLoseNothing) {
  constexpr std::uint64_t kThreads = 8;
  constexpr std::uint64_t kMessages = 60;
  std::vector<std::thread> threads;
  for (std::uint64_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&spool = spool(), thread] {
      for (std::uint64_t count = 0; count < kMessages; ++count) {
        const std::uint64_t id = 1 + thread + kThreads * count;
        EXPECT_TRUE(put(spool, message_of(id), content_of(id, count % 10 == 9 ? 150'000 : 500)));
        Change change;
        change.updated.push_back(message_of(id, 500));
        if (count % 2 == 1) change.removed.push_back(MessageId{id - kThreads});
        EXPECT_TRUE(apply(spool, std::move(change)));
        EXPECT_TRUE(spool.load(MessageId{id}));
        EXPECT_TRUE(spool.next_due(Consignment()));
        EXPECT_TRUE(spool.due(Consignment(), at_second(20), [](const Consignment&) { return true; }));
      }
    });
  }
  for (std::thread& each : threads) each.join();
  store->reopen();
  EXPECT_EQ(spool().size(), kThreads * kMessages / 2);
  EXPECT_EQ(due_in(spool()).size(), kThreads * kMessages / 2);
  for (const std::uint64_t id : ids_in(spool())) {
    const std::uint64_t count = (id - 1) / kThreads;
    EXPECT_EQ(count % 2, 1U);
    EXPECT_EQ(content_in(spool(), MessageId{id}), content_of(id, count % 10 == 9 ? 150'000 : 500));
  }
}

// Callbacks come from wherever the spool likes, and may ask for more.
TEST_P(SpoolConformanceTest, ACallbackMayChangeTheSpool) {
  Outcome second;
  Change first;
  first.added.emplace_back(message_of(1), "one");
  spool().apply(std::move(first), [&](SpoolResult<void> result) {
    EXPECT_TRUE(result);
    Change change;
    change.removed.push_back(MessageId{1});
    spool().apply(std::move(change), second.done());
  });
  EXPECT_TRUE(second.wait());
  EXPECT_EQ(spool().size(), 0U);
}

}  // namespace
}  // namespace postrider::queue
