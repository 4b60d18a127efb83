// What is acknowledged survives kill -9 and the loss of power.
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "postrider/queue/spool/rocksdb/rocksdb_spool.h"
#include "postrider/tests/queue/spool/rocksdb/faulty_disk.h"
#include "postrider/tests/queue/spool/rocksdb/temporary_folder.h"
#include "postrider/tests/queue/spool/rocksdb/writer_contents.h"
#include "postrider/tests/queue/spool/spool_conformance.h"

extern char** environ;  // NOLINT

namespace postrider::queue {
namespace {

// What somebody was told about the messages of one spool.
struct Told {
  std::set<std::uint64_t> there;
  std::set<std::uint64_t> perhaps;  // a removal was begun
  std::set<std::uint64_t> gone;

  void hear(const std::string& line) {
    const auto id = MessageId::parse(std::string_view(line).substr(1));
    ASSERT_TRUE(id) << line;
    if (line.front() == '+') there.insert(id->value);
    if (line.front() == '~') perhaps.insert(id->value);
    if (line.front() == '-') gone.insert(id->value);
  }
};

// Everything that was acknowledged is there, what was removed is not, and whatever else is there is whole.
void check(const std::string& path, const Told& told) {
  const auto opened = RocksDbSpool::open(path, RocksDbSpoolOptions());
  ASSERT_TRUE(opened) << opened.error().text;
  Spool& spool = **opened;
  const std::vector<std::uint64_t> listed = ids_in(spool, MessageId{}, 1'000'000);
  const std::set<std::uint64_t> found(listed.begin(), listed.end());
  for (const std::uint64_t id : told.there)
    EXPECT_TRUE(found.contains(id) || told.perhaps.contains(id)) << "lost: " << id;
  for (const std::uint64_t id : told.gone) EXPECT_FALSE(found.contains(id)) << "came back: " << id;
  for (const std::uint64_t id : found) {
    EXPECT_EQ(*spool.load(MessageId{id}), message_of(id));
    EXPECT_EQ(content_in(spool, MessageId{id}), content_of(id, size_of(id)));
  }
  EXPECT_EQ(spool.size(), found.size());
  EXPECT_EQ(due_in(spool).size(), found.size());
  EXPECT_TRUE(spool.damaged(MessageId{}, 1)->empty());
}

// A program, and what it says on one of its outputs.
class Child {
 public:
  Child(const std::string& path, int output) {
    int ends[2];
    if (::pipe(ends) != 0) std::abort();
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], output);
    ::posix_spawn_file_actions_addclose(&actions, ends[0]);
    std::string program = POSTRIDER_SPOOL_WRITER;
    std::string folder = path;
    char* arguments[] = {program.data(), folder.data(), nullptr};
    EXPECT_EQ(::posix_spawn(&process_, program.c_str(), &actions, nullptr, arguments, environ), 0);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    lines_ = ::fdopen(ends[0], "r");
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { static_cast<void>(std::fclose(lines_)); }

  bool line(std::string& out) {
    out.clear();
    for (int octet = std::fgetc(lines_); octet != EOF; octet = std::fgetc(lines_)) {
      if (octet == '\n') return true;
      out.push_back(static_cast<char>(octet));
    }
    return false;
  }
  void kill() const { ::kill(process_, SIGKILL); }
  int end() const {
    int status = 0;
    ::waitpid(process_, &status, 0);
    return status;
  }

 private:
  pid_t process_ = 0;
  std::FILE* lines_ = nullptr;
};

TEST(CrashTest, KillingTheProcessLosesNothingThatWasAcknowledged) {
  constexpr int kRounds = 10;
  const TemporaryFolder folder;
  Told told;
  std::mt19937 random(5);
  for (int round = 0; round < kRounds; ++round) {
    Child child(folder / "spool", STDOUT_FILENO);
    std::string line;
    for (auto lines = 1 + random() % 150; lines != 0; --lines) {
      ASSERT_TRUE(child.line(line)) << "it ended by itself";
      told.hear(line);
    }
    child.kill();
    while (child.line(line)) told.hear(line);
    EXPECT_EQ(WTERMSIG(child.end()), SIGKILL);
    check(folder / "spool", told);
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(told.there.size(), 100U);
}

TEST(CrashTest, ASecondProcessHearsThatTheSpoolIsInUse) {
  const TemporaryFolder folder;
  const std::string path = folder / "spool";
  const auto spool = RocksDbSpool::open(path, RocksDbSpoolOptions());
  ASSERT_TRUE(spool);
  Child child(path, STDERR_FILENO);
  std::string line;
  ASSERT_TRUE(child.line(line));
  EXPECT_EQ(line, "the spool " + path +
                      " is in use by another process: end that one, or give this one a spool of its own");
  EXPECT_EQ(WEXITSTATUS(child.end()), 1);
}

// Some threads put messages in and take some out; now and then the power fails.
class PowerLoss {
 public:
  explicit PowerLoss(Spool& spool) : spool_(spool) {
    for (std::uint64_t thread = 0; thread < kThreads; ++thread)
      threads_.emplace_back([this, thread] { write(thread); });
  }
  PowerLoss(const PowerLoss&) = delete;
  PowerLoss& operator=(const PowerLoss&) = delete;
  ~PowerLoss() {
    for (std::thread& each : threads_) each.join();
  }

  // What was told until there are that many messages, or all threads are at their end.
  Told told_at(std::size_t messages) {
    std::unique_lock lock(mutex_);
    more_.wait(lock, [&] { return told_.there.size() >= messages || ended_ == kThreads; });
    return told_;
  }
  // Removals that are begun by now.
  std::set<std::uint64_t> perhaps() {
    const std::lock_guard lock(mutex_);
    return told_.perhaps;
  }
  static constexpr std::uint64_t kThreads = 4;
  static constexpr std::uint64_t kMessages = 60;

 private:
  void write(std::uint64_t thread) {
    for (std::uint64_t count = 0; count < kMessages; ++count) {
      const std::uint64_t id = 1 + thread + kThreads * count;
      EXPECT_TRUE(put(spool_, message_of(id), content_of(id, size_of(id))));
      note([&] { told_.there.insert(id); });
      if (count % 3 != 0) continue;
      note([&] { told_.perhaps.insert(id); });
      Change change;
      change.removed.push_back(MessageId{id});
      EXPECT_TRUE(apply(spool_, std::move(change)));
      note([&] { told_.gone.insert(id); });
    }
    note([&] { ++ended_; });
  }
  template <class Change>
  void note(const Change& change) {
    {
      const std::lock_guard lock(mutex_);
      change();
    }
    more_.notify_all();
  }

  Spool& spool_;
  std::mutex mutex_;
  std::condition_variable more_;
  Told told_;
  std::uint64_t ended_ = 0;
  std::vector<std::thread> threads_;
};

TEST(CrashTest, ALossOfPowerLosesNothingThatWasAcknowledged) {
  FaultyDisk disk;
  const TemporaryFolder folder;
  RocksDbSpoolOptions options;
  options.env = disk.env();
  const auto spool = RocksDbSpool::open(folder / "spool", options);
  ASSERT_TRUE(spool);
  std::vector<Told> told;
  {
    PowerLoss load(**spool);
    for (std::size_t messages = 20; messages <= PowerLoss::kThreads * PowerLoss::kMessages; messages += 20) {
      told.push_back(load.told_at(messages));
      disk.lose_power(folder / "spool", folder / ("copy" + std::to_string(told.size())));
      told.back().perhaps = load.perhaps();
    }
  }
  for (std::size_t at = 0; at < told.size(); ++at)
    check(folder / ("copy" + std::to_string(at + 1)), told[at]);
}

}  // namespace
}  // namespace postrider::queue
