// One attempt to deliver a message of the queue to the recipients who wait in one line: by MX, to a smart
// host, over LMTP, or into Maildirs, as their route says.
//
//   const AttemptResult result = co_await deliverer.attempt(attempt, stop);
//   result.verdicts[i]                                     // about attempt.recipients[i]
//
// Every recipient gets a verdict. Where a next hop cannot take the content as it is, and the RFCs allow it,
// the content is converted and offered once more. Belongs to one loop, and outlives every task of it.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "postrider/agent/config/config.h"
#include "postrider/agent/log/log.h"
#include "postrider/agent/maildir/maildir_store.h"
#include "postrider/agent/queue/delivery_routes.h"
#include "postrider/agent/tls_report/tls_observer.h"
#include "postrider/client/mx_report.h"
#include "postrider/client/pool.h"
#include "postrider/client/sts_source.h"
#include "postrider/queue/message.h"
#include "postrider/queue/scheduler.h"
#include "postrider/queue/spool.h"
#include "postrider/queue/verdict.h"
#include "postrider/resolver/resolver.h"
#include "postrider/transport/loop.h"
#include "postrider/transport/network.h"
#include "postrider/transport/tls/provider.h"

namespace postrider::agent {

struct Attempt {
  queue::MessageId id;
  std::string mail;  // the command
  queue::ContentFacts content;
  std::vector<std::string> recipients;  // RCPT commands
  std::optional<queue::DeliverBy> deliver_by;
};

struct AttemptResult {
  AttemptResult() = default;
  AttemptResult(std::size_t recipients, const queue::Verdict& verdict) : verdicts(recipients, verdict) {}

  std::vector<queue::Verdict> verdicts;  // by Attempt::recipients
  queue::Health health = queue::Health::unknown;
  std::string site;                // what `health` is about, as Scheduler::finished wants it
  std::vector<std::string> notes;  // for logs: hosts that were tried in vain, and the like
  // The content could not be read; the verdicts mean nothing then.
  std::optional<queue::SpoolFailure> failure;
};

// What all attempts share. Everything that is referred to outlives the deliverer.
struct DelivererParts {
  transport::Loop& loop;
  transport::Network& network;
  resolver::Resolver& resolver;
  client::StsSource* sts;  // may be nullptr
  queue::Spool& spool;
  MaildirStore& mailboxes;
  std::shared_ptr<const transport::TlsClientContext> tls;
  std::shared_ptr<const DeliveryRoutes> routes;
  client::PoolLimits pool;
  std::uint64_t seed = 0;
  TlsObserver* observer = nullptr;  // of deliveries by MX; nobody: nullptr
};

class Deliverer {
 public:
  explicit Deliverer(DelivererParts parts);
  ~Deliverer();

  // `stop` ends it soon, whatever it is at; halt() is requested before.
  transport::Task<AttemptResult> attempt(Attempt attempt, std::stop_token stop);

  // What begins from now on goes by these.
  void use(std::shared_ptr<const DeliveryRoutes> routes);
  const DeliveryRoutes& routes() const noexcept;

  const client::PoolCounters& pool_counters() const noexcept;

  // What has no connection yet ends soon, and no other host is tried; what is being sent goes on.
  void halt();
  // Says QUIT on what is idle. No attempt is under way or begins afterwards.
  transport::Task<void> close(transport::SteadyTime deadline);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// What an attempt over the network means for the queue.
queue::Verdict verdict_of(const client::MxRecipient& recipient, const client::MxReport& report);
queue::Health health_of(const client::MxReport& report);

}  // namespace postrider::agent
