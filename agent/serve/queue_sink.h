// Takes the content of a message into the queue, and answers when it is durable there.
//
// For messages of which at least one recipient is not delivered at once. All recipients get the same answer:
// either the queue has the message for all of them, or for none.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "postrider/agent/serve/arrival.h"
#include "postrider/agent/serve/header_completion.h"
#include "postrider/agent/serve/mail_transaction.h"
#include "postrider/queue/content_scan.h"
#include "postrider/queue/spool.h"
#include "postrider/server/handler.h"

namespace postrider::agent {

class QueueSink final : public server::MessageSink {
 public:
  // All of them outlive the sink; services.queue is there. The transaction is called by its id in the queue
  // from now on.
  QueueSink(const AgentServices& services, const server::ConnectionInfo& info, MailTransaction& transaction);

  server::Soon<void> write(std::string_view octets) override;
  server::Answer finish(const protocol::ev::BodyEnd& end, std::size_t recipient) override;

 private:
  using Answered = Arrival<queue::SpoolResult<void>>;

  bool append(std::string_view octets);
  server::Task<void> spill();
  server::Task<void> hear(std::shared_ptr<Answered> arrival);
  server::Task<server::Reply> commit(std::uint64_t octets);
  queue::QueuedMessage message(const queue::ContentFacts& facts) const;
  server::Reply conclude(server::Reply reply, std::uint64_t octets);

  const AgentServices& services_;
  const server::ConnectionInfo& info_;
  MailTransaction& transaction_;
  queue::MessageId id_;
  std::unique_ptr<queue::Incoming> incoming_;   // none: given up, the rest of the content goes nowhere
  std::optional<HeaderCompletion> completion_;  // of a submitted message
  queue::ContentScan scan_;
  std::optional<queue::SpoolFailure> failure_;
  std::optional<server::Reply> verdict_;
};

}  // namespace postrider::agent
