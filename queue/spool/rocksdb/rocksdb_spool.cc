#include "postrider/queue/spool/rocksdb/rocksdb_spool.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "postrider/queue/record.h"
#include "postrider/queue/spool/rocksdb/database.h"
#include "postrider/queue/spool/rocksdb/keys.h"
#include "postrider/queue/spool/rocksdb/writer.h"

namespace postrider::queue {
namespace {

std::unexpected<SpoolFailure> failed(SpoolFailure::Kind kind, std::string text) {
  return std::unexpected(SpoolFailure{kind, std::move(text)});
}

// The one behind `key`.
std::string behind(std::string key) { return key += '\0'; }

class Arrival final : public Incoming {
 public:
  Arrival(std::shared_ptr<Writer> writer, MessageId id)
      : writer_(std::move(writer)), id_(id), stored_(std::make_shared<Stored>()) {}
  Arrival(const Arrival&) = delete;
  Arrival& operator=(const Arrival&) = delete;
  ~Arrival() override {
    if (extent_.slices != 0 && !handed_over_)
      writer_->submit(Abandoned{id_, stored_}, [](SpoolResult<void>) {});
  }

  bool append(std::string_view octets) override {
    kept_.append(octets);
    return kept_.size() >= kSpillAt;
  }

  void spill(Done done) override {
    if (std::optional<SpoolFailure> failure = fate_->failure()) {
      kept_.clear();
      return done(std::unexpected(std::move(*failure)));
    }
    const std::size_t whole = kept_.size() / kSliceOctets * kSliceOctets;
    if (whole == 0) return done({});
    std::string rest = kept_.substr(whole);
    kept_.resize(whole);
    Spilled spilled{Slices{id_, extent_.slices, std::exchange(kept_, std::move(rest)), stored_}};
    extent_.slices += static_cast<std::uint32_t>(whole / kSliceOctets);
    extent_.octets += whole;
    writer_->submit(
        std::move(spilled),
        [fate = fate_, done = std::move(done)](SpoolResult<void> result) mutable {
          if (!result) fate->fail(result.error());
          done(std::move(result));
        },
        Writer::Patience::refusable);
  }

  void commit(QueuedMessage message, Done done) override {
    if (std::optional<SpoolFailure> failure = fate_->failure())
      return done(std::unexpected(std::move(*failure)));
    message.id = id_;
    NewMessage added;
    added.extent.octets = extent_.octets + kept_.size();
    added.extent.slices =
        extent_.slices + static_cast<std::uint32_t>((kept_.size() + kSliceOctets - 1) / kSliceOctets);
    added.rest = Slices{id_, extent_.slices, std::exchange(kept_, {}), stored_};
    added.record = encode(message);
    added.due = consignments_of(message);
    Alteration alteration;
    alteration.added.push_back(std::move(added));
    handed_over_ = writer_->submit(std::move(alteration), std::move(done), Writer::Patience::refusable);
  }

 private:
  // Of what was spilled: told on the writer's thread.
  class Fate {
   public:
    void fail(SpoolFailure failure) {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::move(failure);
    }
    std::optional<SpoolFailure> failure() const {
      const std::lock_guard lock(mutex_);
      return failure_;
    }

   private:
    mutable std::mutex mutex_;
    std::optional<SpoolFailure> failure_;
  };

  const std::shared_ptr<Writer> writer_;
  const MessageId id_;
  const std::shared_ptr<Stored> stored_;
  const std::shared_ptr<Fate> fate_ = std::make_shared<Fate>();
  Extent extent_;  // of what was spilled
  std::string kept_;
  bool handed_over_ = false;
};

class StoredBody final : public Body {
 public:
  StoredBody(std::shared_ptr<Database> database, MessageId id, Extent extent)
      : database_(std::move(database)), id_(id), extent_(extent) {}

  SpoolResult<std::string_view> next() override {
    if (index_ == extent_.slices) return std::string_view();
    auto octets = database_->get(Family::content, slice_key(id_, index_));
    if (!octets) return std::unexpected(std::move(octets.error()));
    if (!*octets || (*octets)->size() != extent_.slice_octets(index_)) {
      return failed(SpoolFailure::Kind::damaged, "slice " + std::to_string(index_) + " of " +
                                                     id_.to_string() +
                                                     (*octets ? " has lost its size" : " is missing"));
    }
    slice_ = std::move(**octets);
    ++index_;
    return slice_;
  }
  void rewind() override { index_ = 0; }

 private:
  const std::shared_ptr<Database> database_;
  const MessageId id_;
  const Extent extent_;
  std::uint32_t index_ = 0;
  std::string slice_;
};

}  // namespace

class RocksDbSpool::Impl {
 public:
  Impl(std::shared_ptr<Database> store, std::shared_ptr<Writer> thread)
      : database(std::move(store)), writer(std::move(thread)) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    writer->close();
    database->close();
  }

  SpoolResult<StoredEnvelope> envelope(MessageId id);
  void set_aside(MessageId id) {
    writer->submit(Unreadable{id}, [](SpoolResult<void>) {});
  }
  // At most `most` consignments from `from` on, all due at `until` or before.
  SpoolResult<std::vector<Consignment>> due(std::string from, Time until, std::size_t most);

  // The messages whose records cannot be read in one go, behind `gap.from` and before `gap.to`: each by
  // itself.
  void read_one_by_one(const Database::Gap& gap, std::size_t limit, std::vector<QueuedMessage>& out);
  // Adds to `out`, in its order, what was found to be due in gaps.
  void add_found(const std::string& from, Time until, std::size_t most, std::vector<Consignment>& out);
  // Looks for what is due in there, unless that was done.
  void find_due_in(const Database::Gap& gap);
  void note(const Database::Gap& gap, std::string_view what);

  const std::shared_ptr<Database> database;
  const std::shared_ptr<Writer> writer;

 private:
  std::mutex mutex_;  // of the rest
  std::optional<SpoolFailure> passed_over_;
  std::set<std::string> searched_;            // gaps of the due index, by what is before them
  std::map<std::string, Consignment> found_;  // what is due in them, by its key

  friend class RocksDbSpool;
};

SpoolResult<StoredEnvelope> RocksDbSpool::Impl::envelope(MessageId id) {
  const std::string key = id_key(id);
  auto value = database->get(Family::envelopes, key);
  if (!value && value.error().kind != SpoolFailure::Kind::damaged)
    return std::unexpected(std::move(value.error()));
  if (value && !*value) {
    auto damaged = database->get(Family::damaged, key);
    if (!damaged) return std::unexpected(std::move(damaged.error()));
    if (*damaged) return failed(SpoolFailure::Kind::damaged, why_in(**damaged));
    return failed(SpoolFailure::Kind::missing, "there is no message " + id.to_string());
  }
  auto read = value ? envelope_in(id, **value) : std::unexpected(value.error().text);
  if (read) return std::move(*read);
  set_aside(id);
  return failed(SpoolFailure::Kind::damaged, std::move(read.error()));
}

SpoolResult<std::vector<Consignment>> RocksDbSpool::Impl::due(std::string from, Time until,
                                                              std::size_t most) {
  std::vector<Consignment> out;
  std::vector<Database::Gap> gaps;
  std::string first = DueFloor::end();
  bool begun = false;
  const std::string begin = from;
  const DueFloor::Look look = writer->due_floor().look(std::move(from));
  const auto read = [&](std::string_view key, std::string_view value) {
    if (!std::exchange(begun, true)) first = key;
    std::optional<Consignment> one = consignment_in(key, value);
    if (!one) return true;  // nothing that we wrote
    if (one->due > until || out.size() == most) return false;
    out.push_back(std::move(*one));
    return true;
  };
  SpoolResult<void> scanned = database->scan(Family::due, look.from, read, gaps);
  // What a search that failed has not found may be there all the same.
  writer->due_floor().saw(look, scanned && gaps.empty() ? first : look.from);
  if (!scanned) return std::unexpected(std::move(scanned.error()));
  for (const Database::Gap& each : gaps) {
    note(each, "of the due index");
    find_due_in(each);
  }
  add_found(begin, until, most, out);
  return out;
}

void RocksDbSpool::Impl::add_found(const std::string& from, Time until, std::size_t most,
                                   std::vector<Consignment>& out) {
  const std::lock_guard lock(mutex_);
  if (found_.empty()) return;
  for (auto at = found_.lower_bound(from); at != found_.end() && at->second.due <= until; ++at) {
    out.push_back(at->second);
  }
  std::ranges::sort(out, {}, [](const Consignment& each) { return due_key(each); });
  const auto same = std::ranges::unique(out);
  out.erase(same.begin(), same.end());
  if (out.size() > most) out.resize(most);
}

// What has changed since comes to nothing: whoever tries it reads the message.
void RocksDbSpool::Impl::find_due_in(const Database::Gap& gap) {
  {
    const std::lock_guard lock(mutex_);
    if (!searched_.insert(gap.from).second) return;
  }
  std::map<std::string, Consignment> found;
  const auto look = [&](std::string_view key, std::string_view value) {
    const auto id = id_in(key);
    const auto envelope = id ? envelope_in(*id, value) : std::unexpected(std::string());
    if (!envelope) return true;
    for (Consignment& each : consignments_of(envelope->message)) {
      std::string place = due_key(each);
      const bool in_gap = place > gap.from && (gap.to.empty() || place < gap.to);
      if (in_gap) found.emplace(std::move(place), std::move(each));
    }
    return true;
  };
  std::vector<Database::Gap> gaps;  // these are set aside by whoever lists them
  const SpoolResult<void> looked = database->scan(Family::envelopes, "", look, gaps);
  const std::lock_guard lock(mutex_);
  if (!looked) searched_.erase(gap.from);
  found_.merge(found);
}

void RocksDbSpool::Impl::read_one_by_one(const Database::Gap& gap, std::size_t limit,
                                         std::vector<QueuedMessage>& out) {
  std::vector<MessageId> ids;  // as the content tells
  const auto look = [&](std::string_view key, std::string_view) {
    const auto id = id_in(key.substr(0, sizeof(std::uint64_t)));
    if (!id || (!gap.to.empty() && id_key(*id) >= gap.to)) return false;
    if (ids.empty() || ids.back() != *id) ids.push_back(*id);
    return true;
  };
  std::vector<Database::Gap> gaps;
  const std::string behind_last = gap.from + std::string(sizeof(std::uint32_t), '\xff');
  [[maybe_unused]] const auto looked = database->scan(Family::content, behind(behind_last), look, gaps);
  for (const MessageId each : ids) {
    if (out.size() == limit) return;
    auto read = envelope(each);  // sets aside what cannot be read
    if (read) out.push_back(std::move(read->message));
  }
}

void RocksDbSpool::Impl::note(const Database::Gap& gap, std::string_view what) {
  const std::lock_guard lock(mutex_);
  passed_over_.emplace(SpoolFailure::Kind::damaged,
                       "a part " + std::string(what) + " is damaged: " + gap.why);
}

RocksDbSpool::RocksDbSpool(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

RocksDbSpool::~RocksDbSpool() = default;

SpoolResult<std::unique_ptr<RocksDbSpool>> RocksDbSpool::open(const std::string& path,
                                                              RocksDbSpoolOptions options) {
  auto database = Database::open(path, options);
  if (!database) return std::unexpected(std::move(database.error()));
  std::shared_ptr<Database> shared = std::move(*database);
  auto writer = Writer::start(shared, options);
  if (!writer) return std::unexpected(std::move(writer.error()));
  auto impl = std::make_unique<Impl>(std::move(shared), std::move(*writer));
  return std::unique_ptr<RocksDbSpool>(new RocksDbSpool(std::move(impl)));
}

std::unique_ptr<Incoming> RocksDbSpool::begin(MessageId id) {
  return std::make_unique<Arrival>(impl_->writer, id);
}

void RocksDbSpool::apply(Change change, Done done) {
  Alteration alteration;
  for (Change::Added& each : change.added) {
    NewMessage added;
    added.extent.octets = each.content.size();
    added.extent.slices = static_cast<std::uint32_t>((each.content.size() + kSliceOctets - 1) / kSliceOctets);
    added.rest = Slices{each.message.id, 0, std::move(each.content), nullptr};
    added.record = encode(each.message);
    added.due = consignments_of(each.message);
    alteration.added.push_back(std::move(added));
  }
  for (const QueuedMessage& each : change.updated)
    alteration.updated.push_back(Update{each.id, encode(each), consignments_of(each)});
  alteration.removed = std::move(change.removed);
  impl_->writer->submit(std::move(alteration), std::move(done));
}

SpoolResult<QueuedMessage> RocksDbSpool::load(MessageId id) {
  auto envelope = impl_->envelope(id);
  if (!envelope) return std::unexpected(std::move(envelope.error()));
  return std::move(envelope->message);
}

SpoolResult<std::unique_ptr<Body>> RocksDbSpool::open(MessageId id) {
  auto envelope = impl_->envelope(id);
  if (!envelope) return std::unexpected(std::move(envelope.error()));
  return std::make_unique<StoredBody>(impl_->database, id, envelope->extent);
}

// `each` may come back to the spool, so that nothing is held meanwhile.
SpoolResult<void> RocksDbSpool::due(const Consignment& after, Time until,
                                    const std::function<bool(const Consignment&)>& each) {
  constexpr std::size_t kAtOnce = 256;
  std::string from = behind(due_key(after));
  for (;;) {
    auto some = impl_->due(std::move(from), until, kAtOnce);
    if (!some) return std::unexpected(std::move(some.error()));
    for (const Consignment& one : *some)
      if (!each(one)) return {};
    if (some->size() < kAtOnce) return {};
    from = behind(due_key(some->back()));
  }
}

SpoolResult<Time> RocksDbSpool::next_due(const Consignment& after) {
  auto one = impl_->due(behind(due_key(after)), kNever, 1);
  if (!one) return std::unexpected(std::move(one.error()));
  return one->empty() ? kNever : one->front().due;
}

SpoolResult<std::vector<QueuedMessage>> RocksDbSpool::list(MessageId after, std::size_t limit) {
  std::vector<QueuedMessage> out;
  std::vector<MessageId> unreadable;
  const auto read = [&](std::string_view key, std::string_view value) {
    if (out.size() == limit) return false;
    const auto id = id_in(key);
    if (!id) return true;  // nothing that we wrote
    auto envelope = envelope_in(*id, value);
    if (envelope) {
      out.push_back(std::move(envelope->message));
    } else {
      unreadable.push_back(*id);
    }
    return true;
  };
  std::vector<Database::Gap> gaps;
  const std::string first = behind(id_key(after));
  SpoolResult<void> scanned = impl_->database->scan(Family::envelopes, first, read, gaps);
  for (const MessageId each : unreadable) impl_->set_aside(each);
  if (!scanned) return std::unexpected(std::move(scanned.error()));
  for (const Database::Gap& each : gaps) {
    impl_->note(each, "of the envelopes");
    impl_->read_one_by_one(each, limit + out.size(), out);
  }
  if (!gaps.empty()) std::ranges::sort(out, {}, &QueuedMessage::id);
  if (out.size() > limit) out.resize(limit);
  return out;
}

SpoolResult<std::vector<DamagedRecord>> RocksDbSpool::damaged(MessageId after, std::size_t limit) {
  std::vector<DamagedRecord> out;
  const auto read = [&](std::string_view key, std::string_view value) {
    if (out.size() == limit) return false;
    if (const auto id = id_in(key)) out.push_back(DamagedRecord{*id, why_in(value)});
    return true;
  };
  SpoolResult<void> scanned = impl_->database->scan(Family::damaged, behind(id_key(after)), read);
  if (!scanned) return std::unexpected(std::move(scanned.error()));
  return out;
}

void RocksDbSpool::drop_damaged(MessageId id, Done done) {
  impl_->writer->submit(Dropped{id}, std::move(done));
}

std::optional<SpoolFailure> RocksDbSpool::passed_over() {
  if (auto stuck = impl_->database->take_stuck())
    return SpoolFailure{SpoolFailure::Kind::damaged, *std::move(stuck)};
  const std::lock_guard lock(impl_->mutex_);
  return std::exchange(impl_->passed_over_, std::nullopt);
}

std::uint64_t RocksDbSpool::size() const { return impl_->writer->messages(); }

MessageId RocksDbSpool::newest() const { return impl_->writer->newest(); }

}  // namespace postrider::queue
