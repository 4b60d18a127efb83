#include "postrider/agent/queue/open_spool.h"

#include "postrider/queue/spool/memory_spool.h"

namespace postrider::agent {

std::filesystem::path spool_folder(const Config& config) { return config.state / "spool"; }

std::expected<std::unique_ptr<queue::Spool>, StartFailure> open_spool(const Config& config) {
  switch (config.queue.store) {
    case QueueStore::memory: return std::make_unique<queue::MemorySpool>();
    case QueueStore::postgresql:
      return std::unexpected(
          StartFailure{"not built yet: queue.store = \"postgresql\"", ExitCode::configuration});
    case QueueStore::rocksdb: break;
  }
  return std::unexpected(StartFailure{"not built yet: queue.store = \"rocksdb\"", ExitCode::configuration});
}

}  // namespace postrider::agent
