#include "postrider/agent/serve/queue_sink.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "postrider/agent/queue/queue_intake.h"
#include "postrider/agent/serve/trace_header.h"

namespace postrider::agent {
namespace {

namespace code = protocol::code;
namespace status = protocol::status;

// A store that is stuck for so long gets no 250 in time anyway: the client gives up after 10 minutes,
// RFC 5321 4.5.3.2.6.
constexpr std::chrono::minutes kStorePatience{9};

constexpr protocol::EnhancedDetail kRoutingLoop{4, 6};  // RFC 3463 3.5

queue::Time queue_time(transport::SystemTime time) { return std::chrono::floor<queue::Duration>(time); }

server::Reply reply_to(const queue::SpoolFailure& failure) {
  if (failure.kind == queue::SpoolFailure::Kind::full) {
    return server::Reply(code::insufficient_storage, status::system_full, "Disk full, try again later");
  }
  return server::Reply(code::local_error, status::mail_system, "The queue failed here, try again later");
}

}  // namespace

QueueSink::QueueSink(const AgentServices& services, const server::ConnectionInfo& info,
                     MailTransaction& transaction)
    : services_(services), info_(info), transaction_(transaction) {
  const transport::SystemTime now = info.loop().clock().system_now();
  id_ = services.queue->next_id(queue_time(now));
  transaction.id = id_.to_string();
  incoming_ = services.queue->begin(id_);
  if (transaction.policy->role == Role::submission) {
    completion_.emplace("Date: " + mail_date(now) + "\r\n",
                        "Message-ID: <" + transaction.id + "@" + transaction.policy->hostname + ">\r\n");
  }
  const std::string received = received_field(trace_info(info, transaction));
  scan_.feed(received);
  [[maybe_unused]] const bool full = incoming_->append(received);  // a few lines: there is room for them
}

server::Soon<void> QueueSink::write(std::string_view octets) {
  if (!incoming_ || !append(octets)) return {};
  return spill();
}

// True: it is time to spill.
bool QueueSink::append(std::string_view octets) {
  bool full = false;
  const auto put = [&](std::string_view piece) {
    scan_.feed(piece);
    full = incoming_->append(piece) || full;
  };
  if (completion_) {
    completion_->feed(octets, put);
  } else {
    put(octets);
  }
  return full;
}

server::Task<void> QueueSink::spill() {
  auto arrival = std::make_shared<Answered>(info_.loop());
  incoming_->spill(announcer(arrival, info_.loop()));
  co_await hear(arrival);
  // The rest of the content goes nowhere, and the end of it is answered with this failure.
  if (failure_) incoming_.reset();
}

// What the store says, or that it says nothing.
server::Task<void> QueueSink::hear(std::shared_ptr<Answered> arrival) {
  const transport::SteadyTime until = transport::later(info_.loop().now(), kStorePatience);
  const transport::error_code late = co_await arrival->signal.wait(until);
  if (late) {
    failure_.emplace(queue::SpoolFailure::Kind::io, "no answer from the store in time");
  } else if (!arrival->value) {
    failure_ = arrival->value.error();
  }
}

server::Answer QueueSink::finish(const protocol::ev::BodyEnd& end, std::size_t /*recipient*/) {
  if (verdict_) return *verdict_;
  if (incoming_ && completion_) {
    completion_->finish([&](std::string_view piece) {
      scan_.feed(piece);
      [[maybe_unused]] const bool full = incoming_->append(piece);  // it is written at once now
    });
  }
  return commit(end.octets);
}

server::Task<server::Reply> QueueSink::commit(std::uint64_t octets) {
  if (failure_) co_return conclude(reply_to(*failure_), octets);
  const queue::ContentFacts facts = scan_.finish();
  if (facts.hops > queue::kMostHops) {
    incoming_.reset();
    server::Reply loop(code::transaction_failed, kRoutingLoop,
                       "Routing loop: the message has " + std::to_string(facts.hops) + " Received fields");
    co_return conclude(std::move(loop), octets);
  }
  queue::QueuedMessage queued = message(facts);
  std::vector<queue::Consignment> consignments = consignments_of(queued);
  auto arrival = std::make_shared<Answered>(info_.loop());
  QueueIntake* const intake = services_.queue;
  incoming_->commit(std::move(queued),
                    [announce = announcer(arrival, info_.loop()), intake,
                     due = std::move(consignments)](queue::SpoolResult<void> result) mutable {
                      // Delivery begins whether or not the session is still there to be told.
                      if (result) intake->accepted(std::move(due));
                      announce(std::move(result));
                    });
  incoming_.reset();
  co_await hear(arrival);
  if (failure_) co_return conclude(reply_to(*failure_), octets);
  co_return conclude(server::Reply(code::ok, status::other, "Ok: queued as " + transaction_.id), octets);
}

queue::QueuedMessage QueueSink::message(const queue::ContentFacts& facts) const {
  const queue::Time now = queue_time(info_.loop().clock().system_now());
  queue::QueuedMessage out;
  out.id = id_;
  out.mail = transaction_.mail;
  out.arrived = now;
  const auto hold = transaction_.wishes.hold_until;
  const queue::Time first = hold ? queue_time(*hold) : now;
  out.expires = queue::later(first, services_.queue->lifetime());
  out.deliver_by = transaction_.wishes.deliver_by;
  if (out.deliver_by && out.deliver_by->returns) out.expires = std::min(out.expires, out.deliver_by->at);
  out.priority = transaction_.wishes.priority;
  out.user = transaction_.user;
  out.content = facts;
  out.content.binary = transaction_.binary;
  if (transaction_.require_tls) out.content.tls_optional = false;  // RFC 8689 4.1
  for (const MailTransaction::Recipient& each : transaction_.recipients) {
    if (each.line.empty()) continue;  // discarded
    queue::QueuedRecipient recipient;
    recipient.rcpt = each.rcpt;
    recipient.original = each.original;
    recipient.destination = each.line;
    recipient.next_attempt = first;
    out.recipients.push_back(std::move(recipient));
  }
  return out;
}

server::Reply QueueSink::conclude(server::Reply reply, std::uint64_t octets) {
  transaction_.in_content = false;
  if (failure_) {
    LogLine line(LogLevel::error, "message not queued");
    line.add("session", info_.id().to_string()).add("id", transaction_.id);
    services_.log.write(line.add("reason", failure_->text));
  }
  log_message(services_.log, info_, transaction_, protocol::to_log_line(reply.view()), octets);
  verdict_ = reply;
  return reply;
}

}  // namespace postrider::agent
