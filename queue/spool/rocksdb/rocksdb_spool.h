// The durable spool: a RocksDB of its own in a folder of its own.
//
//   auto spool = RocksDbSpool::open("/var/spool/postrider", RocksDbSpoolOptions());
//   if (!spool) refuse_to_start(spool.error().text);
//
// One thread writes: it takes all that waits, writes it as one batch, syncs once, and calls every Done. So
// the order of the calls is the order of the effects, and the more messages come at once, the less each of
// them costs. Content of up to kSpillAt goes into the batch of its envelope; what is larger is written as it
// comes, unsynced, and made durable with its envelope. What a crash left of messages that were not complete
// is removed when the store is opened.
//
// Contents that wait to be written may have `max_waiting` octets; beyond, spill() and commit() fail with
// `full` at once. What is read and what was written lately takes some 100 MiB at most, however long the queue
// is.
//
// Where RocksDB cannot read a part of a table, since it does not have its checksum, the reading goes on
// behind it. Messages whose records were in there are set aside, as far as their content still tells of them;
// what was in there of the due index is found again by the records, once, and kept in memory: some hundred
// for each block of 16 KiB.
//
// When the disk is full or fails, everybody who waits is told, and each later group tries again: once there
// is room, all goes on. A group that failed in the middle of a sync may be found there by the next start.
//
// The folder is made when it is not there, and is for its owner's eyes alone (mode 0700). One process has it
// at a time. An Incoming and a Body may outlive the spool; they have nothing more to say then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "postrider/queue/spool.h"

namespace rocksdb {
class Env;
}  // namespace rocksdb

namespace postrider::queue {

struct RocksDbSpoolOptions {
  RocksDbSpoolOptions() = default;

  std::size_t max_waiting = std::size_t{64} << 20;  // octets that wait to be written
  std::size_t max_batch = std::size_t{8} << 20;     // octets that are written in one go, and one message more
  rocksdb::Env* env = nullptr;  // not owned; a disk that fails on request. nullptr: the real one
};

class RocksDbSpool final : public Spool {
 public:
  // What the store was written by: its keys and values have this form.
  static constexpr std::uint32_t kSchema = 1;

  // The failure's text says what to do about it.
  static SpoolResult<std::unique_ptr<RocksDbSpool>> open(const std::string& path,
                                                         RocksDbSpoolOptions options);
  ~RocksDbSpool() override;
  RocksDbSpool(const RocksDbSpool&) = delete;
  RocksDbSpool& operator=(const RocksDbSpool&) = delete;

  std::unique_ptr<Incoming> begin(MessageId id) override;
  void apply(Change change, Done done) override;
  SpoolResult<QueuedMessage> load(MessageId id) override;
  SpoolResult<std::unique_ptr<Body>> open(MessageId id) override;
  SpoolResult<void> due(const Consignment& after, Time until,
                        const std::function<bool(const Consignment&)>& each) override;
  SpoolResult<Time> next_due(const Consignment& after) override;
  SpoolResult<std::vector<QueuedMessage>> list(MessageId after, std::size_t limit) override;
  SpoolResult<std::vector<DamagedRecord>> damaged(MessageId after, std::size_t limit) override;
  void drop_damaged(MessageId id, Done done) override;
  std::optional<SpoolFailure> passed_over() override;
  std::uint64_t size() const override;
  MessageId newest() const override;

 private:
  class Impl;
  explicit RocksDbSpool(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace postrider::queue
