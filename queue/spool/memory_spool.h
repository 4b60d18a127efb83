// A spool in memory: for tests, and for agents that may lose what they have.
//
//   MemorySpoolOptions options;
//   options.hold_syncs = true;
//   MemorySpool spool(options);
//   spool.apply(std::move(change), done);     // waits
//   spool.sync();                             // takes effect, and `done` is called
//
// Takes effect, and calls back, before the call returns, unless syncs are held. It can fail, hold back,
// damage and forget as a disk would when it is asked to. Octets are those of contents, commands and
// recipients; above `max_octets` nothing more is taken (`full`). An Incoming and a Body may outlive the
// spool.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "postrider/queue/spool.h"

namespace postrider::queue {

struct MemorySpoolOptions {
  MemorySpoolOptions() = default;

  std::uint64_t max_octets = std::uint64_t{1} << 30;
  bool hold_syncs = false;  // nothing is durable, or to be seen, before sync()
};

class MemorySpool final : public Spool {
 public:
  explicit MemorySpool(MemorySpoolOptions options = MemorySpoolOptions());
  ~MemorySpool() override;
  MemorySpool(const MemorySpool&) = delete;
  MemorySpool& operator=(const MemorySpool&) = delete;

  std::unique_ptr<Incoming> begin(MessageId id) override;
  void apply(Change change, Done done) override;
  SpoolResult<QueuedMessage> load(MessageId id) override;
  SpoolResult<std::unique_ptr<Body>> open(MessageId id) override;
  SpoolResult<void> due(const Consignment& after, Time until,
                        const std::function<bool(const Consignment&)>& each) override;
  SpoolResult<Time> next_due(const Consignment& after) override;
  SpoolResult<std::vector<QueuedMessage>> list(MessageId after, std::size_t limit) override;
  SpoolResult<std::vector<DamagedRecord>> damaged(MessageId after, std::size_t limit) override;
  void drop_damaged(MessageId id, Done done) override;
  std::uint64_t size() const override;
  MessageId newest() const override;

  // Makes durable what waits.
  void sync();
  // Loses what waits, whose callbacks hear `closed`, and refuses what every Incoming of now has still to say.
  void crash();
  // The next `count` changes (commit, apply, drop_damaged) fail when they are to become durable.
  void fail_next(std::size_t count, SpoolFailure failure);
  // The record cannot be read any more: noticed, and set aside, by whoever reads it.
  void damage(MessageId id, std::string why);

  std::size_t waiting() const;   // changes that wait for sync()
  std::uint64_t octets() const;  // what counts against max_octets

 private:
  class State;
  class Arrival;
  std::shared_ptr<State> state_;
};

}  // namespace postrider::queue
