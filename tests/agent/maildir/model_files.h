// A file system in memory that knows what a crash would leave, and that can fail at any step.
//
// Every name and every file has two states: what the processes see, and what is on the disk. sync() moves a
// file's content to the disk, sync_folder() a folder's names. A crash keeps what is on the disk for certain,
// and perhaps anything else that was done since: so a test asks both what must be there and what may be
// there.
#pragma once

#include <cerrno>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "postrider/agent/maildir/file_operations.h"

namespace postrider::agent {

class ModelFiles final : public FileOperations {
 public:
  struct File {
    std::string content;
    std::string on_disk;
    transport::SystemTime modified{};
    std::string device;
  };
  using FilePointer = std::shared_ptr<File>;

  // Fails the call with this number, from 0, with `error`; once.
  void fail_at(std::size_t call, int error) {
    fail_at_ = call;
    fail_with_ = error;
  }
  // Fails each call of this kind: "create", "write", "sync", …
  void fail_always(std::string operation, int error) { failing_[std::move(operation)] = error; }
  // Everything below `folder` is on a file system of its own.
  void mount(const Path& folder) { devices_.insert(folder.native()); }
  void add_folder(const Path& folder) {
    for (Path each = folder; each != each.parent_path(); each = each.parent_path()) {
      folders_.insert(each.native());
      durable_folders_.insert(each.native());
    }
    folders_.insert("/");
    durable_folders_.insert("/");
  }
  void add_file(const Path& path, transport::SystemTime modified) {
    names_[path.native()] = std::make_shared<File>(File{"", "", modified, device_of(path)});
  }
  void remove_tree(const Path& folder) {
    const std::string prefix = folder.native() + "/";
    std::erase_if(names_, [&](const auto& entry) { return entry.first.starts_with(prefix); });
    std::erase_if(folders_,
                  [&](const auto& name) { return name == folder.native() || name.starts_with(prefix); });
  }

  // Called after every step, with the lock held: where the invariants are checked.
  std::function<void()> after_step;

  std::size_t calls() const { return calls_; }
  const std::vector<std::string>& log() const { return log_; }
  std::size_t open_files() const { return open_.size(); }
  const std::map<std::string, FilePointer>& names() const { return names_; }
  bool folder_exists(const Path& path) const { return folders_.contains(path.native()); }

  // The files of a folder as processes see them.
  std::vector<FilePointer> visible_in(const Path& folder) const { return in(names_, folder); }
  // The files that are in it after any crash.
  std::vector<FilePointer> certain_in(const Path& folder) const {
    for (Path each = folder; each != each.parent_path(); each = each.parent_path()) {
      if (!durable_folders_.contains(each.native())) return {};
    }
    return in(durable_names_, folder);
  }

  std::expected<int, int> create(const Path& path) override {
    const std::scoped_lock lock(mutex_);
    if (const int error = step("create", path); error != 0) return std::unexpected(error);
    if (!folders_.contains(path.parent_path().native())) return std::unexpected(ENOENT);
    if (names_.contains(path.native())) return std::unexpected(EEXIST);
    auto file = std::make_shared<File>(File{"", "", {}, device_of(path)});
    names_[path.native()] = file;
    open_[next_] = file;
    return done(next_++);
  }

  int write(int file, std::string_view octets) override {
    const std::scoped_lock lock(mutex_);
    const int error = step("write", {});
    // A disk gets full in the middle of a write.
    open_.at(file)->content += error == 0 ? octets : octets.substr(0, octets.size() / 2);
    return error != 0 ? error : done(0);
  }

  int copy(const Path& from, int file) override {
    const std::scoped_lock lock(mutex_);
    if (const int error = step("copy", from); error != 0) return error;
    if (!names_.contains(from.native())) return ENOENT;
    open_.at(file)->content += names_.at(from.native())->content;
    return done(0);
  }

  void start_writing_back(int) override {}

  int sync(int file) override {
    const std::scoped_lock lock(mutex_);
    if (const int error = step("sync", {}); error != 0) return error;
    open_.at(file)->on_disk = open_.at(file)->content;
    return done(0);
  }

  int close(int file) override {
    const std::scoped_lock lock(mutex_);
    open_.erase(file);  // even when it reports an error
    if (const int error = step("close", {}); error != 0) return error;
    return done(0);
  }

  int link(const Path& from, const Path& to) override {
    const std::scoped_lock lock(mutex_);
    if (const int error = step("link", to); error != 0) return error;
    if (device_of(from) != device_of(to)) return EXDEV;
    if (!names_.contains(from.native()) || !folders_.contains(to.parent_path().native())) return ENOENT;
    if (names_.contains(to.native())) return EEXIST;
    names_[to.native()] = names_.at(from.native());
    return done(0);
  }

  int rename(const Path& from, const Path& to) override {
    const std::scoped_lock lock(mutex_);
    if (const int error = step("rename", to); error != 0) return error;
    if (device_of(from) != device_of(to)) return EXDEV;
    if (!names_.contains(from.native()) || !folders_.contains(to.parent_path().native())) return ENOENT;
    if (names_.contains(to.native())) return EEXIST;
    names_[to.native()] = names_.at(from.native());
    names_.erase(from.native());
    return done(0);
  }

  int remove(const Path& path) override {
    const std::scoped_lock lock(mutex_);
    if (const int error = step("remove", path); error != 0) return error;
    if (names_.erase(path.native()) == 0) return ENOENT;
    return done(0);
  }

  int make_folder(const Path& path) override {
    const std::scoped_lock lock(mutex_);
    if (const int error = step("make_folder", path); error != 0) return error;
    if (folders_.contains(path.native())) return EEXIST;
    if (!folders_.contains(path.parent_path().native())) return ENOENT;
    folders_.insert(path.native());
    return done(0);
  }

  int sync_folder(const Path& path) override {
    const std::scoped_lock lock(mutex_);
    if (const int error = step("sync_folder", path); error != 0) return error;
    if (!folders_.contains(path.native())) return ENOENT;
    std::erase_if(durable_names_, [&](const auto& entry) { return Path(entry.first).parent_path() == path; });
    for (const auto& [name, file] : names_) {
      if (Path(name).parent_path() == path) durable_names_[name] = file;
    }
    for (const std::string& folder : folders_) {
      if (Path(folder).parent_path() == path) durable_folders_.insert(folder);
    }
    return done(0);
  }

  std::vector<Entry> files(const Path& folder) override {
    const std::scoped_lock lock(mutex_);
    std::vector<Entry> out;
    for (const auto& [name, file] : names_) {
      if (Path(name).parent_path() == folder)
        out.push_back(Entry{Path(name).filename().native(), file->modified});
    }
    return out;
  }

 private:
  static std::vector<FilePointer> in(const std::map<std::string, FilePointer>& names, const Path& folder) {
    std::vector<FilePointer> out;
    for (const auto& [name, file] : names) {
      if (Path(name).parent_path() == folder) out.push_back(file);
    }
    return out;
  }

  std::string device_of(const Path& path) const {
    for (Path each = path; each != each.parent_path(); each = each.parent_path()) {
      if (devices_.contains(each.native())) return each.native();
    }
    return {};
  }

  int step(const std::string& operation, const Path& path) {
    log_.push_back(operation + (path.empty() ? "" : " " + path.parent_path().native()));
    if (calls_++ == fail_at_) return fail_with_;
    const auto failing = failing_.find(operation);
    return failing == failing_.end() ? 0 : failing->second;
  }

  template <class T>
  T done(T result) {
    if (after_step) after_step();
    return result;
  }

  std::mutex mutex_;
  std::size_t calls_ = 0;
  std::size_t fail_at_ = static_cast<std::size_t>(-1);
  int fail_with_ = 0;
  std::map<std::string, int> failing_;
  std::vector<std::string> log_;
  std::set<std::string> devices_;
  std::set<std::string> folders_;
  std::set<std::string> durable_folders_;
  std::map<std::string, FilePointer> names_;
  std::map<std::string, FilePointer> durable_names_;
  std::map<int, FilePointer> open_;
  int next_ = 3;
};

}  // namespace postrider::agent
