// RocksDB as the spool uses it: opened with the settings of a queue, asked and written by family, and brought
// back after a failure. Its headers are seen by database.cc alone.
//
//   auto database = Database::open(path, options);
//   Batch batch(**database);
//   batch.put(Family::envelopes, id_key(id), value);
//   auto written = (*database)->write(batch, Durability::synced);
//
// One thread writes, any thread reads. Nothing is kept open between calls, so that the store can be closed
// and opened again beneath its readers.
//
// Memory is bounded: kMemtableOctets for what was written lately, half as much again while that goes to disk,
// and kCacheOctets for what is read. The log of what is in memory alone stays below kLogOctets, which bounds
// the time to open after a crash.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/queue/spool.h"
#include "postrider/queue/spool/rocksdb/rocksdb_spool.h"

namespace postrider::queue {

enum class Family : std::uint8_t { meta, envelopes, due, content, damaged };
inline constexpr std::size_t kFamilies = 5;

// A batch that is not synced may be lost with the power, and is made durable by the next one that is.
enum class Durability : bool { unsynced, synced };

class Batch;

class Database {
 public:
  static constexpr std::size_t kMemtableOctets = std::size_t{64} << 20;
  static constexpr std::size_t kCacheOctets = std::size_t{24} << 20;
  static constexpr std::size_t kLogOctets = std::size_t{192} << 20;

  // The text of a failure says what to do about it.
  static SpoolResult<std::unique_ptr<Database>> open(const std::string& path, RocksDbSpoolOptions options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // By one thread at a time. After a failure nothing can be written until revive() succeeds.
  SpoolResult<void> write(Batch& batch, Durability durability);
  // Makes the store writable again, without anything lost that was written, synced or not; when that is not
  // possible it is closed and opened, which counts up `incarnation`.
  SpoolResult<void> revive();
  std::uint64_t incarnation() const noexcept { return incarnation_.load(std::memory_order_acquire); }

  // A damaged block has come into the way of RocksDB's own work, since it was asked: what, and what to do.
  // Any thread.
  std::optional<std::string> take_stuck();

  // Nothing can be read or written any more, and another process may have the store.
  void close();

  // nullopt: there is no such key.
  SpoolResult<std::optional<std::string>> get(Family family, std::string_view key) const;
  using Visitor = std::function<bool(std::string_view, std::string_view)>;  // key and value
  // Keys that cannot be read, since RocksDB finds a checksum wrong: all behind `from` and before `to`.
  struct Gap {
    std::string from;
    std::string to;  // empty: to the end
    std::string why;
  };
  // From the first key at `from` or behind it, until `each` returns false. It must not call the database.
  SpoolResult<void> scan(Family family, std::string_view from, const Visitor& each) const;
  // The same, and past what cannot be read, which is added to `gaps`. Keys of this family begin with a number
  // of eight octets.
  SpoolResult<void> scan(Family family, std::string_view from, const Visitor& each,
                         std::vector<Gap>& gaps) const;

 private:
  friend class Batch;
  struct Open;
  class CompactionGuard;

  Database(std::string path, RocksDbSpoolOptions options);
  SpoolResult<void> reopen();
  void leave_damage_alone();

  const std::string path_;
  const RocksDbSpoolOptions options_;
  mutable std::shared_mutex mutex_;  // of open_, which the writing thread alone replaces
  std::unique_ptr<Open> open_;       // none: could not be opened again
  std::atomic<std::uint64_t> incarnation_ = 0;
  const std::shared_ptr<CompactionGuard> guard_;
  std::mutex stuck_mutex_;
  std::optional<std::string> stuck_;
};

// What is written in one go. Of the incarnation that it was made in.
class Batch {
 public:
  explicit Batch(Database& database);
  ~Batch();
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  void put(Family family, std::string_view key, std::string_view value);
  void erase(Family family, std::string_view key);
  // Of a key that was put once since it was erased last: leaves nothing behind when both meet.
  void erase_single(Family family, std::string_view key);
  bool empty() const noexcept;

 private:
  friend class Database;
  struct Impl;

  Database& database_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace postrider::queue
