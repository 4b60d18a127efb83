// The blocking half of Maildir delivery: everything here runs on a worker thread.
//
// The order that makes a delivery safe against a crash at any instant, for a batch of messages at once:
//
//   1. write       each message into tmp/ of its first mailbox; for further mailboxes a link to it in their
//   tmp/
//   2. sync        each file; all are started first, so that the disk sees one burst instead of a queue of
//   waits
//   3. rename      from tmp/ into new/, once every copy of that message is on the disk
//   4. sync        each new/ that got something, once for the whole batch
//
// Only then is a message delivered. A failure leaves nothing in tmp/; in a message whose mailboxes stand or
// fall together it takes back what was renamed already. A crash in between leaves a file in tmp/, which is
// cleaned later, or a message in new/ that was not acknowledged, which its sender sends again: doubled, never
// lost.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/agent/maildir/file_operations.h"
#include "postrider/agent/maildir/mailbox_folders.h"
#include "postrider/agent/maildir/unique_names.h"

namespace postrider::agent {

// Whether one failing mailbox fails the message (SMTP has one reply for all), or each counts for itself
// (LMTP).
enum class Recipients : bool { together, apart };

// A message on its way into its mailboxes. Belongs to one thread at a time.
struct MaildirDelivery {
  struct Copy {
    FileOperations::Path mailbox;
    FileOperations::Path tmp{};  // while there is a file
    FileOperations::Path final{};
    int error = 0;
    bool moved = false;
  };

  std::vector<Copy> copies;
  Recipients recipients = Recipients::together;
  std::string pending;    // not written yet
  int file = -1;          // open for writing
  std::size_t first = 0;  // the copy that `file` is
  bool started = false;   // the file was made
  int error = 0;          // of the message as a whole

  // The error of one mailbox after the delivery: 0 when it is there to stay.
  int outcome(std::size_t copy) const noexcept {
    return copies[copy].error != 0 ? copies[copy].error : error;
  }
};

struct MaildirTools {
  FileOperations& files;
  MailboxFolders& folders;
  UniqueNames& names;
};

// Writes what is pending, making the file when there is none. An error is kept in the delivery.
void write_pending(const MaildirTools& tools, MaildirDelivery& delivery);

// Steps 1 to 4. The outcomes are in the deliveries.
void deliver(const MaildirTools& tools, std::span<MaildirDelivery* const> batch);

// Closes and removes what is there of a message that will not be delivered.
void abandon(const MaildirTools& tools, MaildirDelivery& delivery);

// Removes the plain files in tmp/ of `mailboxes` that nobody has touched for 36 hours: left by a crash, as
// the Maildir convention says. Returns how many.
std::size_t clean_leftovers(FileOperations& files, std::span<const FileOperations::Path> mailboxes,
                            transport::SystemTime now);

}  // namespace postrider::agent
