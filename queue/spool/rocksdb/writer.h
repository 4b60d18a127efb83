// The thread of the durable spool: group commit. It takes all that waits, writes it in one batch, syncs once,
// and calls every Done, in the order of the calls.
//
//   auto writer = Writer::start(database, options);
//   writer->submit(Work(...), std::move(done));
//   writer->close();                                   // writes what waits, and ends
//
// Any thread may submit. Done is called on the writer's thread, or at once when the writer has been closed or
// too much waits.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "postrider/queue/spool.h"
#include "postrider/queue/spool/rocksdb/database.h"
#include "postrider/queue/spool/rocksdb/due_floor.h"
#include "postrider/queue/spool/rocksdb/group.h"

namespace postrider::queue {

class Writer {
 public:
  // Content on its way in is refused when too much waits; outcomes of deliveries are not.
  enum class Patience : bool { refusable, always };

  static SpoolResult<std::shared_ptr<Writer>> start(std::shared_ptr<Database> database,
                                                    RocksDbSpoolOptions options);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // False: it was refused, and `done` was told.
  bool submit(Work work, Done done, Patience patience = Patience::always);
  void close();

  std::uint64_t messages() const noexcept { return messages_.load(std::memory_order_acquire); }
  MessageId newest() const noexcept { return MessageId{newest_.load(std::memory_order_acquire)}; }
  DueFloor& due_floor() noexcept { return floor_; }

 private:
  struct Waiting {
    Waiting(Work what, Done callback, std::uint64_t size)
        : work(std::move(what)), done(std::move(callback)), octets(size) {}
    Work work;
    Done done;
    std::uint64_t octets;
  };

  Writer(std::shared_ptr<Database> database, RocksDbSpoolOptions options)
      : database_(std::move(database)), options_(options) {}
  void run();
  std::vector<Waiting> take();
  void let_others_come();
  void process(std::vector<Waiting>& group);
  std::vector<SpoolResult<void>> write(std::vector<Waiting>& waiting);
  SpoolResult<void> write_group(Group& group);
  void publish(SpoolState state);
  void abandon_after_failure(const std::vector<Waiting>& waiting);
  SpoolResult<void> revive();
  SpoolResult<void> begin();

  const std::shared_ptr<Database> database_;
  const RocksDbSpoolOptions options_;
  DueFloor floor_{due_key(Consignment()) + '\0'};  // behind the cursor of a search that has none

  // The thread's own.
  SpoolState state_;
  std::uint64_t begun_ = 0;  // the incarnation that state_ is of
  bool failed_ = false;
  std::size_t last_group_ = 0;
  std::vector<Abandoned> abandoned_;  // by groups that failed

  std::atomic<std::uint64_t> messages_ = 0;
  std::atomic<std::uint64_t> newest_ = 0;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Waiting> waiting_;
  std::uint64_t waiting_octets_ = 0;  // of what is being written as well
  bool closed_ = false;
  std::thread thread_;
};

}  // namespace postrider::queue
