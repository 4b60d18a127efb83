#include "postrider/queue/spool/rocksdb/database.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <map>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

#include <rocksdb/advanced_options.h>
#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/table_properties_collectors.h>
#include <rocksdb/write_batch.h>
#include <sys/stat.h>

#include "postrider/queue/spool/rocksdb/keys.h"

namespace postrider::queue {
namespace {

using Handles = std::array<rocksdb::ColumnFamilyHandle*, kFamilies>;

constexpr std::array<const char*, kFamilies> kNames = {"default", "envelopes", "due", "content", "damaged"};

rocksdb::Slice slice(std::string_view octets) { return {octets.data(), octets.size()}; }
std::string_view view(const rocksdb::Slice& octets) { return {octets.data(), octets.size()}; }

SpoolFailure failure(const rocksdb::Status& status) {
  using Code = rocksdb::Status::SubCode;
  const bool full = status.subcode() == Code::kNoSpace || status.subcode() == Code::kSpaceLimit;
  const bool damaged = status.IsCorruption();
  return SpoolFailure{full      ? SpoolFailure::Kind::full
                      : damaged ? SpoolFailure::Kind::damaged
                                : SpoolFailure::Kind::io,
                      status.ToString()};
}

std::unexpected<SpoolFailure> refused(const std::string& path, std::string_view why,
                                      SpoolFailure::Kind kind = SpoolFailure::Kind::io) {
  return std::unexpected(SpoolFailure{kind, "the spool " + path + " " + std::string(why)});
}

std::unexpected<SpoolFailure> unfit(const std::string& path, std::string_view why) {
  return refused(path, why, SpoolFailure::Kind::unfit);
}

rocksdb::CompressionType quick_compression() {
  const auto supported = rocksdb::GetSupportedCompressions();
  return std::ranges::find(supported, rocksdb::kLZ4Compression) != supported.end() ? rocksdb::kLZ4Compression
                                                                                   : rocksdb::kNoCompression;
}

// Most messages live for a second: they come and go within a memtable, and what is flushed are those that
// could not be delivered at once.
rocksdb::ColumnFamilyOptions family_options(Family family, const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;  // so that they count as cache, which is bounded
  table.block_size = std::size_t{16} << 10;
  rocksdb::ColumnFamilyOptions options;
  options.compression = quick_compression();
  options.max_write_buffer_number = 3;
  options.write_buffer_size = std::size_t{16} << 20;
  // Where much was removed the rest is written anew, so that reading does not stumble over it.
  constexpr std::size_t kWindow = 1024;
  options.table_properties_collector_factories.push_back(
      rocksdb::NewCompactOnDeletionCollectorFactory(kWindow, kWindow / 2));
  if (family == Family::content) {
    options.write_buffer_size = Database::kMemtableOctets;
    // What outlives the memtable is written once, beside the tree, and not again at each level of it.
    options.enable_blob_files = true;
    options.min_blob_size = 2048;
    options.blob_compression_type = options.compression;
    options.enable_blob_garbage_collection = true;
    options.blob_garbage_collection_force_threshold = 0.5;
    options.blob_garbage_collection_age_cutoff = 0.5;
  }
  if (family == Family::envelopes) table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

rocksdb::DBOptions database_options(rocksdb::Env* env) {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  if (env != nullptr) options.env = env;
  options.db_write_buffer_size = Database::kMemtableOctets;
  options.max_total_wal_size = Database::kLogOctets;
  options.max_open_files = 512;
  options.max_background_jobs = 2;
  options.bytes_per_sync = std::uint64_t{1} << 20;
  options.skip_stats_update_on_db_open = true;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.info_log_level = rocksdb::WARN_LEVEL;
  options.keep_log_file_num = 4;
  options.max_log_file_size = std::size_t{4} << 20;
  return options;
}

SpoolResult<void> prepare_folder(const std::string& path) {
  const std::filesystem::path folder(path);
  std::error_code error;
  if (folder.has_parent_path()) std::filesystem::create_directories(folder.parent_path(), error);
  if (::mkdir(path.c_str(), 0700) == 0) return {};
  if (errno != EEXIST)
    return refused(path, "cannot be made (" + std::system_category().message(errno) +
                             "): make a folder that this user may write to");
  if (!std::filesystem::is_directory(folder, error)) return refused(path, "is no folder: name another one");
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  if (error) return refused(path, "belongs to somebody else (" + error.message() + "): give it to this user");
  return {};
}

}  // namespace

// A compaction that comes upon a damaged block would stop all writing, and be tried again for ever. What is
// damaged stays where it is instead: the family is not compacted any more, and everything else goes on.
class Database::CompactionGuard final : public rocksdb::EventListener {
 public:
  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* error) override {
    if (reason == rocksdb::BackgroundErrorReason::kCompaction && error->IsCorruption()) {
      *error = rocksdb::Status::OK();
    }
  }
  void OnCompactionCompleted(rocksdb::DB* /*db*/, const rocksdb::CompactionJobInfo& job) override {
    if (!job.status.IsCorruption()) return;
    const std::lock_guard lock(mutex_);
    stuck_.insert_or_assign(job.cf_name, job.status.ToString());
    met_.store(true, std::memory_order_release);
  }

  // The names of families whose compaction has failed, and why the last time, since it was asked.
  std::map<std::string, std::string> take() {
    if (!met_.load(std::memory_order_acquire)) return {};
    const std::lock_guard lock(mutex_);
    met_.store(false, std::memory_order_relaxed);
    return std::exchange(stuck_, {});
  }

 private:
  std::atomic<bool> met_ = false;
  std::mutex mutex_;
  std::map<std::string, std::string> stuck_;
};

namespace {

// From the schema of this index to the next one. None was before the first.
using Step = rocksdb::Status (*)(rocksdb::DB& database, const Handles& handles);
constexpr std::array<Step, RocksDbSpool::kSchema> kSteps = {nullptr};

// Whether a file can be written, and whether there is room for what opening writes: what stands in the logs,
// as tables.
rocksdb::Status try_disk(rocksdb::Env& env, const std::string& path) {
  constexpr std::uint64_t kSpare = std::uint64_t{1} << 20;
  const std::string probe = path + "/probe";
  rocksdb::Status status = rocksdb::WriteStringToFile(&env, std::string(kSpare / 16, '\0'), probe, true);
  static_cast<void>(env.DeleteFile(probe));
  if (!status.ok()) return status;
  std::uint64_t needed = kSpare;
  std::vector<std::string> names;
  status = env.GetChildren(path, &names);
  if (!status.ok()) return status;
  for (const std::string& each : names) {
    std::uint64_t size = 0;
    if (each.ends_with(".log") && env.GetFileSize(path + "/" + each, &size).ok()) needed += size;
  }
  std::uint64_t free = 0;
  if (env.GetFreeSpace(path, &free).ok() && free < needed)
    return rocksdb::Status::NoSpace(std::to_string(free) + " octets are free of " + std::to_string(needed));
  return rocksdb::Status::OK();
}

bool is_empty(rocksdb::DB& database, const std::vector<rocksdb::ColumnFamilyHandle*>& handles) {
  return std::ranges::all_of(handles, [&](rocksdb::ColumnFamilyHandle* each) {
    const std::unique_ptr<rocksdb::Iterator> at(database.NewIterator(rocksdb::ReadOptions(), each));
    at->SeekToFirst();
    return !at->Valid() && at->status().ok();
  });
}

rocksdb::Status write_schema(rocksdb::DB& database, const Handles& handles) {
  rocksdb::WriteOptions options;
  options.sync = true;
  return database.Put(options, handles.front(), slice(kSchemaKey), std::to_string(RocksDbSpool::kSchema));
}

SpoolResult<void> migrate(rocksdb::DB& database, const Handles& handles, const std::string& path,
                          std::uint32_t schema) {
  if (schema == RocksDbSpool::kSchema) return {};
  const std::string is = "has schema " + std::to_string(schema) + ", and this program knows " +
                         std::to_string(RocksDbSpool::kSchema) + ": ";
  if (schema > RocksDbSpool::kSchema) return unfit(path, is + "run the newer Postrider that wrote it");
  for (; schema < RocksDbSpool::kSchema; ++schema) {
    if (kSteps[schema] == nullptr) return unfit(path, is + "empty it with the Postrider that wrote it");
    const rocksdb::Status status = kSteps[schema](database, handles);
    if (!status.ok()) return refused(path, is + "it could not be brought up to date: " + status.ToString());
  }
  const rocksdb::Status status = write_schema(database, handles);
  if (!status.ok()) return std::unexpected(failure(status));
  return {};
}

}  // namespace

struct Batch::Impl {
  rocksdb::WriteBatch batch;
};

namespace {

// Keys begin with a number of eight octets.
std::uint64_t number_in(std::string_view key) noexcept {
  std::uint64_t number = 0;
  for (std::size_t at = 0; at < sizeof number; ++at)
    number = number << 8 | (at < key.size() ? static_cast<unsigned char>(key[at]) : 0U);
  return number;
}

std::string key_of(std::uint64_t number) {
  std::string key;
  for (std::size_t shift = 8 * sizeof number; shift != 0; shift -= 8)
    key.push_back(static_cast<char>(number >> (shift - 8) & 0xff));
  return key;
}

// The block behind `last` cannot be read: from where on it goes on, found by steps that double, and then by
// halving the last one. What lies between two such blocks may be passed over with them. nullopt: nothing can.
std::optional<std::string> readable_behind(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* family,
                                           std::string_view last) {
  const auto is_readable = [&](std::uint64_t number) {
    // One that has failed does not read its block again.
    const std::unique_ptr<rocksdb::Iterator> at(db.NewIterator(rocksdb::ReadOptions(), family));
    at->Seek(slice(key_of(number)));
    return at->status().ok();
  };
  std::uint64_t bad = number_in(last);
  std::uint64_t good = bad;
  for (std::uint64_t step = 1;; step *= 2) {
    if (step == 0 || good + step < good) return std::nullopt;
    good += step;
    if (is_readable(good)) break;
    bad = good;
  }
  while (good - bad > 1) {
    const std::uint64_t middle = bad + (good - bad) / 2;
    (is_readable(middle) ? good : bad) = middle;
  }
  return key_of(good);
}

}  // namespace

struct Database::Open {
  Open() = default;
  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;
  ~Open() {
    for (rocksdb::ColumnFamilyHandle* each : all) static_cast<void>(db->DestroyColumnFamilyHandle(each));
    if (db) static_cast<void>(db->Close());
  }

  rocksdb::ColumnFamilyHandle* handle(Family family) const {
    return handles[static_cast<std::size_t>(family)];
  }
  SpoolResult<void> check_schema(const std::string& path);

  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> all;
  Handles handles{};
};

SpoolResult<void> Database::Open::check_schema(const std::string& path) {
  std::string text;
  const rocksdb::Status status = db->Get(rocksdb::ReadOptions(), handles.front(), slice(kSchemaKey), &text);
  if (status.IsNotFound()) {
    if (!is_empty(*db, all)) return unfit(path, "is a store of something else: name another folder");
    const rocksdb::Status written = write_schema(*db, handles);
    if (!written.ok()) return std::unexpected(failure(written));
    return {};
  }
  if (!status.ok()) return std::unexpected(failure(status));
  std::uint32_t schema = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), schema);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size())
    return refused(path, "says nothing of its schema: restore it from a copy, or name another folder");
  return migrate(*db, handles, path, schema);
}

Database::Database(std::string path, RocksDbSpoolOptions options)
    : path_(std::move(path)), options_(options), guard_(std::make_shared<CompactionGuard>()) {}

Database::~Database() = default;

SpoolResult<std::unique_ptr<Database>> Database::open(const std::string& path, RocksDbSpoolOptions options) {
  SpoolResult<void> prepared = prepare_folder(path);
  if (!prepared) return std::unexpected(std::move(prepared.error()));
  std::unique_ptr<Database> database(new Database(path, options));
  SpoolResult<void> opened = database->reopen();
  if (!opened) return std::unexpected(std::move(opened.error()));
  return database;
}

SpoolResult<void> Database::reopen() {
  rocksdb::DBOptions options = database_options(options_.env);
  options.listeners.push_back(guard_);
  const auto cache = rocksdb::NewLRUCache(kCacheOctets);
  // A newer program may have made more families, and all that are there have to be named.
  std::vector<std::string> names(kNames.begin(), kNames.end());
  if (std::vector<std::string> found; rocksdb::DB::ListColumnFamilies(options, path_, &found).ok()) {
    std::erase_if(found, [&](const std::string& each) { return std::ranges::count(kNames, each) != 0; });
    names.insert(names.end(), found.begin(), found.end());
  }
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (std::size_t at = 0; at < names.size(); ++at)
    families.emplace_back(names[at], family_options(static_cast<Family>(at), cache));

  auto open = std::make_unique<Open>();
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(options, path_, families, &open->all, &db);
  if (!status.ok()) {
    if (status.IsIOError() && status.ToString().find("lock") != std::string::npos)
      return refused(path_,
                     "is in use by another process: end that one, or give this one a spool of its own");
    SpoolFailure failed = failure(status);
    failed.text = "the spool " + path_ + " cannot be opened: " + failed.text;
    return std::unexpected(std::move(failed));
  }
  open->db.reset(db);
  std::copy_n(open->all.begin(), kFamilies, open->handles.begin());
  SpoolResult<void> known = open->check_schema(path_);
  if (!known) return known;
  open_ = std::move(open);
  return {};
}

void Database::close() {
  const std::unique_lock lock(mutex_);
  open_.reset();
}

SpoolResult<void> Database::write(Batch& batch, Durability durability) {
  if (!open_) return refused(path_, "is closed");
  leave_damage_alone();
  rocksdb::WriteOptions options;
  options.sync = durability == Durability::synced;
  const rocksdb::Status status = open_->db->Write(options, &batch.impl_->batch);
  if (!status.ok()) return std::unexpected(failure(status));
  return {};
}

void Database::leave_damage_alone() {
  for (const auto& [name, why] : guard_->take()) {
    const auto family = std::ranges::find(kNames, name);
    if (family == kNames.end()) continue;
    static_cast<void>(open_->db->SetOptions(open_->handles[static_cast<std::size_t>(family - kNames.begin())],
                                            {{"disable_auto_compactions", "true"}}));
    const std::lock_guard lock(stuck_mutex_);
    stuck_ = "the tables of its " + name + " cannot be put together any more (" + why +
             "); when the queue is empty, stop the agent and remove " + path_;
  }
}

std::optional<std::string> Database::take_stuck() {
  const std::lock_guard lock(stuck_mutex_);
  return std::exchange(stuck_, std::nullopt);
}

// What is there can be read as long as the disk fails: the store is closed only when opening it will probably
// succeed.
SpoolResult<void> Database::revive() {
  const rocksdb::Status ready =
      try_disk(options_.env != nullptr ? *options_.env : *rocksdb::Env::Default(), path_);
  if (!ready.ok()) return std::unexpected(failure(ready));
  if (open_ && open_->db->Resume().ok()) return {};
  const std::unique_lock lock(mutex_);
  open_.reset();
  incarnation_.fetch_add(1, std::memory_order_release);
  return reopen();
}

SpoolResult<std::optional<std::string>> Database::get(Family family, std::string_view key) const {
  const std::shared_lock lock(mutex_);
  if (!open_) return refused(path_, "is closed");
  std::string value;
  const rocksdb::Status status =
      open_->db->Get(rocksdb::ReadOptions(), open_->handle(family), slice(key), &value);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return std::unexpected(failure(status));
  return value;
}

SpoolResult<void> Database::scan(Family family, std::string_view from, const Visitor& each) const {
  std::vector<Gap> gaps;
  SpoolResult<void> scanned = scan(family, from, each, gaps);
  if (scanned && !gaps.empty())
    return std::unexpected(SpoolFailure{SpoolFailure::Kind::damaged, gaps.front().why});
  return scanned;
}

SpoolResult<void> Database::scan(Family family, std::string_view from, const Visitor& each,
                                 std::vector<Gap>& gaps) const {
  const std::shared_lock lock(mutex_);
  if (!open_) return refused(path_, "is closed");
  std::string next(from);
  std::string last(from);
  for (;;) {
    const std::unique_ptr<rocksdb::Iterator> at(
        open_->db->NewIterator(rocksdb::ReadOptions(), open_->handle(family)));
    for (at->Seek(slice(next)); at->Valid(); at->Next()) {
      if (!each(view(at->key()), view(at->value()))) return {};
      last.assign(at->key().data(), at->key().size());
    }
    if (at->status().ok()) return {};
    if (!at->status().IsCorruption()) return std::unexpected(failure(at->status()));
    std::optional<std::string> behind = readable_behind(*open_->db, open_->handle(family), last);
    gaps.push_back(Gap{last, behind.value_or(std::string()), at->status().ToString()});
    if (!behind) return {};
    next = *std::move(behind);
  }
}

Batch::Batch(Database& database) : database_(database), impl_(std::make_unique<Impl>()) {}

Batch::~Batch() = default;

// Nothing here fails: a batch is memory, and has no bound of its own.
void Batch::put(Family family, std::string_view key, std::string_view value) {
  static_cast<void>(impl_->batch.Put(database_.open_->handle(family), slice(key), slice(value)));
}

void Batch::erase(Family family, std::string_view key) {
  static_cast<void>(impl_->batch.Delete(database_.open_->handle(family), slice(key)));
}

void Batch::erase_single(Family family, std::string_view key) {
  static_cast<void>(impl_->batch.SingleDelete(database_.open_->handle(family), slice(key)));
}

bool Batch::empty() const noexcept { return impl_->batch.Count() == 0; }

}  // namespace postrider::queue
