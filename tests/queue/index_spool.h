// A spool that has an index of what is due and nothing else, for tests of who reads it: counts readings and
// looks, and fails on demand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include <absl/container/btree_set.h>

#include "postrider/queue/spool.h"

namespace postrider::queue::testing {

struct InOrderOfDue {
  bool operator()(const Consignment& a, const Consignment& b) const {
    return std::tie(a.due, a.id, a.destination) < std::tie(b.due, b.id, b.destination);
  }
};

class IndexSpool : public Spool {
 public:
  using Index = absl::btree_set<Consignment, InOrderOfDue>;

  void put(const Consignment& consignment) { index_.insert(consignment); }
  void remove(const Consignment& consignment) { index_.erase(consignment); }
  const Index& index() const { return index_; }

  // From now on every reading breaks off after `looks` consignments.
  void fail_after(std::size_t looks) { fail_after_ = looks; }
  void work_again() { fail_after_ = kNoFailure; }

  std::size_t readings() const { return readings_; }
  std::size_t looks() const { return looks_; }

  SpoolResult<void> due(const Consignment& after, Time until,
                        const std::function<bool(const Consignment&)>& each) override {
    ++readings_;
    std::size_t left = fail_after_;
    for (auto at = index_.upper_bound(after); at != index_.end() && at->due <= until; ++at) {
      if (left-- == 0) return failure();
      ++looks_;
      if (!each(*at)) return {};
    }
    if (fail_after_ != kNoFailure) return failure();
    return {};
  }
  SpoolResult<Time> next_due(const Consignment& after) override {
    if (fail_after_ != kNoFailure) return failure();
    const auto at = index_.upper_bound(after);
    return at == index_.end() ? kNever : at->due;
  }

  std::unique_ptr<Incoming> begin(MessageId) override { return nullptr; }
  void apply(Change, Done done) override { done(closed()); }
  SpoolResult<QueuedMessage> load(MessageId) override { return closed(); }
  SpoolResult<std::unique_ptr<Body>> open(MessageId) override { return closed(); }
  SpoolResult<std::vector<QueuedMessage>> list(MessageId, std::size_t) override { return closed(); }
  SpoolResult<std::vector<DamagedRecord>> damaged(MessageId, std::size_t) override { return closed(); }
  void drop_damaged(MessageId, Done done) override { done(closed()); }
  std::uint64_t size() const override { return index_.size(); }
  MessageId newest() const override { return {}; }

 private:
  static constexpr std::size_t kNoFailure = SIZE_MAX;
  static std::unexpected<SpoolFailure> failure() {
    return std::unexpected(SpoolFailure{SpoolFailure::Kind::io, "broken on purpose"});
  }
  static std::unexpected<SpoolFailure> closed() {
    return std::unexpected(SpoolFailure{SpoolFailure::Kind::closed, "there is an index alone"});
  }

  Index index_;
  std::size_t fail_after_ = kNoFailure;
  std::size_t readings_ = 0;
  std::size_t looks_ = 0;
};

}  // namespace postrider::queue::testing
