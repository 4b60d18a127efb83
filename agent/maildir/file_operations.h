// What Maildir delivery asks of a file system, as an interface, so that tests can make every step fail and
// can watch the order of writes, syncs and renames.
//
// Errors are errno values, 0 for none. Every call may block on the disk: none belongs on an I/O thread. The
// functions are safe to call from several threads.
#pragma once

#include <chrono>
#include <expected>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/transport/clock.h"

namespace postrider::agent {

class FileOperations {
 public:
  using Path = std::filesystem::path;

  struct Entry {
    std::string name;
    transport::SystemTime modified;
  };

  virtual ~FileOperations() = default;

  // A new file for writing, mode 0600; EEXIST when there is one of that name. The descriptor is given back by
  // close().
  virtual std::expected<int, int> create(const Path& path) = 0;
  // All of `octets`, or an error.
  virtual int write(int file, std::string_view octets) = 0;
  // Appends the content of the file at `from`.
  virtual int copy(const Path& from, int file) = 0;
  // Starts writing to the disk without waiting. An aid to speed: it has no result.
  virtual void start_writing_back(int file) = 0;
  // Content and size are on the disk when it returns 0.
  virtual int sync(int file) = 0;
  virtual int close(int file) = 0;

  // A second name for the same file.
  virtual int link(const Path& from, const Path& to) = 0;
  // EEXIST when `to` exists: never replaces.
  virtual int rename(const Path& from, const Path& to) = 0;
  virtual int remove(const Path& path) = 0;

  // Mode 0700; EEXIST when there is a folder.
  virtual int make_folder(const Path& path) = 0;
  // The folder's entries are on the disk when it returns 0.
  virtual int sync_folder(const Path& path) = 0;
  // The plain files of a folder; empty when it cannot be read.
  virtual std::vector<Entry> files(const Path& folder) = 0;
};

// The machine's own.
FileOperations& system_files() noexcept;

}  // namespace postrider::agent
