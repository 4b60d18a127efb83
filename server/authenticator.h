// Who may log in: the seam between a connection that got AUTH and whatever knows the accounts.
//
//   authenticator.offer(peer, capabilities);                         // in the reply to EHLO
//   auto started = authenticator.start(auth.mechanism.view(), peer);  // ev::Auth
//   if (!started) return started.error();                             // 504, 538
//   authentication = *std::move(started);
//   return authentication->begin(initial);                            // 334, 235 or a refusal
//   …
//   return authentication->respond(line.base64);                      // ev::AuthLine
//
// After a 235 user() says who it is. ev::AuthCancelled, and the end of the connection: destroy the
// Authentication. An Authenticator serves all connections of all loops; an Authentication belongs to one AUTH
// command and its loop, and is asked one thing at a time.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "postrider/protocol/grammar/capabilities.h"
#include "postrider/protocol/sasl/fault.h"
#include "postrider/protocol/sasl/mechanism_registry.h"
#include "postrider/server/handler.h"
#include "postrider/server/soon.h"
#include "postrider/transport/endpoint.h"
#include "postrider/transport/loop.h"

namespace postrider::server {

// What is known of the client when it authenticates. The loop outlives it.
struct AuthPeer {
  transport::Loop* loop = nullptr;
  transport::Endpoint peer;
  transport::Endpoint local;
  protocol::sasl::ServerConditions connection;  // encrypted? what can be bound?
  std::string certificate_user;                 // whom a verified client certificate names; empty: nobody
};

class Authentication {
 public:
  virtual ~Authentication() = default;

  // `initial` as ev::Auth has it: base64, "=" for no octets. Views are valid until the answer is there.
  virtual Soon<AuthStep> begin(std::optional<std::string_view> initial) = 0;
  virtual Soon<AuthStep> respond(std::string_view base64) = 0;

  // The account, in its own spelling. Empty until the answer was 235.
  [[nodiscard]] const std::string& user() const noexcept { return user_; }

 protected:
  std::string user_;
};

// One AUTH that goes on, or the refusal of it.
using AuthStart = std::expected<std::unique_ptr<Authentication>, Reply>;

class Authenticator {
 public:
  virtual ~Authenticator() = default;

  // Adds the mechanisms that this client may use; none in clear.
  virtual void offer(const AuthPeer& peer, protocol::Capabilities& capabilities) const = 0;
  // `mechanism` in any case.
  virtual AuthStart start(std::string_view mechanism, const AuthPeer& peer) = 0;
};

// The reply for an exchange that failed, RFC 4954 6. Says nothing that helps guessing: a wrong password, an
// unknown user and a changed message are all 535 5.7.8.
Reply auth_refusal(protocol::sasl::Fault fault);
// "235 2.7.0 Authenticated"
Reply auth_success();

}  // namespace postrider::server
