#include "postrider/queue/spool/rocksdb/writer.h"

#include <algorithm>
#include <string>
#include <utility>

namespace postrider::queue {

SpoolResult<std::shared_ptr<Writer>> Writer::start(std::shared_ptr<Database> database,
                                                   RocksDbSpoolOptions options) {
  std::shared_ptr<Writer> writer(new Writer(std::move(database), options));
  SpoolResult<void> begun = writer->begin();
  if (!begun) return std::unexpected(std::move(begun.error()));
  writer->thread_ = std::thread([raw = writer.get()] { raw->run(); });
  return writer;
}

Writer::~Writer() { close(); }

void Writer::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool Writer::submit(Work work, Done done, Patience patience) {
  const std::uint64_t octets = octets_of(work);
  SpoolFailure refusal;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) {
      refusal = SpoolFailure{SpoolFailure::Kind::closed, "the spool is closed"};
    } else if (patience == Patience::refusable && waiting_octets_ != 0 &&
               waiting_octets_ + octets > options_.max_waiting) {
      refusal = SpoolFailure{SpoolFailure::Kind::full,
                             std::to_string(waiting_octets_) + " octets wait for the disk already"};
    } else {
      waiting_octets_ += octets;
      waiting_.emplace_back(std::move(work), std::move(done), octets);
      if (waiting_.size() == 1) wake_.notify_one();
      return true;
    }
  }
  done(std::unexpected(std::move(refusal)));
  return false;
}

void Writer::run() {
  for (;;) {
    std::vector<Waiting> group = take();
    if (group.empty()) return;
    process(group);
  }
}

// Empty: closed, and nothing is left.
std::vector<Writer::Waiting> Writer::take() {
  std::vector<Waiting> group;
  let_others_come();
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
  for (std::uint64_t octets = 0; !waiting_.empty() && octets < options_.max_batch; waiting_.pop_front()) {
    octets += waiting_.front().octets;
    group.push_back(std::move(waiting_.front()));
  }
  return group;
}

// Those who were told just now are about to come with the next message. Who is alone does not wait for
// others, and who does waits for far less than a sync takes.
void Writer::let_others_come() {
  constexpr int kTurns = 32;
  for (int turn = 0; turn < kTurns; ++turn) {
    {
      const std::lock_guard lock(mutex_);
      if (closed_ || waiting_.size() >= last_group_ / 2) return;
    }
    std::this_thread::yield();
  }
}

void Writer::process(std::vector<Waiting>& group) {
  std::vector<SpoolResult<void>> outcomes = write(group);
  last_group_ = group.size();
  {
    const std::lock_guard lock(mutex_);
    for (const Waiting& each : group) waiting_octets_ -= each.octets;
  }
  for (std::size_t at = 0; at < group.size(); ++at) group[at].done(std::move(outcomes[at]));
}

std::vector<SpoolResult<void>> Writer::write(std::vector<Waiting>& waiting) {
  std::vector<SpoolResult<void>> outcomes;
  outcomes.reserve(waiting.size());
  SpoolResult<void> revived = failed_ ? revive() : SpoolResult<void>();
  if (!revived) {
    abandon_after_failure(waiting);
    outcomes.assign(waiting.size(), revived);
    return outcomes;
  }
  Group group(*database_, state_);
  for (const Abandoned& each : abandoned_) {
    Work work(each);
    static_cast<void>(group.add(work));
  }
  for (Waiting& each : waiting) outcomes.push_back(group.add(each.work));
  SpoolResult<void> written = write_group(group);
  if (written) {
    abandoned_.clear();
    return outcomes;
  }
  failed_ = true;
  abandon_after_failure(waiting);
  for (SpoolResult<void>& each : outcomes)
    if (each) each = written;
  return outcomes;
}

SpoolResult<void> Writer::write_group(Group& group) {
  SpoolResult<void> finished = group.finish();
  if (!finished || group.batch().empty()) return finished;
  floor_.writing(group.least_due());
  SpoolResult<void> written = database_->write(group.batch(), group.durability());
  floor_.written();
  if (!written) return written;
  publish(group.state());
  return {};
}

void Writer::publish(SpoolState state) {
  state_ = state;
  messages_.store(state.messages, std::memory_order_release);
  newest_.store(state.newest.value, std::memory_order_release);
}

// What they spilled before is removed with the next group that can be written. That is no more than what came
// before the failure, since nothing is spilled behind it.
void Writer::abandon_after_failure(const std::vector<Waiting>& waiting) {
  const auto keep = [this](MessageId id, const std::shared_ptr<Stored>& stored) {
    if (stored && stored->slices != 0) abandoned_.push_back(Abandoned{id, stored});
  };
  for (const Waiting& each : waiting) {
    if (const auto* abandoned = std::get_if<Abandoned>(&each.work)) keep(abandoned->id, abandoned->stored);
    if (const auto* alteration = std::get_if<Alteration>(&each.work))
      for (const NewMessage& message : alteration->added) keep(message.rest.id, message.rest.stored);
  }
}

SpoolResult<void> Writer::revive() {
  SpoolResult<void> revived = database_->revive();
  if (revived && database_->incarnation() != begun_) revived = begin();
  if (revived) failed_ = false;
  return revived;
}

// Reads what the store says of itself, and removes what was left of messages that were never complete.
SpoolResult<void> Writer::begin() {
  auto value = database_->get(Family::meta, kStateKey);
  if (!value) return std::unexpected(std::move(value.error()));
  const auto state = *value ? state_in(**value) : SpoolState();
  if (!state) {
    return std::unexpected(SpoolFailure{SpoolFailure::Kind::damaged,
                                        "the spool does not say how much it holds: restore it from a copy"});
  }
  publish(*state);
  std::vector<Abandoned> left;
  const auto collect = [&](std::string_view key, std::string_view octets) {
    const auto id = id_in_incoming(key);
    const auto slices = slices_in(octets);
    if (id && slices)
      left.push_back(Abandoned{*id, std::make_shared<Stored>(Stored{*slices, database_->incarnation()})});
    return key.starts_with(kIncomingPrefix);
  };
  SpoolResult<void> collected = database_->scan(Family::meta, kIncomingPrefix, collect);
  if (!collected) return collected;
  Group group(*database_, state_);
  for (Abandoned& each : left) {
    Work work(std::move(each));
    static_cast<void>(group.add(work));
  }
  SpoolResult<void> written = write_group(group);
  if (written) begun_ = database_->incarnation();
  return written;
}

}  // namespace postrider::queue
