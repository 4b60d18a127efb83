#include "postrider/agent/accounts/account_authenticator.h"

#include <optional>
#include <utility>
#include <variant>

#include "postrider/agent/accounts/user_name.h"
#include "postrider/transport/signal.h"

namespace postrider::agent {

namespace sasl = protocol::sasl;
using server::AuthStep;
using server::Soon;
using transport::Task;

namespace {

// What is asked about, for the throttle: the account as it would be kept.
std::string account_of(const sasl::ServerStep& question, const server::AuthPeer& peer) {
  std::string_view name = peer.certificate_user;
  if (const auto* password = std::get_if<sasl::PasswordQuestion>(&question)) name = password->user;
  if (const auto* verifier = std::get_if<sasl::VerifierQuestion>(&question)) name = verifier->user;
  if (const auto* token = std::get_if<sasl::TokenQuestion>(&question)) name = token->user;
  auto canonical = canonical_user_name(name);
  return canonical ? *std::move(canonical) : std::string(name);
}

bool is_question(const sasl::ServerStep& step) {
  return !std::holds_alternative<sasl::Challenge>(step) && !std::holds_alternative<sasl::Success>(step) &&
         !std::holds_alternative<sasl::Failure>(step);
}

}  // namespace

class AccountAuthenticator::Exchange final : public server::Authentication {
 public:
  Exchange(AccountAuthenticator& owner, server::AuthPeer peer,
           std::unique_ptr<sasl::ServerMechanism> mechanism)
      : owner_(owner), peer_(std::move(peer)), exchange_(std::move(mechanism)) {}

  Soon<AuthStep> begin(std::optional<std::string_view> initial) override {
    return go_on(exchange_.start(initial));
  }
  Soon<AuthStep> respond(std::string_view base64) override { return go_on(exchange_.line(base64)); }

 private:
  // An answer to a question.
  using Found = std::variant<sasl::Verdict, sasl::StoredVerifier>;

  Soon<AuthStep> go_on(sasl::ServerStep step) {
    if (is_question(step)) return ask(std::move(step));
    return told(step);
  }

  AuthStep told(const sasl::ServerStep& step) {
    if (const auto* challenge = std::get_if<sasl::Challenge>(&step)) {
      return server::Challenge(challenge->base64());
    }
    if (const auto* success = std::get_if<sasl::Success>(&step)) {
      user_ = success->user;
      owner_.throttle_.succeeded(peer_.peer, account_);
      return server::auth_success();
    }
    const auto* failure = std::get_if<sasl::Failure>(&step);
    const sasl::Fault fault = failure == nullptr ? sasl::Fault::misuse : failure->fault;
    if (fault == sasl::Fault::unavailable) owner_.throttle_.taken_back(peer_.peer, account_);
    return server::auth_refusal(fault);
  }

  Task<AuthStep> ask(sasl::ServerStep step) {
    while (is_question(step)) {
      account_ = account_of(step, peer_);
      transport::Loop& loop = *peer_.loop;
      const transport::Duration wait = owner_.throttle_.attempt(peer_.peer, account_, loop.now());
      if (wait > transport::Duration::zero()) {
        const transport::SteadyTime until = transport::later(loop.now(), wait);
        co_await transport::sleep_until(loop, until);
      }
      Found found = sasl::Verdict{sasl::Verdict::Kind::unavailable, {}};
      std::move_only_function<void()> work = [this, &step, &found] { found = look_up(step); };
      // Not run: unavailable it stays.
      [[maybe_unused]] const bool ran = co_await owner_.pool_.run(loop, std::move(work));
      step = answered(step, found);
    }
    AuthStep answer = told(step);
    co_return answer;
  }

  // On a thread of the pool.
  Found look_up(const sasl::ServerStep& question) {
    if (const auto* password = std::get_if<sasl::PasswordQuestion>(&question)) {
      return owner_.store_.check(password->user, password->password.view());
    }
    if (const auto* verifier = std::get_if<sasl::VerifierQuestion>(&question)) {
      return owner_.store_.find(verifier->user);
    }
    if (const auto* certificate = std::get_if<sasl::CertificateQuestion>(&question)) {
      return of_certificate(certificate->authorization);
    }
    return sasl::Verdict();
  }

  // The certificate names the account, and nobody else may be acted for.
  sasl::Verdict of_certificate(std::string_view authorization) {
    const auto named = canonical_user_name(peer_.certificate_user);
    if (!named || !owner_.store_.find(*named).known) return {};
    if (!authorization.empty() && canonical_user_name(authorization) != named) return {};
    return {sasl::Verdict::Kind::accepted, *named};
  }

  sasl::ServerStep answered(const sasl::ServerStep& question, const Found& found) {
    if (const auto* stored = std::get_if<sasl::StoredVerifier>(&found)) return exchange_.answer(*stored);
    if (std::holds_alternative<sasl::VerifierQuestion>(question)) {
      sasl::StoredVerifier none;
      none.unavailable = true;
      return exchange_.answer(none);
    }
    return exchange_.answer(std::get<sasl::Verdict>(found));
  }

  AccountAuthenticator& owner_;
  server::AuthPeer peer_;
  sasl::ServerExchange exchange_;
  std::string account_;
};

sasl::MechanismRegistry AccountAuthenticator::usual_mechanisms() {
  sasl::StandardMechanisms which;
  which.certificates = true;
  return sasl::standard_mechanisms(which);
}

void AccountAuthenticator::offer(const server::AuthPeer& peer, protocol::Capabilities& capabilities) const {
  registry_.offer(peer.connection, capabilities);
}

server::AuthStart AccountAuthenticator::start(std::string_view mechanism, const server::AuthPeer& peer) {
  auto made = registry_.make(mechanism, peer.connection, primitives_);
  if (!made) return std::unexpected(server::auth_refusal(made.error()));
  return std::make_unique<Exchange>(*this, peer, *std::move(made));
}

}  // namespace postrider::agent
