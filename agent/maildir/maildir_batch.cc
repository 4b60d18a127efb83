#include "postrider/agent/maildir/maildir_batch.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <map>
#include <utility>

namespace postrider::agent {
namespace {

constexpr std::chrono::hours kLeftoverAge{36};
constexpr int kNameTries = 3;  // a name that exists is a clock set back and a random number met again

// A new file in tmp/ of the copy's mailbox.
std::expected<int, int> create_in_tmp(const MaildirTools& tools, MaildirDelivery::Copy& copy) {
  if (const int error = tools.folders.ensure(copy.mailbox); error != 0) return std::unexpected(error);
  int error = 0;
  for (int i = 0; i < kNameTries; ++i) {
    const std::string name = tools.names.next();
    FileOperations::Path tmp = copy.mailbox / "tmp" / name;
    const auto file = tools.files.create(tmp);
    if (file) {
      copy.tmp = std::move(tmp);
      copy.final = copy.mailbox / "new" / name;
      return *file;
    }
    error = file.error();
    if (error == ENOENT) {  // somebody removed the mailbox since we made it
      tools.folders.forget(copy.mailbox);
      error = tools.folders.ensure(copy.mailbox);
      if (error != 0) break;
      error = ENOENT;
    } else if (error != EEXIST) {
      break;
    }
  }
  return std::unexpected(error);
}

// Makes the file in the first mailbox that takes one. Those that do not are out, and with them the message
// when its recipients stand together.
void start(const MaildirTools& tools, MaildirDelivery& delivery) {
  delivery.started = true;
  for (std::size_t i = 0; i < delivery.copies.size(); ++i) {
    MaildirDelivery::Copy& copy = delivery.copies[i];
    const auto file = create_in_tmp(tools, copy);
    if (file) {
      delivery.file = *file;
      delivery.first = i;
      return;
    }
    copy.error = file.error();
    if (delivery.recipients == Recipients::together) break;
  }
  delivery.error = delivery.copies.empty() ? EINVAL : delivery.copies.front().error;
}

// A full copy, for a mailbox on another file system. Synced at once.
int copy_across(const MaildirTools& tools, const FileOperations::Path& from, MaildirDelivery::Copy& copy) {
  const auto file = create_in_tmp(tools, copy);
  if (!file) return file.error();
  int error = tools.files.copy(from, *file);
  if (error == 0) error = tools.files.sync(*file);
  const int closed = tools.files.close(*file);
  return error != 0 ? error : closed;
}

// The message in another mailbox's tmp/: a second name for the same file where that is possible.
int link_into(const MaildirTools& tools, const FileOperations::Path& from, MaildirDelivery::Copy& copy) {
  if (const int error = tools.folders.ensure(copy.mailbox); error != 0) return error;
  const std::string name = tools.names.next();
  const FileOperations::Path tmp = copy.mailbox / "tmp" / name;
  const int error = tools.files.link(from, tmp);
  if (error == 0) {
    copy.tmp = tmp;
    copy.final = copy.mailbox / "new" / name;
    return 0;
  }
  const bool full_copy_may_do =
      error == EXDEV || error == EMLINK || error == EPERM || error == EOPNOTSUPP || error == ENOENT;
  return full_copy_may_do ? copy_across(tools, from, copy) : error;
}

bool is_dead(const MaildirDelivery& delivery) { return delivery.error != 0; }

// A copy has failed; where recipients stand together, so has the message.
void fail(MaildirDelivery& delivery, MaildirDelivery::Copy& copy, int error) {
  copy.error = error;
  if (delivery.recipients == Recipients::together) delivery.error = error;
}

// Step 1 but for the links.
void write_all(const MaildirTools& tools, MaildirDelivery& delivery) {
  write_pending(tools, delivery);
  if (!is_dead(delivery)) tools.files.start_writing_back(delivery.file);
}

// Step 2, and the links of step 1: a link to a file is made while the disk is busy with the file itself, and
// before it is synced, so that a file system that counts names in the file has the count on the disk too.
void sync_all(const MaildirTools& tools, MaildirDelivery& delivery) {
  if (is_dead(delivery)) return;
  for (std::size_t i = delivery.first + 1; i < delivery.copies.size() && !is_dead(delivery); ++i) {
    MaildirDelivery::Copy& copy = delivery.copies[i];
    // The first copy is whole only now that everything is written, also for one that has to be read again.
    const int error = link_into(tools, delivery.copies[delivery.first].tmp, copy);
    if (error != 0) fail(delivery, copy, error);
  }
  int error = is_dead(delivery) ? 0 : tools.files.sync(delivery.file);
  const int closed = tools.files.close(delivery.file);
  delivery.file = -1;
  if (error == 0) error = closed;
  if (error != 0) delivery.error = error;  // of the file that all share
}

// Step 3.
void rename_all(const MaildirTools& tools, MaildirDelivery& delivery) {
  for (MaildirDelivery::Copy& copy : delivery.copies) {
    if (is_dead(delivery)) return;
    if (copy.error != 0) continue;
    const int error = tools.files.rename(copy.tmp, copy.final);
    if (error != 0) {
      fail(delivery, copy, error);
    } else {
      copy.moved = true;
    }
  }
}

using SyncedFolders = std::map<FileOperations::Path, int>;

// Step 4.
void sync_folders(const MaildirTools& tools, MaildirDelivery& delivery, SyncedFolders& synced) {
  for (MaildirDelivery::Copy& copy : delivery.copies) {
    if (is_dead(delivery)) return;
    if (!copy.moved) continue;
    const FileOperations::Path folder = copy.final.parent_path();
    auto [entry, unknown] = synced.try_emplace(folder, 0);
    if (unknown) entry->second = tools.files.sync_folder(folder);
    if (entry->second != 0) fail(delivery, copy, entry->second);
  }
}

// Takes back what a failed message, or a failed copy, has left.
void clean_up(const MaildirTools& tools, MaildirDelivery& delivery) {
  for (MaildirDelivery::Copy& copy : delivery.copies) {
    if (copy.tmp.empty() || (!is_dead(delivery) && copy.error == 0)) continue;
    tools.files.remove(copy.moved ? copy.final : copy.tmp);
    copy.tmp.clear();
    copy.moved = false;
  }
}

}  // namespace

void write_pending(const MaildirTools& tools, MaildirDelivery& delivery) {
  if (!is_dead(delivery) && !delivery.started) start(tools, delivery);
  if (!is_dead(delivery)) delivery.error = tools.files.write(delivery.file, delivery.pending);
  delivery.pending.clear();
}

void deliver(const MaildirTools& tools, std::span<MaildirDelivery* const> batch) {
  for (MaildirDelivery* delivery : batch) write_all(tools, *delivery);
  for (MaildirDelivery* delivery : batch) sync_all(tools, *delivery);
  for (MaildirDelivery* delivery : batch) rename_all(tools, *delivery);
  SyncedFolders synced;
  for (MaildirDelivery* delivery : batch) sync_folders(tools, *delivery, synced);
  for (MaildirDelivery* delivery : batch) {
    const bool failed = is_dead(*delivery) || std::ranges::any_of(delivery->copies, [](const auto& copy) {
                          return copy.error != 0;
                        });
    if (failed) clean_up(tools, *delivery);
    if (delivery->file >= 0) tools.files.close(std::exchange(delivery->file, -1));
  }
}

void abandon(const MaildirTools& tools, MaildirDelivery& delivery) {
  if (delivery.error == 0) delivery.error = ECANCELED;
  if (delivery.file >= 0) tools.files.close(std::exchange(delivery.file, -1));
  clean_up(tools, delivery);
}

std::size_t clean_leftovers(FileOperations& files, std::span<const FileOperations::Path> mailboxes,
                            transport::SystemTime now) {
  std::size_t removed = 0;
  for (const FileOperations::Path& mailbox : mailboxes) {
    const FileOperations::Path tmp = mailbox / "tmp";
    for (const FileOperations::Entry& entry : files.files(tmp)) {
      const bool old = now - entry.modified > kLeftoverAge;
      if (old && files.remove(tmp / entry.name) == 0) ++removed;
    }
  }
  return removed;
}

}  // namespace postrider::agent
