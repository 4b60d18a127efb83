// The agent behind one session: routes recipients, and opens a MailSink for each message.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "postrider/agent/serve/listener_policy.h"
#include "postrider/agent/serve/mail_transaction.h"
#include "postrider/agent/serve/recipient_rewriting.h"
#include "postrider/agent/serve/xclient.h"
#include "postrider/server/authenticator.h"
#include "postrider/server/handler.h"

namespace postrider::agent {

class MailHandler final : public server::Handler {
 public:
  // All of them outlive the handler.
  MailHandler(const server::ConnectionInfo& info, const AgentServices& services, const ListenerPolicy& policy)
      : info_(info), services_(services), policy_(policy) {}

  server::Answer on_connect(const server::ReplyView& greeting) override;
  server::Answer on_hello(const protocol::ev::Hello& hello) override;
  server::Answer on_start_tls() override;
  server::Task<transport::StreamResult> upgrade(std::unique_ptr<transport::Stream> plain) override;
  server::Soon<server::AuthStep> on_auth(const protocol::ev::Auth& auth) override;
  server::Soon<server::AuthStep> on_auth_line(const protocol::ev::AuthLine& line) override;
  void on_auth_cancelled() noexcept override;
  server::Answer on_extended(const protocol::ev::Extended& command) override;
  server::Answer on_mail(const protocol::ev::Mail& mail) override;
  server::Answer on_rcpt(const protocol::ev::Rcpt& rcpt) override;
  server::Soon<server::Opened> on_data() override;
  void on_reset(const protocol::ev::Reset& reset) noexcept override;
  void on_refused(const protocol::ev::Refused& refused) noexcept override;
  void on_body_refused(const protocol::ev::BodyRefused& refused) noexcept override;
  void on_end(const server::SessionEnd& end) noexcept override;

 private:
  server::Soon<server::AuthStep> note(server::Soon<server::AuthStep> step);
  server::Task<server::AuthStep> note_later(server::Task<server::AuthStep> task);
  void note_login(const server::AuthStep& step);
  void log_xclient() const;
  // Whose account was logged in to, here or at the gateway; empty: nobody's.
  std::string_view user() const noexcept;
  void abandon() noexcept;
  // The recipients that an alias stands for.
  server::Answer take(Rewritten rewritten);
  // `alias`: whose target it is, when it is one's.
  void log_refusal(std::string_view recipient, const server::ReplyView& reply, std::string_view alias = "");

  const server::ConnectionInfo& info_;
  const AgentServices& services_;
  const ListenerPolicy& policy_;
  server::ReplyView greeting_;
  XclientAttributes told_;  // by a gateway
  std::string hello_;
  std::string mechanism_;
  std::unique_ptr<server::Authentication> authentication_;
  std::unique_ptr<MailTransaction> transaction_;
  std::uint32_t transactions_ = 0;
};

}  // namespace postrider::agent
