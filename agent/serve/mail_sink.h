// Takes the content of a message into the Maildirs of its recipients, and answers when it is safe there.
//
// SMTP has one reply for all recipients, so either all mailboxes have the message or none; LMTP has one for
// each (RFC 2033 4.2), and an RCPT that stands for several mailboxes goes through the queue. Recipients whose
// route discards are counted as delivered. The disk is the business of the store's threads; what waits here
// is the session alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "postrider/agent/maildir/maildir_store.h"
#include "postrider/agent/serve/header_completion.h"
#include "postrider/agent/serve/mail_transaction.h"
#include "postrider/server/handler.h"

namespace postrider::agent {

class MailSink final : public server::MessageSink {
 public:
  // All of them outlive the sink; at least one recipient is accepted.
  MailSink(const AgentServices& services, const server::ConnectionInfo& info, MailTransaction& transaction);

  server::Soon<void> write(std::string_view octets) override;
  server::Answer finish(const protocol::ev::BodyEnd& end, std::size_t recipient) override;

 private:
  bool append(std::string_view octets);
  server::Task<void> spill();
  server::Task<server::Reply> commit(std::uint64_t octets);
  void give_up(int error);
  server::Reply conclude(std::uint64_t octets);
  int error_of(std::size_t rcpt) const;
  server::Reply reply_to(std::size_t rcpt) const;

  const AgentServices& services_;
  const server::ConnectionInfo& info_;
  MailTransaction& transaction_;
  std::optional<HeaderCompletion> completion_;    // of a submitted message
  std::optional<MaildirStore::Message> message_;  // none: every recipient's copy is discarded
  std::vector<int> errors_;                       // of each recipient, once committed
  bool concluded_ = false;
};

}  // namespace postrider::agent
