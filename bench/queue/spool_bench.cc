// The durable spool with so many messages of 4 KiB waiting for their sync at once, as sessions make them
// wait: accepted alone, and accepted and removed again. The folder stands where temporary files do; TMPDIR
// moves it.
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "postrider/queue/spool/memory_spool.h"
#include "postrider/queue/spool/rocksdb/rocksdb_spool.h"

namespace {

using namespace postrider::queue;

constexpr std::size_t kContent = 4096;

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "postrider-spool-bench-XXXXXX").native();
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string path() const { return (path_ / "spool").native(); }

 private:
  std::filesystem::path path_;
};

// Lets so many through at once.
class Gate {
 public:
  explicit Gate(std::size_t width) : width_(width) {}
  void enter() {
    std::unique_lock lock(mutex_);
    free_.wait(lock, [this] { return inside_ < width_; });
    ++inside_;
  }
  void leave() {
    const std::lock_guard lock(mutex_);
    --inside_;
    free_.notify_one();
  }
  void drain() {
    std::unique_lock lock(mutex_);
    free_.wait(lock, [this] { return inside_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable free_;
  const std::size_t width_;
  std::size_t inside_ = 0;
};

QueuedMessage message_of(std::uint64_t id) {
  QueuedMessage message;
  message.id = MessageId{id};
  message.mail = "MAIL FROM:<alice@example.com> BODY=8BITMIME SIZE=4096";
  message.arrived = Time(std::chrono::milliseconds(1'700'000'000'000 + static_cast<std::int64_t>(id)));
  message.expires = message.arrived + std::chrono::days(5);
  QueuedRecipient recipient;
  recipient.rcpt = "RCPT TO:<bob@example.org>";
  recipient.destination = "mx:example.org";
  recipient.next_attempt = message.arrived;
  message.recipients.push_back(std::move(recipient));
  return message;
}

enum class Life : bool { stays, is_removed };

void run(benchmark::State& state, Spool& spool, Life life) {
  Gate gate(static_cast<std::size_t>(state.range(0)));
  const std::string content(kContent, 'x');
  std::uint64_t failures = 0;  // of the spool's one thread
  std::uint64_t id = 0;
  for (auto _ : state) {
    gate.enter();
    const MessageId current{++id};
    const auto incoming = spool.begin(current);
    static_cast<void>(incoming->append(content));
    incoming->commit(message_of(current.value), [&, current](SpoolResult<void> kept) {
      if (!kept) ++failures;
      if (life == Life::stays) return gate.leave();
      Change change;
      change.removed.push_back(current);
      spool.apply(std::move(change), [&](SpoolResult<void> gone) {
        if (!gone) ++failures;
        gate.leave();
      });
    });
  }
  gate.drain();
  if (failures != 0) state.SkipWithError("the spool failed");
  state.SetItemsProcessed(state.iterations());
}

template <Life life>
void spool_rocksdb(benchmark::State& state) {
  const Folder folder;
  const auto spool = RocksDbSpool::open(folder.path(), RocksDbSpoolOptions());
  if (!spool) return state.SkipWithError(spool.error().text.c_str());
  run(state, **spool, life);
}
BENCHMARK_TEMPLATE(spool_rocksdb, Life::stays)->Arg(1)->Arg(20)->Arg(200)->UseRealTime();
BENCHMARK_TEMPLATE(spool_rocksdb, Life::is_removed)->Arg(1)->Arg(20)->Arg(200)->UseRealTime();

// What the disk does by itself: so many messages in a row, then one sync.
void append_and_sync(benchmark::State& state) {
  const Folder folder;
  const int file = ::open(folder.path().c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  const std::string content(kContent * static_cast<std::size_t>(state.range(0)), 'x');
  for (auto _ : state)
    if (::write(file, content.data(), content.size()) < 0 || ::fdatasync(file) != 0)
      state.SkipWithError("the disk failed");
  ::close(file);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(append_and_sync)->Arg(1)->Arg(20)->Arg(200)->UseRealTime();

void spool_memory(benchmark::State& state) {
  MemorySpool spool;
  run(state, spool, Life::is_removed);
}
BENCHMARK(spool_memory)->Arg(20)->UseRealTime();

}  // namespace
