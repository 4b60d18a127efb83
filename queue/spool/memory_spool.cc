#include "postrider/queue/spool/memory_spool.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <tuple>
#include <utility>

#include <absl/container/btree_map.h>
#include <absl/container/btree_set.h>

namespace postrider::queue {
namespace {

struct ByDue {
  bool operator()(const Consignment& left, const Consignment& right) const {
    return std::tie(left.due, left.id, left.destination) < std::tie(right.due, right.id, right.destination);
  }
};

struct Entry {
  QueuedMessage message;
  std::shared_ptr<const std::string> content;
  std::string broken;  // why the record cannot be read; empty: it can
};

std::uint64_t octets_of(const QueuedMessage& message) {
  std::uint64_t octets = message.mail.size() + message.user.size();
  for (const QueuedRecipient& each : message.recipients) {
    octets += each.rcpt.size() + each.original.size() + each.destination.size() + each.last_reply.size() +
              each.last_host.size();
  }
  return octets;
}

std::unexpected<SpoolFailure> failed(SpoolFailure::Kind kind, std::string text) {
  return std::unexpected(SpoolFailure{kind, std::move(text)});
}

class MemoryBody final : public Body {
 public:
  explicit MemoryBody(std::shared_ptr<const std::string> content) : content_(std::move(content)) {}

  SpoolResult<std::string_view> next() override {
    const std::string_view slice = std::string_view(*content_).substr(at_, kSpillAt);
    at_ += slice.size();
    return slice;
  }
  void rewind() override { at_ = 0; }

 private:
  std::shared_ptr<const std::string> content_;
  std::size_t at_ = 0;
};

}  // namespace

class MemorySpool::State {
 public:
  struct Waiting {
    Waiting(Change alterations, MessageId damaged, Done callback)
        : change(std::move(alterations)), dropped(damaged), done(std::move(callback)) {}
    Change change;
    MessageId dropped;           // a damaged record; 0: none
    std::uint64_t reserved = 0;  // octets of contents in `change` that are counted already
    Done done;
  };

  explicit State(MemorySpoolOptions options) : options_(options) {}

  void submit(Waiting change, std::uint64_t run);
  void sync();
  void crash();
  void close();
  bool reserve(std::uint64_t octets);
  void release(std::uint64_t octets);
  // Of the record, if there is one and it can be read; what cannot be read is set aside. Under the lock.
  SpoolResult<Entry*> find(MessageId id);
  void set_aside(MessageId id);

  mutable std::mutex mutex;
  const MemorySpoolOptions options_;
  absl::btree_map<MessageId, Entry> messages;
  absl::btree_set<Consignment, ByDue> due;
  absl::btree_map<MessageId, Entry> damaged;
  std::vector<Waiting> waiting;
  std::uint64_t octets = 0;
  std::uint64_t run = 0;  // how often it has crashed
  bool closed = false;
  MessageId newest;
  std::size_t to_fail = 0;
  SpoolFailure failure;

 private:
  SpoolResult<void> perform(Waiting& waiting);
  SpoolResult<void> check(const Waiting& waiting);
  void insert(Entry entry);
  void unlist(const QueuedMessage& message);
  void remove(MessageId id);
};

void MemorySpool::State::submit(Waiting change, std::uint64_t of_run) {
  SpoolResult<void> result;
  {
    const std::lock_guard lock(mutex);
    if (closed || of_run != run) {
      octets -= change.reserved;
      result = failed(SpoolFailure::Kind::closed, closed ? "the spool is closed" : "the spool has crashed");
    } else if (options_.hold_syncs) {
      waiting.push_back(std::move(change));
      return;
    } else {
      result = perform(change);
    }
  }
  change.done(std::move(result));
}

void MemorySpool::State::sync() {
  std::vector<std::pair<Done, SpoolResult<void>>> told;
  {
    const std::lock_guard lock(mutex);
    told.reserve(waiting.size());
    for (Waiting& each : waiting) {
      SpoolResult<void> result = perform(each);
      told.emplace_back(std::move(each.done), std::move(result));
    }
    waiting.clear();
  }
  for (auto& [done, result] : told) done(std::move(result));
}

void MemorySpool::State::crash() {
  std::vector<Waiting> lost;
  {
    const std::lock_guard lock(mutex);
    ++run;
    lost.swap(waiting);
    for (const Waiting& each : lost) octets -= each.reserved;
  }
  for (Waiting& each : lost) each.done(failed(SpoolFailure::Kind::closed, "the spool has crashed"));
}

void MemorySpool::State::close() {
  sync();
  const std::lock_guard lock(mutex);
  closed = true;
}

bool MemorySpool::State::reserve(std::uint64_t more) {
  const std::lock_guard lock(mutex);
  if (more > options_.max_octets - std::min(octets, options_.max_octets)) return false;
  octets += more;
  return true;
}

void MemorySpool::State::release(std::uint64_t less) {
  const std::lock_guard lock(mutex);
  octets -= less;
}

SpoolResult<Entry*> MemorySpool::State::find(MessageId id) {
  const auto at = messages.find(id);
  if (at != messages.end() && at->second.broken.empty()) return &at->second;
  if (at != messages.end()) set_aside(id);
  const auto broken = damaged.find(id);
  if (broken != damaged.end()) return failed(SpoolFailure::Kind::damaged, broken->second.broken);
  return failed(SpoolFailure::Kind::missing, "there is no message " + id.to_string());
}

void MemorySpool::State::set_aside(MessageId id) {
  const auto at = messages.find(id);
  unlist(at->second.message);
  damaged.insert_or_assign(id, std::move(at->second));
  messages.erase(at);
}

// All or nothing: what could fail is looked at first.
SpoolResult<void> MemorySpool::State::perform(Waiting& change) {
  SpoolResult<void> result = check(change);
  octets -= change.reserved;
  if (!result) return result;
  if (change.dropped.value != 0) {
    const auto at = damaged.find(change.dropped);
    octets -= octets_of(at->second.message) + at->second.content->size();
    damaged.erase(at);
  }
  for (Change::Added& each : change.change.added) {
    auto content = std::make_shared<const std::string>(std::move(each.content));
    insert(Entry{std::move(each.message), std::move(content), {}});
  }
  for (QueuedMessage& each : change.change.updated) {
    std::shared_ptr<const std::string> content = messages.find(each.id)->second.content;
    remove(each.id);
    insert(Entry{std::move(each), std::move(content), {}});
  }
  for (const MessageId each : change.change.removed) remove(each);
  return result;
}

SpoolResult<void> MemorySpool::State::check(const Waiting& change) {
  if (to_fail != 0) {
    --to_fail;
    return std::unexpected(failure);
  }
  if (change.dropped.value != 0 && !damaged.contains(change.dropped))
    return failed(SpoolFailure::Kind::missing, "there is no damaged record " + change.dropped.to_string());
  std::uint64_t more = 0;
  for (const Change::Added& each : change.change.added) {
    if (messages.contains(each.message.id) || damaged.contains(each.message.id))
      return failed(SpoolFailure::Kind::io, "there is a message " + each.message.id.to_string() + " already");
    more += octets_of(each.message) + each.content.size();
  }
  const std::uint64_t others = octets - change.reserved;
  if (more != 0 && more > options_.max_octets - std::min(others, options_.max_octets))
    return failed(SpoolFailure::Kind::full, "the spool holds as much as it may");
  for (const QueuedMessage& each : change.change.updated) {
    const auto same = [&](const Change::Added& added) { return added.message.id == each.id; };
    if (std::ranges::any_of(change.change.added, same)) continue;
    const SpoolResult<Entry*> found = find(each.id);
    if (!found) return std::unexpected(found.error());
  }
  return {};
}

void MemorySpool::State::insert(Entry entry) {
  const MessageId id = entry.message.id;
  newest = std::max(newest, id);
  octets += octets_of(entry.message) + entry.content->size();
  for (Consignment& each : consignments_of(entry.message)) due.insert(std::move(each));
  messages.insert_or_assign(id, std::move(entry));
}

void MemorySpool::State::unlist(const QueuedMessage& message) {
  for (const Consignment& each : consignments_of(message)) due.erase(each);
}

// What is damaged stays: it is dropped on request alone.
void MemorySpool::State::remove(MessageId id) {
  const auto at = messages.find(id);
  if (at == messages.end()) return;
  if (!at->second.broken.empty()) return set_aside(id);
  unlist(at->second.message);
  octets -= octets_of(at->second.message) + at->second.content->size();
  messages.erase(at);
}

class MemorySpool::Arrival final : public Incoming {
 public:
  Arrival(std::shared_ptr<State> state, MessageId id, std::uint64_t run)
      : state_(std::move(state)), id_(id), run_(run) {}
  Arrival(const Arrival&) = delete;
  Arrival& operator=(const Arrival&) = delete;
  ~Arrival() override { state_->release(content_.size()); }

  bool append(std::string_view octets) override {
    if (full_) return true;
    full_ = !state_->reserve(octets.size());
    if (!full_) content_.append(octets);
    unspilled_ += octets.size();
    return full_ || unspilled_ >= kSpillAt;
  }

  void spill(Done done) override {
    unspilled_ = 0;
    done(standing());
  }

  void commit(QueuedMessage message, Done done) override {
    message.id = id_;
    SpoolResult<void> result = standing();
    if (!result) return done(std::move(result));
    Change change;
    const std::uint64_t reserved = content_.size();
    change.added.emplace_back(std::move(message), std::exchange(content_, {}));
    State::Waiting waiting(std::move(change), MessageId(), std::move(done));
    waiting.reserved = reserved;
    state_->submit(std::move(waiting), run_);
  }

 private:
  SpoolResult<void> standing() const {
    if (full_) return failed(SpoolFailure::Kind::full, "the spool holds as much as it may");
    const std::lock_guard lock(state_->mutex);
    if (state_->run != run_) return failed(SpoolFailure::Kind::closed, "the spool has crashed");
    if (state_->closed) return failed(SpoolFailure::Kind::closed, "the spool is closed");
    return {};
  }

  std::shared_ptr<State> state_;
  const MessageId id_;
  const std::uint64_t run_;
  std::string content_;
  std::size_t unspilled_ = 0;
  bool full_ = false;
};

MemorySpool::MemorySpool(MemorySpoolOptions options) : state_(std::make_shared<State>(options)) {}

MemorySpool::~MemorySpool() { state_->close(); }

std::unique_ptr<Incoming> MemorySpool::begin(MessageId id) {
  const std::lock_guard lock(state_->mutex);
  return std::make_unique<Arrival>(state_, id, state_->run);
}

void MemorySpool::apply(Change change, Done done) {
  std::unique_lock lock(state_->mutex);
  const std::uint64_t run = state_->run;
  lock.unlock();
  state_->submit(State::Waiting(std::move(change), MessageId(), std::move(done)), run);
}

void MemorySpool::drop_damaged(MessageId id, Done done) {
  std::unique_lock lock(state_->mutex);
  const std::uint64_t run = state_->run;
  lock.unlock();
  state_->submit(State::Waiting(Change(), id, std::move(done)), run);
}

SpoolResult<QueuedMessage> MemorySpool::load(MessageId id) {
  const std::lock_guard lock(state_->mutex);
  const SpoolResult<Entry*> found = state_->find(id);
  if (!found) return std::unexpected(found.error());
  return (*found)->message;
}

SpoolResult<std::unique_ptr<Body>> MemorySpool::open(MessageId id) {
  const std::lock_guard lock(state_->mutex);
  const SpoolResult<Entry*> found = state_->find(id);
  if (!found) return std::unexpected(found.error());
  return std::make_unique<MemoryBody>((*found)->content);
}

// `each` may come back to the spool, so that the lock is not held meanwhile.
SpoolResult<void> MemorySpool::due(const Consignment& after, Time until,
                                   const std::function<bool(const Consignment&)>& each) {
  constexpr std::size_t kAtOnce = 256;
  std::vector<Consignment> some;
  Consignment behind = after;
  do {
    some.clear();
    std::unique_lock lock(state_->mutex);
    for (auto at = state_->due.upper_bound(behind); at != state_->due.end() && some.size() < kAtOnce; ++at) {
      if (at->due > until) break;
      some.push_back(*at);
    }
    lock.unlock();
    for (const Consignment& one : some)
      if (!each(one)) return {};
    if (!some.empty()) behind = some.back();
  } while (some.size() == kAtOnce);
  return {};
}

SpoolResult<Time> MemorySpool::next_due(const Consignment& after) {
  const std::lock_guard lock(state_->mutex);
  const auto at = state_->due.upper_bound(after);
  return at == state_->due.end() ? kNever : at->due;
}

SpoolResult<std::vector<QueuedMessage>> MemorySpool::list(MessageId after, std::size_t limit) {
  const std::lock_guard lock(state_->mutex);
  std::vector<QueuedMessage> out;
  std::vector<MessageId> broken;
  for (auto at = state_->messages.upper_bound(after); at != state_->messages.end(); ++at) {
    if (out.size() == limit) break;
    if (at->second.broken.empty()) {
      out.push_back(at->second.message);
    } else {
      broken.push_back(at->first);
    }
  }
  for (const MessageId each : broken) state_->set_aside(each);
  return out;
}

SpoolResult<std::vector<DamagedRecord>> MemorySpool::damaged(MessageId after, std::size_t limit) {
  const std::lock_guard lock(state_->mutex);
  std::vector<DamagedRecord> out;
  for (auto at = state_->damaged.upper_bound(after); at != state_->damaged.end() && out.size() < limit; ++at)
    out.push_back(DamagedRecord{at->first, at->second.broken});
  return out;
}

std::uint64_t MemorySpool::size() const {
  const std::lock_guard lock(state_->mutex);
  return state_->messages.size();
}

MessageId MemorySpool::newest() const {
  const std::lock_guard lock(state_->mutex);
  return state_->newest;
}

void MemorySpool::sync() { state_->sync(); }

void MemorySpool::crash() { state_->crash(); }

void MemorySpool::fail_next(std::size_t count, SpoolFailure failure) {
  const std::lock_guard lock(state_->mutex);
  state_->to_fail = count;
  state_->failure = std::move(failure);
}

void MemorySpool::damage(MessageId id, std::string why) {
  const std::lock_guard lock(state_->mutex);
  const auto at = state_->messages.find(id);
  if (at != state_->messages.end()) at->second.broken = std::move(why);
}

std::size_t MemorySpool::waiting() const {
  const std::lock_guard lock(state_->mutex);
  return state_->waiting.size();
}

std::uint64_t MemorySpool::octets() const {
  const std::lock_guard lock(state_->mutex);
  return state_->octets;
}

}  // namespace postrider::queue
