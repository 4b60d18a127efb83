// The queue at work, on one loop: takes what is due from the scheduler, has it delivered, and makes what came
// of it durable, with the reports that are called for.
//
//   QueueRunner runner(parts);
//   runner.start();                            // on the loop, or before it runs
//   …                                          // sessions call begin() and accepted() from their threads
//   co_await runner.stop(deadline);            // attempts under way may end until then
//
// A consignment keeps its turn until its outcome is durable, so nothing is tried again on the ground of an
// old state. While any consignment of a message is in flight the message is kept in memory, and everything
// that changes it (outcomes, an operator) does so there first, one after the other. When the store refuses an
// outcome it is offered to it again and again: a message that was delivered must not be forgotten to be so.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "postrider/agent/config/config.h"
#include "postrider/agent/log/log.h"
#include "postrider/agent/queue/deliverer.h"
#include "postrider/agent/queue/queue_access.h"
#include "postrider/agent/queue/queue_intake.h"
#include "postrider/queue/retry_schedule.h"
#include "postrider/queue/scheduler.h"
#include "postrider/queue/settlement.h"
#include "postrider/queue/spool.h"
#include "postrider/transport/loop.h"
#include "postrider/transport/signal.h"

namespace postrider::agent {

struct RunnerParts {
  RunnerParts(DelivererParts with, QueueConfig by, Log& to)
      : deliverer(std::move(with)), config(std::move(by)), log(to) {}

  DelivererParts deliverer;  // its pool limits and seed are filled in from the rest
  QueueConfig config;
  Log& log;
  std::uint64_t seed = 0;  // of jitter and the order of equal hosts
};

struct RunnerCounters {
  std::uint64_t attempts = 0;
  std::uint64_t delivered = 0;  // recipients, as the next two
  std::uint64_t deferred = 0;
  std::uint64_t failed = 0;
  std::uint64_t reports = 0;
};

class QueueRunner final : public QueueIntake, public QueueAccess {
 public:
  explicit QueueRunner(RunnerParts parts);
  ~QueueRunner() override;

  void start();
  // What begins from now on goes by these. From the loop's thread.
  void use(std::shared_ptr<const DeliveryRoutes> routes, const QueueConfig& config);
  // Begins nothing more, and ends when everything under way has: at the latest soon after `deadline`.
  transport::Task<void> stop(transport::SteadyTime deadline);
  // Ends what is under way now, whatever was said to stop(), or will be.
  void give_up();

  // For sessions.
  queue::MessageId next_id(queue::Time now) override { return ids_.next(now); }
  std::unique_ptr<queue::Incoming> begin(queue::MessageId id) override { return spool_.begin(id); }
  void accepted(std::vector<queue::Consignment> consignments) override;
  queue::Duration lifetime() const override;

  // The line in which mail for an address, without brackets, waits; nullopt: no route takes it. From the
  // loop's thread.
  std::optional<std::string> line_of(std::string_view address) const;

  // For operators.
  queue::Spool& spool() override { return spool_; }
  std::vector<std::string> active(queue::MessageId id) override;
  void alter(queue::MessageId id, Alteration alter, queue::Done done) override;
  void drop(queue::MessageId id, queue::Done done) override;
  void wake_up(std::string_view destination) override;

  // From the loop's thread.
  const RunnerCounters& counters() const noexcept { return counters_; }
  bool idle() const noexcept { return attempts_ == 0; }  // nothing is under way
  queue::SchedulerCounters scheduled() const { return scheduler_.counters(); }

 private:
  struct OpenMessage;
  struct Outcome;
  using Opened = std::shared_ptr<OpenMessage>;

  transport::Task<void> run();
  void take_inbox();
  transport::Task<void> attempt(queue::Consignment consignment);
  transport::Task<void> carry_out(queue::Consignment consignment, Opened open);
  transport::Task<void> keep_deadline(queue::Consignment consignment, Opened open);
  transport::Task<bool> make_durable(Opened open);
  transport::Task<bool> write(Opened open);
  transport::Task<void> finish_altering(Opened open, queue::Done done);
  Outcome settle(const queue::Consignment& consignment, OpenMessage& open, const Attempt& attempt,
                 const AttemptResult& result);
  Outcome conclude(OpenMessage& open, const queue::Settlement& settled);
  void add_report(Outcome& outcome, OpenMessage& open, const std::vector<queue::Notice>& notices);
  void log_verdicts(const queue::Consignment& consignment, const OpenMessage& open, const Attempt& attempt,
                    const AttemptResult& result, transport::Duration took);

  queue::SpoolResult<Opened> open(queue::MessageId id);
  void close(const Opened& open, std::string_view destination);
  void alter_now(queue::MessageId id, Alteration alter, queue::Done done);
  void drop_now(queue::MessageId id, queue::Done done);
  void reschedule(const queue::QueuedMessage& message);
  std::string head_of(queue::MessageId id);

  queue::Time now() const;

  transport::Loop& loop_;
  Log& log_;
  queue::Spool& spool_;
  queue::MessageIds ids_;
  QueueConfig config_;
  std::atomic<std::int64_t> lifetime_;  // milliseconds
  Deliverer deliverer_;
  queue::Scheduler scheduler_;
  transport::Signal work_;  // something to do
  transport::Signal idle_;  // an attempt has ended
  std::stop_source give_up_;
  std::size_t attempts_ = 0;  // under way
  bool stopping_ = false;
  bool running_ = false;
  std::uint64_t seed_;
  queue::RetrySchedule schedule_;
  RunnerCounters counters_;
  absl::flat_hash_map<std::uint64_t, Opened> open_;  // by id

  std::mutex mutex_;  // of the two below
  std::vector<queue::Consignment> inbox_;
  absl::flat_hash_map<std::uint64_t, std::vector<std::string>> active_;  // by id
};

}  // namespace postrider::agent
