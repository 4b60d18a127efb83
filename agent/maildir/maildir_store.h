// Delivers messages into Maildir folders, on threads of its own.
//
//   MaildirStore store(options);
//   auto message = store.begin(header, {"/var/mail/example.org/bob"}, Recipients::together);
//   while (… content …) {
//     if (message.append(octets)) message.spill(resume);      // wait for `resume` before the next append
//   }
//   message.commit(done);                                     // done(errors): one errno for each mailbox, 0:
//   durable
//
// The thread that owns a message only copies octets into its buffer; the disk is touched by the workers. A
// small message is written, synced, renamed and synced again in one visit. Everything that waits to be
// committed when a worker comes free is committed as one batch (see maildir_batch.h), so a busy server pays
// for a sync once, and a quiet one waits for nobody.
//
// The callbacks run on a worker: they are to hand the news to the message's own thread and return. A message
// that is destroyed before it was committed leaves nothing behind. The store's destructor waits until all
// work is done and every callback has been called; messages that outlive it can be destroyed, and no more.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/agent/maildir/file_operations.h"
#include "postrider/agent/maildir/maildir_batch.h"
#include "postrider/transport/clock.h"

namespace postrider::agent {

struct MaildirOptions {
  std::string hostname = "localhost";  // for file names
  std::size_t threads = 2;
  // A message's octets that are kept in memory before they go to the disk. Bounds what a connection in DATA
  // costs.
  std::size_t buffer = std::size_t{128} << 10;
  // Messages of one batch. Bounds how long the first of them waits for the last.
  std::size_t batch = 64;
};

class MaildirStore {
  class Workers;
  struct Shared;

 public:
  class Message {
   public:
    Message(Message&&) noexcept = default;
    Message& operator=(Message&& other) noexcept;
    ~Message();

    // Adds content. True when the buffer is full: spill before adding more.
    [[nodiscard]] bool append(std::string_view octets);
    // Writes what is buffered. The message must not be touched until `done` was called. An error is kept, and
    // told by commit(); it is given to `done` as well, 0 for none, so that a sender need not send the rest.
    void spill(std::move_only_function<void(int error)> done);
    // Ends the message. The errors are in the order of the mailboxes, ECANCELED never among them.
    void commit(std::move_only_function<void(std::vector<int> errors)> done);

   private:
    friend class MaildirStore;
    Message(std::shared_ptr<Workers> workers, std::shared_ptr<Shared> shared, std::size_t buffer);
    void drop() noexcept;

    std::shared_ptr<Workers> workers_;
    std::shared_ptr<Shared> shared_;
    std::size_t buffer_;
  };

  explicit MaildirStore(MaildirOptions options, FileOperations& files = system_files(),
                        transport::Clock& clock = transport::RealClock::instance());
  ~MaildirStore();
  MaildirStore(const MaildirStore&) = delete;
  MaildirStore& operator=(const MaildirStore&) = delete;

  // `header` goes before the content. A mailbox that is named twice gets the message once. At least one
  // mailbox.
  Message begin(std::string header, std::span<const FileOperations::Path> mailboxes, Recipients recipients);

  // Removes leftovers of crashes from `mailboxes`; `done` is told how many.
  void clean(std::vector<FileOperations::Path> mailboxes, std::move_only_function<void(std::size_t)> done);

 private:
  MaildirOptions options_;
  std::shared_ptr<Workers> workers_;
};

}  // namespace postrider::agent
