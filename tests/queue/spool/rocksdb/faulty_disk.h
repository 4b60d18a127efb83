// A disk that fails, fills up, and loses with the power what was not synced.
//
//   FaultyDisk disk;
//   options.env = disk.env();
//   disk.fail(FaultyDisk::Fault::full);         // every write from now on
//   disk.heal();
//   disk.lose_power(path, copy);                // `copy` is what the machine would find when it is back
//
// Outlives the store on it. Any thread may call.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "postrider/queue/spool/rocksdb/rocksdb_spool.h"

namespace postrider::queue {

class FaultyDisk {
 public:
  enum class Fault : std::uint8_t { none, full, broken };

  FaultyDisk();
  ~FaultyDisk();
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  rocksdb::Env* env();
  void fail(Fault fault);
  void heal() { fail(Fault::none); }
  // The folder `path` as it would be after a loss of power at this instant: each file as long as it was when
  // it was synced last. The store goes on.
  void lose_power(const std::string& path, const std::string& copy);

 private:
  class Files;
  class File;
  std::shared_ptr<Files> files_;
  std::unique_ptr<rocksdb::Env, void (*)(rocksdb::Env*)> env_;
};

}  // namespace postrider::queue
