// Asks the agent that runs, over its control socket; what comes is as if the queue were at hand.
//
//   ControlClient client(loop, network, state / "control.sock");
//   auto reached = co_await client.reach();   // Kind::nobody: no agent runs, and the store can be opened
//
// One connection, made again when the agent closed it between two requests. Each answer has kPatience for
// each of its lines.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>

#include "postrider/agent/queue/control_channel.h"
#include "postrider/agent/queue/control_protocol.h"
#include "postrider/agent/queue/queue_operations.h"
#include "postrider/transport/network.h"

namespace postrider::agent {

class ControlClient final : public QueueSource {
 public:
  // A page of changes waits for the disk.
  static constexpr transport::Duration kPatience = std::chrono::minutes(2);

  // `loop` and `network` outlive the client.
  ControlClient(transport::Loop& loop, transport::Network& network, std::filesystem::path socket)
      : loop_(loop), network_(network), socket_(std::move(socket)) {}

  // Connects. Kinds nobody, forbidden and agent.
  transport::Task<QueueResult<void>> reach();

  transport::Task<QueueResult<std::vector<QueueEntry>>> list(queue::MessageId after) override;
  transport::Task<QueueResult<QueueEntry>> show(queue::MessageId id) override;
  transport::Task<QueueResult<void>> content(queue::MessageId id, std::uint64_t limit,
                                             ContentSink& sink) override;
  transport::Task<QueueResult<bool>> act(QueueAction action, queue::MessageId id) override;
  transport::Task<QueueResult<RetryProgress>> retry(RetryScope scope) override;

 private:
  // The first line of the answer, or why there is none.
  transport::Task<QueueResult<ControlAnswer>> ask(ControlRequest request);
  transport::Task<QueueResult<ControlAnswer>> next();
  transport::Task<QueueResult<std::vector<QueueEntry>>> entries(ControlRequest request);
  transport::Task<QueueResult<ControlDone>> done(ControlRequest request);
  QueueFailure nonsense();

  transport::Loop& loop_;
  transport::Network& network_;
  std::filesystem::path socket_;
  std::unique_ptr<ControlChannel> channel_;
};

}  // namespace postrider::agent
