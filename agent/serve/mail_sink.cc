#include "postrider/agent/serve/mail_sink.h"

#include <cerrno>
#include <chrono>
#include <memory>
#include <system_error>
#include <utility>

#include "postrider/agent/serve/arrival.h"
#include "postrider/agent/serve/trace_header.h"

namespace postrider::agent {
namespace {

// A disk that is stuck for so long gets no 250 in time anyway: the client gives up after 10 minutes,
// RFC 5321 4.5.3.2.6.
constexpr std::chrono::minutes kDiskPatience{9};

}  // namespace

MailSink::MailSink(const AgentServices& services, const server::ConnectionInfo& info,
                   MailTransaction& transaction)
    : services_(services), info_(info), transaction_(transaction), errors_(transaction.recipients.size(), 0) {
  std::vector<std::filesystem::path> mailboxes;
  for (const MailTransaction::Recipient& each : transaction.recipients) {
    if (each.mailbox) mailboxes.push_back(*each.mailbox);
  }
  if (mailboxes.empty()) return;
  const bool lmtp = transaction.policy->role == Role::lmtp;
  if (transaction.policy->role == Role::submission) {
    completion_.emplace("Date: " + mail_date(info.loop().clock().system_now()) + "\r\n",
                        "Message-ID: <" + transaction.id + "@" + transaction.policy->hostname + ">\r\n");
  }
  message_ = services.store.begin(trace_header(trace_info(info, transaction)), mailboxes,
                                  lmtp ? Recipients::apart : Recipients::together);
}

server::Soon<void> MailSink::write(std::string_view octets) {
  if (!message_ || !append(octets)) return {};
  return spill();
}

// True: it is time to spill.
bool MailSink::append(std::string_view octets) {
  if (!completion_) return message_->append(octets);
  bool full = false;
  completion_->feed(octets, [&](std::string_view piece) { full = message_->append(piece) || full; });
  return full;
}

server::Task<void> MailSink::spill() {
  auto arrival = std::make_shared<Arrival<int>>(info_.loop());
  message_->spill(announcer(arrival, info_.loop()));
  const transport::SteadyTime until = transport::later(info_.loop().now(), kDiskPatience);
  const transport::error_code late = co_await arrival->signal.wait(until);
  const int error = late ? ETIMEDOUT : arrival->value;
  if (error != 0) give_up(error);
}

// The rest of the content goes nowhere, and the end of it is answered with this error.
void MailSink::give_up(int error) {
  message_.reset();
  for (std::size_t i = 0; i < errors_.size(); ++i) {
    if (transaction_.recipients[i].mailbox) errors_[i] = error;
  }
}

server::Answer MailSink::finish(const protocol::ev::BodyEnd& end, std::size_t recipient) {
  if (concluded_) return reply_to(recipient);
  if (message_ && completion_) {
    completion_->finish([&](std::string_view piece) {
      [[maybe_unused]] const bool full = message_->append(piece);  // it is written at once now
    });
  }
  if (message_) return commit(end.octets);
  return conclude(end.octets);
}

server::Task<server::Reply> MailSink::commit(std::uint64_t octets) {
  auto arrival = std::make_shared<Arrival<std::vector<int>>>(info_.loop());
  message_->commit(announcer(arrival, info_.loop()));
  message_.reset();
  const transport::SteadyTime until = transport::later(info_.loop().now(), kDiskPatience);
  const transport::error_code late = co_await arrival->signal.wait(until);
  std::size_t next = 0;
  for (std::size_t i = 0; i < errors_.size(); ++i) {
    if (!transaction_.recipients[i].mailbox) continue;
    errors_[i] = late ? ETIMEDOUT : arrival->value[next++];
  }
  co_return conclude(octets);
}

server::Reply MailSink::conclude(std::uint64_t octets) {
  concluded_ = true;
  transaction_.in_content = false;
  const bool lmtp = transaction_.policy->role == Role::lmtp;
  std::size_t failed = 0;
  for (std::size_t rcpt = 0; rcpt < accepted_rcpts(transaction_); ++rcpt) {
    failed += error_of(rcpt) != 0 ? 1U : 0U;
  }
  for (const int error : errors_) {
    if (error == 0) continue;
    LogLine line(LogLevel::error, "delivery failed");
    line.add("session", info_.id().to_string()).add("id", transaction_.id);
    line.add("reason", std::generic_category().message(error));
    services_.log.write(line);
    break;
  }
  server::Reply reply = reply_to(0);
  log_message(services_.log, info_, transaction_, protocol::to_log_line(reply.view()), octets,
              lmtp ? failed : 0);
  return reply;
}

// All errors are temporary, so none is worse than the next: the first one is told.
int MailSink::error_of(std::size_t rcpt) const {
  if (transaction_.rcpts.empty()) return errors_[rcpt];
  for (const std::size_t recipient : transaction_.rcpts[rcpt]) {
    if (errors_[recipient] != 0) return errors_[recipient];
  }
  return 0;
}

server::Reply MailSink::reply_to(std::size_t rcpt) const {
  const int error = error_of(rcpt);
  if (error != 0) return reply_to_failed_delivery(error);
  return server::Reply(protocol::code::ok, protocol::status::other, "Ok: " + transaction_.id);
}

}  // namespace postrider::agent
