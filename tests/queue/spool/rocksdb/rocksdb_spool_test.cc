#include "postrider/queue/spool/rocksdb/rocksdb_spool.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/queue/spool/rocksdb/faulty_disk.h"
#include "postrider/tests/queue/spool/rocksdb/store_surgery.h"
#include "postrider/tests/queue/spool/rocksdb/temporary_folder.h"
#include "postrider/tests/queue/spool/spool_conformance.h"

namespace postrider::queue {
namespace {

using Kind = SpoolFailure::Kind;

class RocksDbStore final : public TestStore {
 public:
  RocksDbStore() { open(); }

  Spool& spool() override { return *spool_; }
  void damage(MessageId id) override {
    spool_.reset();
    StoreSurgery(path_).damage(id);
    open();
  }
  bool reopen() override {
    spool_.reset();
    open();
    return true;
  }

 private:
  void open() {
    auto spool = RocksDbSpool::open(path_, RocksDbSpoolOptions());
    ASSERT_TRUE(spool) << spool.error().text;
    spool_ = std::move(*spool);
  }

  TemporaryFolder folder_;
  const std::string path_ = folder_ / "spool";
  std::unique_ptr<RocksDbSpool> spool_;
};

std::unique_ptr<TestStore> make_rocksdb_store() { return std::make_unique<RocksDbStore>(); }

INSTANTIATE_TEST_SUITE_P(RocksDb, SpoolConformanceTest, testing::Values(&make_rocksdb_store));

class RocksDbSpoolTest : public testing::Test {
 protected:
  std::unique_ptr<RocksDbSpool> open() {
    auto spool = RocksDbSpool::open(path, options);
    EXPECT_TRUE(spool) << spool.error().text;
    return spool ? std::move(*spool) : nullptr;
  }
  std::string refusal() {
    const auto spool = RocksDbSpool::open(path, options);
    return spool ? "opened" : spool.error().text;
  }

  FaultyDisk disk;  // only with options.env
  TemporaryFolder folder;
  const std::string path = folder / "spool";
  RocksDbSpoolOptions options;
};

TEST_F(RocksDbSpoolTest, TheFolderIsForItsOwnersEyesAlone) {
  namespace fs = std::filesystem;
  ASSERT_TRUE(open());
  EXPECT_EQ(fs::status(path).permissions() & fs::perms::all, fs::perms::owner_all);
  fs::permissions(path, fs::perms::all);
  ASSERT_TRUE(open());
  EXPECT_EQ(fs::status(path).permissions() & fs::perms::all, fs::perms::owner_all);
}

TEST_F(RocksDbSpoolTest, FoldersAboveAreMade) { EXPECT_TRUE(RocksDbSpool::open(folder / "a/b/c", options)); }

TEST_F(RocksDbSpoolTest, AFileIsNoFolder) {
  std::ofstream(path) << "a file";
  EXPECT_EQ(refusal(), "the spool " + path + " is no folder: name another one");
}

TEST_F(RocksDbSpoolTest, OneHasItAtATime) {
  const auto spool = open();
  EXPECT_EQ(refusal(),
            "the spool " + path +
                " is in use by another process: end that one, or give this one a spool of its own");
}

TEST_F(RocksDbSpoolTest, ANewerSchemaIsRefused) {
  open();
  StoreSurgery(path).set_schema("2");
  EXPECT_EQ(RocksDbSpool::open(path, options).error().kind, Kind::unfit);
  EXPECT_EQ(refusal(), "the spool " + path +
                           " has schema 2, and this program knows 1: run the newer Postrider that wrote it");
}

TEST_F(RocksDbSpoolTest, AnOlderSchemaThatNobodyCanBringUpToDateIsRefused) {
  open();
  StoreSurgery(path).set_schema("0");
  EXPECT_EQ(refusal(),
            "the spool " + path +
                " has schema 0, and this program knows 1: empty it with the Postrider that wrote it");
}

TEST_F(RocksDbSpoolTest, AStoreOfSomethingElseIsRefused) {
  StoreSurgery::make_foreign(path);
  EXPECT_EQ(refusal(), "the spool " + path + " is a store of something else: name another folder");
}

TEST_F(RocksDbSpoolTest, AMissingSliceIsDamage) {
  ASSERT_TRUE(put(*open(), message_of(1), content_of(1, 200'000)));
  StoreSurgery(path).erase_slice(MessageId{1}, 2);
  const auto spool = open();
  const auto body = spool->open(MessageId{1});
  ASSERT_TRUE(body);
  EXPECT_TRUE((*body)->next());
  EXPECT_TRUE((*body)->next());
  EXPECT_EQ((*body)->next().error().kind, Kind::damaged);
}

// ---- Damage below our records: a block that does not have its checksum ----

class RocksDbSpoolDamageTest : public RocksDbSpoolTest {
 protected:
  static constexpr std::uint64_t kMessages = 2'000;

  // Several blocks of each family, all of them in tables.
  void fill() {
    const auto spool = open();
    ASSERT_TRUE(spool);
    for (std::uint64_t id = 1; id <= kMessages; ++id) {
      QueuedMessage message = message_of(id, static_cast<std::int64_t>(id));
      // Nothing that could be compressed.
      message.user = content_of(id * id, 200);
      Change change;
      change.added.emplace_back(std::move(message), "Subject: " + std::to_string(id));
      spool->apply(std::move(change), [](const SpoolResult<void>& done) { EXPECT_TRUE(done); });
    }
  }
  static std::vector<std::uint64_t> listed(Spool& spool) {
    std::vector<std::uint64_t> out;
    for (MessageId after;; after = MessageId{out.back()}) {
      const auto page = spool.list(after, 100);
      EXPECT_TRUE(page);
      if (!page || page->empty()) return out;
      for (const QueuedMessage& each : *page) out.push_back(each.id.value);
    }
  }
  static std::set<std::uint64_t> due(Spool& spool) {
    std::set<std::uint64_t> out;
    EXPECT_TRUE(
        spool.due({}, kNever, [&](const Consignment& each) { return out.insert(each.id.value).second; }));
    return out;
  }
  // Waits for what was set aside.
  static std::size_t aside(Spool& spool, std::size_t wanted) {
    std::size_t found = 0;
    for (int turn = 0; turn < 5'000 && found < wanted; ++turn) {
      Outcome written;  // behind what was submitted before
      spool.drop_damaged(MessageId{kMessages + 1}, written.done());
      static_cast<void>(written.wait());
      const auto damaged = spool.damaged({}, kMessages);
      found = damaged ? damaged->size() : 0;
    }
    return found;
  }
};

TEST_F(RocksDbSpoolDamageTest, EnvelopesOfADamagedBlockAreSetAsideAndTheOthersGoOn) {
  fill();
  ASSERT_GT(StoreSurgery::damage_tables(path, "envelopes", 0.4), 0U);
  const auto spool = open();
  ASSERT_TRUE(spool);
  const std::vector<std::uint64_t> readable = listed(*spool);
  EXPECT_EQ(std::ranges::adjacent_find(readable, std::ranges::greater_equal()), readable.end())
      << "each once";
  EXPECT_GT(readable.size(), kMessages / 2);
  EXPECT_LT(readable.size(), kMessages);
  EXPECT_EQ(readable.front(), 1U);
  EXPECT_EQ(readable.back(), kMessages) << "what stands behind it is read as well";
  ASSERT_TRUE(spool->passed_over());
  EXPECT_FALSE(spool->passed_over()) << "asked once";
  EXPECT_EQ(aside(*spool, kMessages - readable.size()), kMessages - readable.size());
  EXPECT_EQ(spool->size(), readable.size());
  EXPECT_EQ(listed(*spool), readable);
  EXPECT_TRUE(put(*spool, message_of(kMessages + 2), "new")) << "and the queue goes on";
  EXPECT_EQ(spool->load(MessageId{readable.back()})->id, MessageId{readable.back()});
}

TEST_F(RocksDbSpoolDamageTest, WhatIsDueIsFoundThoughItsIndexIsDamaged) {
  fill();
  ASSERT_GT(StoreSurgery::damage_tables(path, "due", 0.4), 0U);
  const auto spool = open();
  ASSERT_TRUE(spool);
  EXPECT_EQ(due(*spool).size(), kMessages);
  EXPECT_TRUE(spool->passed_over());
  const auto next = spool->next_due(Consignment{});
  ASSERT_TRUE(next);
  EXPECT_EQ(*next, at_second(1));
  EXPECT_TRUE(put(*spool, message_of(kMessages + 2), "new"));
}

TEST_F(RocksDbSpoolDamageTest, ContentOfADamagedBlockIsItsMessagesDamageAlone) {
  fill();
  ASSERT_GT(StoreSurgery::damage_tables(path, "content", 0.4), 0U);
  const auto spool = open();
  ASSERT_TRUE(spool);
  std::size_t good = 0;
  for (std::uint64_t id = 1; id <= kMessages; ++id) {
    const auto body = spool->open(MessageId{id});
    ASSERT_TRUE(body);
    const auto slice = (*body)->next();
    if (slice) {
      ++good;
    } else {
      EXPECT_EQ(slice.error().kind, Kind::damaged);
    }
  }
  EXPECT_GT(good, kMessages / 2);
  EXPECT_LT(good, kMessages);
}

// What is removed is compacted away in time, by a thread of the store's that comes upon the damage then.
TEST_F(RocksDbSpoolDamageTest, ADamagedTableThatIsToBeCompactedStopsNobody) {
  fill();
  for (const char* family : {"envelopes", "due", "content"}) {
    ASSERT_GT(StoreSurgery::damage_tables(path, family, 0.4), 0U);
  }
  std::uint64_t next = kMessages + 2;
  bool told = false;
  for (int run = 0; run < 10 && !told; ++run) {
    const auto spool = open();
    ASSERT_TRUE(spool);
    const std::vector<std::uint64_t> readable = listed(*spool);
    for (std::size_t at = 0; at < readable.size(); at += 2) {
      Change change;
      change.removed.push_back(MessageId{readable[at]});
      EXPECT_TRUE(apply(*spool, std::move(change)));
    }
    for (int more = 0; more < 400; ++more) {
      ASSERT_TRUE(put(*spool, message_of(next++), "new"));
      const auto damage = spool->passed_over();
      told = told || (damage && damage->text.find("cannot be put together any more") != std::string::npos);
    }
    EXPECT_TRUE(spool->load(MessageId{next - 1}));
  }
  EXPECT_TRUE(told) << "no compaction came upon it";
}

TEST_F(RocksDbSpoolTest, WhatItHasHandedOutMayOutliveIt) {
  auto spool = open();
  ASSERT_TRUE(put(*spool, message_of(1), "one"));
  const auto body = std::move(*spool->open(MessageId{1}));
  const auto incoming = spool->begin(MessageId{2});
  const auto abandoned = spool->begin(MessageId{3});
  ASSERT_TRUE(abandoned->append(content_of(3, 100'000)));
  Outcome spilled;
  abandoned->spill(spilled.done());
  ASSERT_TRUE(spilled.wait());
  spool.reset();
  Outcome outcome;
  incoming->commit(message_of(2), outcome.done());
  EXPECT_EQ(kind_of(outcome.wait()), Kind::closed);
  EXPECT_FALSE(body->next());
  EXPECT_TRUE(open());  // and the store is free
}

TEST_F(RocksDbSpoolTest, WhatWasNeverCompleteIsRemovedAtTheStart) {
  options.env = disk.env();
  const std::string later = folder / "later";
  {
    const auto spool = open();
    const auto incoming = spool->begin(MessageId{1});
    ASSERT_TRUE(incoming->append(content_of(1, 300'000)));
    Outcome spilled;
    incoming->spill(spilled.done());
    ASSERT_TRUE(spilled.wait());
    ASSERT_TRUE(put(*spool, message_of(2), content_of(2, 100'000)));  // a sync makes the slices durable
    disk.lose_power(path, later);
  }
  EXPECT_EQ(StoreSurgery(later).count("content"), 4U + 2U);
  EXPECT_TRUE(RocksDbSpool::open(later, RocksDbSpoolOptions()));
  EXPECT_EQ(StoreSurgery(later).count("content"), 2U);
}

TEST_F(RocksDbSpoolTest, NothingStaysOfWhatIsGone) {
  {
    const auto spool = open();
    for (std::uint64_t id = 1; id <= 20; ++id) {
      ASSERT_TRUE(put(*spool, message_of(id), content_of(id, 20'000 * id)));
      Change change;
      change.updated.push_back(message_of(id, 50));
      ASSERT_TRUE(apply(*spool, std::move(change)));
    }
    Change change;
    for (std::uint64_t id = 1; id <= 20; ++id) change.removed.push_back(MessageId{id});
    ASSERT_TRUE(apply(*spool, std::move(change)));
  }
  const StoreSurgery surgery(path);
  EXPECT_EQ(surgery.count("envelopes"), 0U);
  EXPECT_EQ(surgery.count("due"), 0U);
  EXPECT_EQ(surgery.count("content"), 0U);
  EXPECT_EQ(surgery.count("default"), 2U);  // the schema and the state
}

TEST_F(RocksDbSpoolTest, TooMuchThatWaitsIsRefused) {
  options.max_waiting = 100'000;
  const auto spool = open();
  const auto first = spool->begin(MessageId{1});
  const auto second = spool->begin(MessageId{2});
  static_cast<void>(first->append(content_of(1, 90'000)));
  static_cast<void>(second->append(content_of(2, 90'000)));
  // The thread that writes stands still in this callback until both are there.
  std::promise<void> go;
  Outcome begun;
  spool->apply(Change(), [done = begun.done(), wait = go.get_future()](SpoolResult<void> result) mutable {
    done(std::move(result));
    wait.get();
  });
  ASSERT_TRUE(begun.wait());
  Outcome one;
  Outcome two;
  first->commit(message_of(1), one.done());
  second->commit(message_of(2), two.done());
  EXPECT_EQ(kind_of(two.wait()), Kind::full);
  go.set_value();
  EXPECT_TRUE(one.wait());
  EXPECT_TRUE(put(*spool, message_of(2), content_of(2, 90'000)));
}

class RocksDbSpoolFaultTest : public RocksDbSpoolTest,
                              public testing::WithParamInterface<std::pair<FaultyDisk::Fault, Kind>> {
 protected:
  RocksDbSpoolFaultTest() { options.env = disk.env(); }
};

INSTANTIATE_TEST_SUITE_P(Disk, RocksDbSpoolFaultTest,
                         testing::Values(std::pair(FaultyDisk::Fault::full, Kind::full),
                                         std::pair(FaultyDisk::Fault::broken, Kind::io)));

TEST_P(RocksDbSpoolFaultTest, AFaultIsToldAndAllGoesOnBehindIt) {
  const auto [fault, kind] = GetParam();
  auto spool = open();
  for (std::uint64_t id = 1; id <= 30; id += 3) {
    ASSERT_TRUE(put(*spool, message_of(id), content_of(id, 1000)));
    disk.fail(fault);
    EXPECT_EQ(kind_of(put(*spool, message_of(id + 1), content_of(id, 1000))), kind);
    EXPECT_EQ(kind_of(put(*spool, message_of(id + 1), content_of(id, 200'000))), kind);
    Change change;
    change.removed.push_back(MessageId{id});
    EXPECT_EQ(kind_of(apply(*spool, std::move(change))), kind);
    EXPECT_EQ(content_in(*spool, MessageId{id}), content_of(id, 1000));  // what is there can be read
    disk.heal();
    const auto kept = put(*spool, message_of(id + 2), content_of(id + 2, 200'000));
    ASSERT_TRUE(kept) << kept.error().text;
  }
  EXPECT_EQ(spool->size(), 20U);
  spool.reset();
  spool = open();
  EXPECT_EQ(spool->size(), ids_in(*spool).size());
  for (std::uint64_t id = 1; id <= 30; id += 3) {
    EXPECT_EQ(content_in(*spool, MessageId{id}), content_of(id, 1000));
    EXPECT_EQ(content_in(*spool, MessageId{id + 2}), content_of(id + 2, 200'000));
  }
}

TEST_P(RocksDbSpoolFaultTest, AMessageInTheMiddleOfItIsRefusedAndLeavesNothing) {
  const auto [fault, kind] = GetParam();
  auto spool = open();
  {
    const auto incoming = spool->begin(MessageId{1});
    for (int round = 0; round < 3; ++round) {
      static_cast<void>(incoming->append(content_of(1, 100'000)));
      if (round == 1) disk.fail(fault);
      Outcome spilled;
      incoming->spill(spilled.done());
      EXPECT_EQ(spilled.wait().has_value(), round == 0);
    }
    disk.heal();
    Outcome outcome;
    incoming->commit(message_of(1), outcome.done());
    EXPECT_EQ(kind_of(outcome.wait()), kind);
  }
  ASSERT_TRUE(put(*spool, message_of(2), "two"));
  spool.reset();
  EXPECT_EQ(StoreSurgery(path).count("content"), 1U);
}

TEST_P(RocksDbSpoolFaultTest, ACommitThatFailsLeavesNothingOfWhatWasSpilled) {
  const auto [fault, kind] = GetParam();
  auto spool = open();
  const auto incoming = spool->begin(MessageId{1});
  static_cast<void>(incoming->append(content_of(1, 100'000)));
  Outcome spilled;
  incoming->spill(spilled.done());
  ASSERT_TRUE(spilled.wait());
  disk.fail(fault);
  Outcome outcome;
  incoming->commit(message_of(1), outcome.done());
  EXPECT_EQ(kind_of(outcome.wait()), kind);
  disk.heal();
  ASSERT_TRUE(put(*spool, message_of(2), "two"));
  spool.reset();
  EXPECT_EQ(StoreSurgery(path).count("content"), 1U);
}

}  // namespace
}  // namespace postrider::queue
