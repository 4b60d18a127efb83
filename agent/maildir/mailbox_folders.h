// Makes Maildir folders when they are missing, and makes sure that the way to them is on the disk.
//
// A message in new/ is only durable when new/ itself is, and the mailbox, and every folder above it. A folder
// that exists may have been made by a process that was killed before it synced it, so a mailbox is looked
// after once in the life of this object, whether it exists or not; after that it costs one lookup.
//
// Safe to use from several threads. Remembers at most kRemembered mailboxes and then starts afresh.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>

#include <absl/base/thread_annotations.h>
#include <absl/container/flat_hash_set.h>

#include "postrider/agent/maildir/file_operations.h"

namespace postrider::agent {

class MailboxFolders {
 public:
  // 64 Ki mailboxes at some 100 octets each. Stops: a peer that writes to ever new local parts and fills the
  // memory.
  static constexpr std::size_t kRemembered = 65536;

  explicit MailboxFolders(FileOperations& files) : files_(files) {}

  // `mailbox` with its cur/, new/ and tmp/ exists and is durable when this returns 0; else errno.
  int ensure(const FileOperations::Path& mailbox);

  // The mailbox turned out to be gone.
  void forget(const FileOperations::Path& mailbox);

 private:
  int ensure_parents(const FileOperations::Path& folder);
  int ensure_one(const FileOperations::Path& folder);
  bool knows(const FileOperations::Path& folder);
  void remember(const FileOperations::Path& folder);

  FileOperations& files_;
  std::mutex mutex_;
  absl::flat_hash_set<std::string> durable_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace postrider::agent
