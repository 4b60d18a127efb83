#include "postrider/agent/queue/queue_operations.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "postrider/protocol/grammar/octets.h"
#include "postrider/transport/signal.h"

namespace postrider::agent {

using queue::MessageId;
using queue::SpoolFailure;
using transport::Loop;
using transport::Task;

namespace {

// Waits on a loop for changes that are done on any thread. There is no deadline: the spool calls back always,
// and who went away before would leave callbacks behind for a loop that may be gone.
class PendingChanges {
 public:
  explicit PendingChanges(Loop& loop) : loop_(loop), state_(std::make_shared<State>(loop)) {}

  queue::Done add() {
    const std::size_t index = state_->results.size();
    state_->results.emplace_back();
    ++state_->left;
    // The state goes along, so that the loop's thread is the last to hold it.
    return [&loop = loop_, index, state = state_](queue::SpoolResult<void> result) mutable {
      loop.post([index, state = std::move(state), result = std::move(result)]() mutable {
        state->results[index] = std::move(result);
        if (--state->left == 0) state->all.notify();
      });
    };
  }

  Task<void> wait() {
    while (state_->left != 0) {
      [[maybe_unused]] const transport::error_code woken = co_await state_->all.wait();
    }
  }

  const queue::SpoolResult<void>& result(std::size_t index) const { return state_->results[index]; }

 private:
  struct State {
    explicit State(Loop& loop) : all(loop) {}
    transport::Signal all;
    std::size_t left = 0;
    std::vector<queue::SpoolResult<void>> results;
  };

  Loop& loop_;
  std::shared_ptr<State> state_;
};

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

bool has_domain(const queue::QueuedRecipient& recipient, std::string_view domain) {
  const std::string_view address = queue::address_of(recipient.rcpt);
  const std::size_t at = address.rfind('@');
  return at != std::string_view::npos && protocol::equal_ignoring_case(address.substr(at + 1), domain);
}

// Who is meant: of a domain, or everybody; those who are being tried now need no push.
struct Chosen {
  std::string domain;
  std::vector<std::string> active;

  bool operator()(const queue::QueuedRecipient& recipient) const {
    return !contains(active, recipient.destination) && (domain.empty() || has_domain(recipient, domain));
  }
};

// Whether anybody is due earlier than before.
bool make_due(queue::QueuedMessage& message, const Chosen& chosen, queue::Time now) {
  bool changed = false;
  for (queue::QueuedRecipient& each : message.recipients) {
    if (each.next_attempt <= now || !chosen(each)) continue;
    each.next_attempt = now;
    changed = true;
  }
  return changed;
}

bool is_waiting(const queue::QueuedMessage& message, const Chosen& chosen, queue::Time now) {
  return !message.held && std::ranges::any_of(message.recipients, [&](const auto& each) {
    return each.next_attempt > now && chosen(each);
  });
}

QueueFailure failed(const SpoolFailure& failure) {
  return QueueFailure{QueueFailure::Kind::store, "the store failed: " + failure.text};
}

// What an alteration has found, told by the thread that made it to the one that asked.
struct Found {
  bool changed = false;
  bool held = false;
  std::vector<std::string> destinations;
};

}  // namespace

queue::Time QueueOperations::now() const {
  return std::chrono::floor<queue::Duration>(loop_.clock().system_now());
}

std::optional<queue::DamagedRecord> QueueOperations::damaged(MessageId id) {
  if (id.value == 0) return std::nullopt;
  auto found = access_.spool().damaged(MessageId{id.value - 1}, 1);
  if (!found || found->empty() || found->front().id != id) return std::nullopt;
  return std::move(found->front());
}

QueueFailure QueueOperations::failure_about(MessageId id, const SpoolFailure& failure) {
  switch (failure.kind) {
    case SpoolFailure::Kind::damaged:
    case SpoolFailure::Kind::missing:
      if (const auto record = damaged(id)) {
        return QueueFailure{QueueFailure::Kind::damaged, "is damaged: " + record->why};
      }
      // Its envelope can be read, and its content cannot.
      if (failure.kind == SpoolFailure::Kind::damaged) {
        return QueueFailure{QueueFailure::Kind::damaged, "is damaged: " + failure.text};
      }
      return QueueFailure{QueueFailure::Kind::missing, "is not in the queue"};
    case SpoolFailure::Kind::full:
    case SpoolFailure::Kind::io:
    case SpoolFailure::Kind::closed:
    case SpoolFailure::Kind::unfit: break;
  }
  if (failure.text == being_delivered().text) {
    return QueueFailure{QueueFailure::Kind::delivered, failure.text};
  }
  return failed(failure);
}

// Both lists are by id, and what a record that cannot be read leaves out of the first is in the second then.
QueueResult<std::vector<QueueEntry>> QueueOperations::page(MessageId after) {
  auto messages = access_.spool().list(after, kListPage);
  if (!messages) return std::unexpected(failed(messages.error()));
  auto records = access_.spool().damaged(after, kListPage);
  if (!records) return std::unexpected(failed(records.error()));
  std::vector<QueueEntry> entries;
  const queue::Time time = now();
  for (const queue::QueuedMessage& each : *messages)
    entries.push_back(entry_of(each, access_.active(each.id), time));
  for (const queue::DamagedRecord& each : *records) entries.push_back(entry_of(each));
  std::ranges::sort(entries, {}, &QueueEntry::id);  // a message is either of them, never both
  if (entries.size() > kListPage) entries.resize(kListPage);
  return entries;
}

Task<QueueResult<std::vector<QueueEntry>>> QueueOperations::list(MessageId after) { co_return page(after); }

Task<QueueResult<QueueEntry>> QueueOperations::show(MessageId id) {
  const auto message = access_.spool().load(id);
  if (message) co_return entry_of(*message, access_.active(id), now());
  if (const auto record = damaged(id)) co_return entry_of(*record);
  const SpoolFailure failure = message.error();
  if (failure.kind == SpoolFailure::Kind::damaged) {
    co_return entry_of(queue::DamagedRecord{id, failure.text});  // about to be set aside
  }
  co_return std::unexpected(failure_about(id, failure));
}

Task<QueueResult<void>> QueueOperations::content(MessageId id, std::uint64_t limit, ContentSink& sink) {
  auto body = access_.spool().open(id);
  if (!body) co_return std::unexpected(failure_about(id, body.error()));
  while (limit > 0) {
    const queue::SpoolResult<std::string_view> slice = (*body)->next();
    if (!slice) co_return std::unexpected(failure_about(id, slice.error()));
    if (slice->empty()) break;
    const std::string_view octets = slice->substr(0, std::min<std::uint64_t>(limit, slice->size()));
    limit -= octets.size();
    const bool wanted = co_await sink.take(octets);
    if (!wanted) break;
    co_await loop_.yield();
  }
  co_return QueueResult<void>();
}

Task<QueueResult<bool>> QueueOperations::act(QueueAction action, MessageId id) {
  switch (action) {
    case QueueAction::retry: return retry_one(id);
    case QueueAction::hold: return set_held(id, true);
    case QueueAction::release: return set_held(id, false);
    case QueueAction::drop: break;
  }
  return drop(id);
}

Task<QueueResult<bool>> QueueOperations::retry_one(MessageId id) {
  const auto found = std::make_shared<Found>();
  PendingChanges changes(loop_);
  access_.alter(
      id,
      [found, chosen = Chosen{{}, access_.active(id)}, time = now()](queue::QueuedMessage& message) {
        found->held = message.held;
        if (message.held) return;
        found->changed = make_due(message, chosen, time);
        for (const auto& each : message.recipients) found->destinations.push_back(each.destination);
      },
      changes.add());
  co_await changes.wait();
  if (const auto& result = changes.result(0); !result) {
    co_return std::unexpected(failure_about(id, result.error()));
  }
  if (found->held) {
    co_return std::unexpected(QueueFailure{QueueFailure::Kind::held, "is held; release it first"});
  }
  const std::set<std::string> destinations(found->destinations.begin(), found->destinations.end());
  for (const std::string& each : destinations) access_.wake_up(each);
  co_return found->changed;
}

Task<QueueResult<bool>> QueueOperations::set_held(MessageId id, bool held) {
  const auto found = std::make_shared<Found>();
  PendingChanges changes(loop_);
  access_.alter(
      id,
      [found, held](queue::QueuedMessage& message) {
        found->changed = std::exchange(message.held, held) != held;
      },
      changes.add());
  co_await changes.wait();
  if (const auto& result = changes.result(0); !result) {
    co_return std::unexpected(failure_about(id, result.error()));
  }
  co_return found->changed;
}

// A record that was found to be damaged a moment ago is set aside before it is dropped: changes take effect
// in the order of the calls.
Task<QueueResult<bool>> QueueOperations::drop(MessageId id) {
  PendingChanges changes(loop_);
  access_.drop(id, changes.add());
  co_await changes.wait();
  const queue::SpoolResult<void> dropped = changes.result(0);
  if (dropped) co_return true;
  const bool is_damaged = dropped.error().kind == SpoolFailure::Kind::damaged;
  if (!is_damaged && !damaged(id)) co_return std::unexpected(failure_about(id, dropped.error()));
  access_.spool().drop_damaged(id, changes.add());
  co_await changes.wait();
  const queue::SpoolResult<void> removed = changes.result(1);
  if (!removed) co_return std::unexpected(failure_about(id, removed.error()));
  co_return true;
}

Task<QueueResult<RetryProgress>> QueueOperations::retry(RetryScope scope) {
  RetryProgress progress;
  progress.until = scope.until.value != 0 ? scope.until : access_.spool().newest();
  const auto messages = access_.spool().list(scope.after, kRetryPage);
  if (!messages) co_return std::unexpected(failed(messages.error()));
  // Whoever accepts mail as fast as this goes on would make it endless.
  progress.end = messages->empty() || messages->back().id >= progress.until;
  progress.last = messages->empty() ? scope.after : messages->back().id;
  progress.seen = messages->size();

  const queue::Time time = now();
  std::set<std::string> destinations;
  std::vector<std::shared_ptr<Found>> found;
  PendingChanges changes(loop_);
  for (const queue::QueuedMessage& message : *messages) {
    const Chosen chosen{scope.domain, access_.active(message.id)};
    for (const auto& each : message.recipients) {
      if (!message.held && chosen(each)) destinations.insert(each.destination);
    }
    if (!is_waiting(message, chosen, time)) continue;
    found.push_back(std::make_shared<Found>());
    access_.alter(
        message.id,
        [note = found.back(), chosen, time](queue::QueuedMessage& current) {
          if (!current.held) note->changed = make_due(current, chosen, time);
        },
        changes.add());
  }
  co_await changes.wait();
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto& result = changes.result(i);
    // Delivered meanwhile: that is what was wanted.
    if (!result && result.error().kind == SpoolFailure::Kind::missing) continue;
    if (!result) co_return std::unexpected(failed(result.error()));
    if (found[i]->changed) ++progress.changed;
  }
  for (const std::string& each : destinations) access_.wake_up(each);
  co_return progress;
}

}  // namespace postrider::agent
