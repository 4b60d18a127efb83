// What `postrider queue` does, done on a queue that is at hand.
//
//   QueueOperations operations(loop, access);
//   QueueResult<bool> held = co_await operations.act(QueueAction::hold, id);
//
// One page reads at most kListPage or kRetryPage records, and waits until all its changes are durable.
#pragma once

#include "postrider/agent/queue/queue_access.h"
#include "postrider/agent/queue/queue_source.h"
#include "postrider/transport/loop.h"

namespace postrider::agent {

class QueueOperations final : public QueueSource {
 public:
  static constexpr std::size_t kListPage = 100;
  static constexpr std::size_t kRetryPage = 200;

  // Both outlive the object; the loop runs until every Task is done, since the access calls back by way of
  // it.
  QueueOperations(transport::Loop& loop, QueueAccess& access) noexcept : loop_(loop), access_(access) {}

  transport::Task<QueueResult<std::vector<QueueEntry>>> list(queue::MessageId after) override;
  transport::Task<QueueResult<QueueEntry>> show(queue::MessageId id) override;
  transport::Task<QueueResult<void>> content(queue::MessageId id, std::uint64_t limit,
                                             ContentSink& sink) override;
  transport::Task<QueueResult<bool>> act(QueueAction action, queue::MessageId id) override;
  transport::Task<QueueResult<RetryProgress>> retry(RetryScope scope) override;

 private:
  queue::Time now() const;
  QueueResult<std::vector<QueueEntry>> page(queue::MessageId after);
  std::optional<queue::DamagedRecord> damaged(queue::MessageId id);
  QueueFailure failure_about(queue::MessageId id, const queue::SpoolFailure& failure);
  transport::Task<QueueResult<bool>> retry_one(queue::MessageId id);
  transport::Task<QueueResult<bool>> set_held(queue::MessageId id, bool held);
  transport::Task<QueueResult<bool>> drop(queue::MessageId id);

  transport::Loop& loop_;
  QueueAccess& access_;
};

}  // namespace postrider::agent
