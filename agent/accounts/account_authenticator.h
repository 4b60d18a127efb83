// Authenticates against the file of accounts: PLAIN, LOGIN, SCRAM-SHA-256 and SCRAM-SHA-256-PLUS, EXTERNAL
// for client certificates that name an account, and mechanisms that the caller has added.
//
// Passwords are hashed and accounts looked up on the threads of a HashingPool; what comes too fast is told
// 454. Guessing is slowed down by a LoginThrottle.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "postrider/agent/accounts/account_store.h"
#include "postrider/agent/accounts/hashing_pool.h"
#include "postrider/agent/accounts/login_throttle.h"
#include "postrider/protocol/sasl/mechanism_registry.h"
#include "postrider/server/authenticator.h"

namespace postrider::agent {

class AccountAuthenticator final : public server::Authenticator {
 public:
  // All of them outlive it. Questions about tokens are refused: nothing here knows any.
  AccountAuthenticator(protocol::sasl::MechanismRegistry registry, AccountStore& store, HashingPool& pool,
                       LoginThrottle& throttle, const protocol::sasl::Primitives& primitives)
      : registry_(std::move(registry)),
        store_(store),
        pool_(pool),
        throttle_(throttle),
        primitives_(primitives) {}

  // PLAIN, LOGIN, SCRAM and EXTERNAL.
  static protocol::sasl::MechanismRegistry usual_mechanisms();

  void offer(const server::AuthPeer& peer, protocol::Capabilities& capabilities) const override;
  server::AuthStart start(std::string_view mechanism, const server::AuthPeer& peer) override;

 private:
  class Exchange;

  protocol::sasl::MechanismRegistry registry_;
  AccountStore& store_;
  HashingPool& pool_;
  LoginThrottle& throttle_;
  const protocol::sasl::Primitives& primitives_;
};

}  // namespace postrider::agent
