// The queue of a running agent: its store, its own thread on which everything is delivered, and the socket by
// which `postrider queue` reaches it.
//
//   auto queue = QueueService::open(config, primitives, mailboxes, log);
//   if (!queue) …                                      // the store is in use, a password file is missing, …
//   services.queue = &(*queue)->intake();
//   (*queue)->start();
//   …
//   (*queue)->stop(std::chrono::seconds(30));          // deliveries under way may end
//
// One thread: deliveries wait for others nearly all the time, and a slow disk, whose reads block it, holds up
// no session of the agent.
#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <string>
#include <thread>

#include "postrider/agent/config/config.h"
#include "postrider/agent/log/log.h"
#include "postrider/agent/maildir/maildir_store.h"
#include "postrider/agent/queue/delivery_routes.h"
#include "postrider/agent/queue/queue_intake.h"
#include "postrider/agent/serve/start_failure.h"
#include "postrider/protocol/sasl/primitives.h"
#include "postrider/transport/clock.h"

namespace postrider::agent {

class QueueService {
 public:
  // All references outlive the service.
  static std::expected<std::unique_ptr<QueueService>, StartFailure> open(
      const Config& config, const protocol::sasl::Primitives& primitives, MaildirStore& mailboxes, Log& log);
  ~QueueService();

  QueueIntake& intake() noexcept;

  // Begins to deliver.
  void start();

  // Routes and the [queue] table, but for its store. An error, in words: the old ones stay in force.
  std::expected<std::shared_ptr<const DeliveryRoutes>, std::string> prepare(const Config& config) const;
  void reload(std::shared_ptr<const DeliveryRoutes> routes, const Config& config);

  // Begins nothing more; returns when all is over, which is soon after `drain`. No session may use the intake
  // any more.
  void stop(transport::Duration drain);
  // Ends what is under way at once, before or while stop() waits for it. Any thread.
  void hurry();

 private:
  class Impl;
  explicit QueueService(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace postrider::agent
