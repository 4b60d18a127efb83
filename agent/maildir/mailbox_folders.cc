#include "postrider/agent/maildir/mailbox_folders.h"

#include <cerrno>

namespace postrider::agent {

int MailboxFolders::ensure(const FileOperations::Path& mailbox) {
  if (knows(mailbox)) return 0;
  if (const int error = ensure_parents(mailbox); error != 0) return error;
  if (const int error = ensure_one(mailbox); error != 0) return error;
  for (const char* const part : {"tmp", "cur", "new"}) {
    const int error = files_.make_folder(mailbox / part);
    if (error != 0 && error != EEXIST) return error;
  }
  if (const int error = files_.sync_folder(mailbox); error != 0) return error;
  remember(mailbox);
  return 0;
}

void MailboxFolders::forget(const FileOperations::Path& mailbox) {
  const std::lock_guard lock(mutex_);
  // Whoever removed the mailbox may have removed folders above it.
  for (FileOperations::Path folder = mailbox; folder != folder.parent_path(); folder = folder.parent_path()) {
    durable_.erase(folder.native());
  }
}

int MailboxFolders::ensure_parents(const FileOperations::Path& folder) {
  const FileOperations::Path parent = folder.parent_path();
  if (parent.empty() || parent == folder || knows(parent)) return 0;
  if (const int error = ensure_parents(parent); error != 0) return error;
  if (const int error = ensure_one(parent); error != 0) return error;
  remember(parent);
  return 0;
}

// `folder` exists, and its name in its parent is on the disk.
int MailboxFolders::ensure_one(const FileOperations::Path& folder) {
  const int made = files_.make_folder(folder);
  const FileOperations::Path parent = folder.parent_path();
  if (parent.empty() || parent == folder) return 0;
  if (made == 0) return files_.sync_folder(parent);
  // A folder that we cannot make may exist all the same: /, a mount point, or one below a parent that we may
  // not write to. Whether it does shows in what comes next.
  const bool may_exist = made == EEXIST || made == EACCES || made == EPERM || made == EROFS;
  if (!may_exist) return made;
  // One that was made by others long ago, above a parent that we may not even open: nothing of ours to sync.
  const int synced = files_.sync_folder(parent);
  return synced == EACCES || synced == EPERM || synced == EROFS || synced == EINVAL ? 0 : synced;
}

bool MailboxFolders::knows(const FileOperations::Path& folder) {
  const std::lock_guard lock(mutex_);
  return durable_.contains(folder.native());
}

void MailboxFolders::remember(const FileOperations::Path& folder) {
  const std::lock_guard lock(mutex_);
  if (durable_.size() >= kRemembered) durable_.clear();
  durable_.insert(folder.native());
}

}  // namespace postrider::agent
