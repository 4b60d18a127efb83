#include "postrider/agent/maildir/maildir_store.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include <absl/container/flat_hash_map.h>

#include "postrider/agent/maildir/mailbox_folders.h"
#include "postrider/agent/maildir/unique_names.h"

namespace postrider::agent {

// A message as its owner and the workers share it. The mutex is for an owner who goes away in the middle of a
// spill; otherwise only one of them touches the delivery at a time.
struct MaildirStore::Shared {
  std::mutex mutex;
  MaildirDelivery delivery;
  std::vector<std::size_t> copy_of;  // of each mailbox as it was named
};

// The threads and their two queues: single jobs, and messages to commit, which are taken many at a time.
class MaildirStore::Workers {
 public:
  using Job = std::move_only_function<void(const MaildirTools&)>;

  struct Commit {
    std::shared_ptr<Shared> shared;
    std::move_only_function<void(std::vector<int>)> done;
  };

  Workers(const MaildirOptions& options, FileOperations& files, transport::Clock& clock)
      : batch_(std::max<std::size_t>(options.batch, 1)),
        clock_(clock),
        folders_(files),
        names_(options.hostname, clock),
        tools_{files, folders_, names_} {
    for (std::size_t i = 0; i < std::max<std::size_t>(options.threads, 1); ++i) {
      threads_.emplace_back([this] { run(); });
    }
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    work_.notify_all();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  // After stop() there is only cleaning up left to do, on the thread that asks for it.
  void add(Job job) {
    {
      const std::lock_guard lock(mutex_);
      if (!stopping_) {
        jobs_.push_back(std::move(job));
        work_.notify_one();
        return;
      }
    }
    job(tools_);
  }

  void add(Commit commit) {
    const std::lock_guard lock(mutex_);
    commits_.push_back(std::move(commit));
    work_.notify_one();
  }

  transport::Clock& clock() noexcept { return clock_; }

 private:
  bool has_work() const { return stopping_ || !jobs_.empty() || !commits_.empty(); }

  void run() {
    while (true) {
      Job job;
      std::vector<Commit> commits;
      {
        std::unique_lock lock(mutex_);
        work_.wait(lock, [this] { return has_work(); });
        // Jobs are short; and a message is never committed before its own spill, since its owner waits for
        // that.
        if (!jobs_.empty()) {
          job = std::move(jobs_.front());
          jobs_.pop_front();
        } else if (!commits_.empty()) {
          take_commits(commits);
        } else {
          return;
        }
      }
      if (job) job(tools_);
      if (!commits.empty()) commit(commits);
    }
  }

  void take_commits(std::vector<Commit>& out) {
    const auto end = commits_.begin() + static_cast<std::ptrdiff_t>(std::min(batch_, commits_.size()));
    std::move(commits_.begin(), end, std::back_inserter(out));
    commits_.erase(commits_.begin(), end);
  }

  void commit(std::vector<Commit>& commits) {
    std::vector<MaildirDelivery*> batch;
    batch.reserve(commits.size());
    for (const Commit& each : commits) batch.push_back(&each.shared->delivery);
    deliver(tools_, batch);
    for (Commit& each : commits) {
      std::vector<int> errors;
      errors.reserve(each.shared->copy_of.size());
      for (const std::size_t copy : each.shared->copy_of)
        errors.push_back(each.shared->delivery.outcome(copy));
      each.done(std::move(errors));
    }
  }

  const std::size_t batch_;
  transport::Clock& clock_;
  MailboxFolders folders_;
  UniqueNames names_;
  const MaildirTools tools_;
  std::mutex mutex_;
  std::condition_variable work_;
  bool stopping_ = false;
  std::deque<Job> jobs_;
  std::deque<Commit> commits_;
  std::vector<std::thread> threads_;
};

MaildirStore::MaildirStore(MaildirOptions options, FileOperations& files, transport::Clock& clock)
    : options_(std::move(options)), workers_(std::make_shared<Workers>(options_, files, clock)) {}

MaildirStore::~MaildirStore() { workers_->stop(); }

MaildirStore::Message MaildirStore::begin(std::string header, std::span<const FileOperations::Path> mailboxes,
                                          Recipients recipients) {
  assert(!mailboxes.empty());
  auto shared = std::make_shared<Shared>();
  shared->delivery.recipients = recipients;
  shared->delivery.pending = std::move(header);
  absl::flat_hash_map<std::string, std::size_t> known;
  for (const FileOperations::Path& mailbox : mailboxes) {
    const auto [entry, added] = known.try_emplace(mailbox.native(), shared->delivery.copies.size());
    if (added) shared->delivery.copies.push_back(MaildirDelivery::Copy{mailbox});
    shared->copy_of.push_back(entry->second);
  }
  return Message(workers_, std::move(shared), options_.buffer);
}

void MaildirStore::clean(std::vector<FileOperations::Path> mailboxes,
                         std::move_only_function<void(std::size_t)> done) {
  const transport::SystemTime now = workers_->clock().system_now();
  workers_->add(
      [mailboxes = std::move(mailboxes), done = std::move(done), now](const MaildirTools& tools) mutable {
        done(clean_leftovers(tools.files, mailboxes, now));
      });
}

MaildirStore::Message::Message(std::shared_ptr<Workers> workers, std::shared_ptr<Shared> shared,
                               std::size_t buffer)
    : workers_(std::move(workers)), shared_(std::move(shared)), buffer_(buffer) {}

MaildirStore::Message& MaildirStore::Message::operator=(Message&& other) noexcept {
  if (this != &other) {
    drop();
    workers_ = std::move(other.workers_);
    shared_ = std::move(other.shared_);
    buffer_ = other.buffer_;
  }
  return *this;
}

MaildirStore::Message::~Message() { drop(); }

void MaildirStore::Message::drop() noexcept {
  if (!shared_) return;
  workers_->add([shared = std::move(shared_)](const MaildirTools& tools) {
    const std::lock_guard lock(shared->mutex);
    abandon(tools, shared->delivery);
  });
}

bool MaildirStore::Message::append(std::string_view octets) {
  shared_->delivery.pending += octets;
  return shared_->delivery.pending.size() >= buffer_;
}

void MaildirStore::Message::spill(std::move_only_function<void(int)> done) {
  workers_->add([shared = shared_, done = std::move(done)](const MaildirTools& tools) mutable {
    int error = 0;
    {
      const std::lock_guard lock(shared->mutex);
      write_pending(tools, shared->delivery);
      error = shared->delivery.error;
    }
    done(error);
  });
}

void MaildirStore::Message::commit(std::move_only_function<void(std::vector<int>)> done) {
  workers_->add(Workers::Commit{std::move(shared_), std::move(done)});
}

}  // namespace postrider::agent
