#include "postrider/tests/queue/spool/rocksdb/faulty_disk.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <utility>

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

namespace postrider::queue {
namespace {

using rocksdb::FileOptions;
using rocksdb::FSWritableFile;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

}  // namespace

// The real file system, and how much of each file was synced.
class FaultyDisk::Files final : public rocksdb::FileSystemWrapper {
 public:
  Files() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "FaultyDisk"; }

  IOStatus NewWritableFile(const std::string& name, const FileOptions& options,
                           std::unique_ptr<FSWritableFile>* result, IODebugContext* debug) override;

  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* debug) override {
    const std::lock_guard lock(mutex_);
    const IOStatus renamed = FileSystemWrapper::RenameFile(from, to, options, debug);
    if (auto moved = synced_.extract(from); renamed.ok() && !moved.empty()) {
      synced_.erase(to);
      moved.key() = to;
      synced_.insert(std::move(moved));
    }
    return renamed;
  }

  IOStatus DeleteFile(const std::string& name, const IOOptions& options, IODebugContext* debug) override {
    const std::lock_guard lock(mutex_);
    synced_.erase(name);
    return FileSystemWrapper::DeleteFile(name, options, debug);
  }

  // Runs `write` unless the disk has failed; nothing is copied meanwhile.
  template <class Write>
  IOStatus attempt(const Write& write) {
    const std::lock_guard lock(mutex_);
    if (fault_ == Fault::full) return IOStatus::NoSpace("no room on the device");
    if (fault_ == Fault::broken) return IOStatus::IOError("the device does not answer");
    return write();
  }
  void note(const std::string& name, std::uint64_t synced) { synced_[name] = synced; }

  void fail(Fault fault) {
    const std::lock_guard lock(mutex_);
    fault_ = fault;
  }

  void copy(const std::string& path, const std::string& copy) {
    const std::lock_guard lock(mutex_);
    std::filesystem::create_directories(copy);
    for (const auto& [name, size] : synced_) {
      const std::filesystem::path from(name);
      if (from.parent_path() != std::filesystem::path(path)) continue;
      std::string octets(size, '\0');
      std::ifstream(from, std::ios::binary).read(octets.data(), static_cast<std::streamsize>(size));
      std::ofstream(std::filesystem::path(copy) / from.filename(), std::ios::binary) << octets;
    }
  }

 private:
  std::mutex mutex_;
  Fault fault_ = Fault::none;
  std::map<std::string, std::uint64_t> synced_;
};

class FaultyDisk::File final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  File(Files& files, std::string name, std::unique_ptr<FSWritableFile> file)
      : FSWritableFileOwnerWrapper(std::move(file)), files_(files), name_(std::move(name)) {}

  IOStatus Append(const Slice& octets, const IOOptions& options, IODebugContext* debug) override {
    return files_.attempt([&] {
      const IOStatus written = FSWritableFileOwnerWrapper::Append(octets, options, debug);
      if (written.ok()) size_ += octets.size();
      return written;
    });
  }
  IOStatus Append(const Slice& octets, const IOOptions& options, const rocksdb::DataVerificationInfo&,
                  IODebugContext* debug) override {
    return Append(octets, options, debug);
  }
  IOStatus Truncate(std::uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    return files_.attempt([&] { return FSWritableFileOwnerWrapper::Truncate(size, options, debug); });
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return files_.attempt([&] {
      const IOStatus synced = FSWritableFileOwnerWrapper::Sync(options, debug);
      if (synced.ok()) files_.note(name_, size_);
      return synced;
    });
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override { return Sync(options, debug); }

 private:
  Files& files_;
  const std::string name_;
  std::uint64_t size_ = 0;
};

IOStatus FaultyDisk::Files::NewWritableFile(const std::string& name, const FileOptions& options,
                                            std::unique_ptr<FSWritableFile>* result, IODebugContext* debug) {
  return attempt([&] {
    std::unique_ptr<FSWritableFile> file;
    const IOStatus made = FileSystemWrapper::NewWritableFile(name, options, &file, debug);
    if (!made.ok()) return made;
    note(name, 0);
    *result = std::make_unique<File>(*this, name, std::move(file));
    return made;
  });
}

FaultyDisk::FaultyDisk()
    : files_(std::make_shared<Files>()),
      env_(rocksdb::NewCompositeEnv(files_).release(), [](rocksdb::Env* env) { delete env; }) {}

FaultyDisk::~FaultyDisk() = default;

rocksdb::Env* FaultyDisk::env() { return env_.get(); }

void FaultyDisk::fail(Fault fault) { files_->fail(fault); }

void FaultyDisk::lose_power(const std::string& path, const std::string& copy) { files_->copy(path, copy); }

}  // namespace postrider::queue
