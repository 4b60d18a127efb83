#include "postrider/agent/queue/open_spool.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <unistd.h>

#include "postrider/queue/spool/memory_spool.h"
#ifdef POSTRIDER_HAS_QUEUE_ROCKSDB
#include "postrider/queue/spool/rocksdb/rocksdb_spool.h"
#endif

namespace postrider::agent {
namespace {

using Opened = std::expected<std::unique_ptr<queue::Spool>, StartFailure>;

#ifdef POSTRIDER_HAS_QUEUE_ROCKSDB
Opened open_rocksdb(const Config& config) {
  const std::filesystem::path folder = spool_folder(config);
  std::error_code failure;
  std::filesystem::create_directories(folder.parent_path(),
                                      failure);  // what fails now fails below, and is said
  auto opened = queue::RocksDbSpool::open(folder.native(), queue::RocksDbSpoolOptions());
  if (opened) return *std::move(opened);
  const bool exists = std::filesystem::exists(folder, failure);
  const std::filesystem::path& needed = exists ? folder : config.state;
  const bool forbidden = ::access(needed.c_str(), R_OK | W_OK | X_OK) != 0 && errno == EACCES;
  const bool unfit = opened.error().kind == queue::SpoolFailure::Kind::unfit;
  return std::unexpected(StartFailure{std::move(opened).error().text, forbidden ? ExitCode::permission
                                                                      : unfit   ? ExitCode::configuration
                                                                                : ExitCode::temporary});
}
#else
Opened open_rocksdb(const Config& /*config*/) {
  return std::unexpected(
      StartFailure{"this program was built without RocksDB; set queue.store", ExitCode::configuration});
}
#endif

}  // namespace

std::filesystem::path spool_folder(const Config& config) { return config.state / "spool"; }

Opened open_spool(const Config& config) {
  switch (config.queue.store) {
    case QueueStore::memory: return std::make_unique<queue::MemorySpool>();
    case QueueStore::postgresql:
      return std::unexpected(
          StartFailure{"not built yet: queue.store = \"postgresql\"", ExitCode::configuration});
    case QueueStore::rocksdb: break;
  }
  return open_rocksdb(config);
}

}  // namespace postrider::agent
