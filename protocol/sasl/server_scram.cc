#include "postrider/protocol/sasl/server_scram.h"

#include <algorithm>
#include <utility>

#include "postrider/protocol/grammar/base64.h"
#include "postrider/protocol/sasl/client_scram.h"
#include "postrider/protocol/sasl/scram_message.h"

namespace postrider::protocol::sasl {
namespace {

class ScramServer final : public ServerMechanism {
 public:
  ScramServer(const Primitives& primitives, ScramServerKind kind, std::vector<ChannelBinding> bindings,
              std::string nonce)
      : primitives_(primitives), kind_(kind), bindings_(std::move(bindings)), nonce_(std::move(nonce)) {}

  ServerStep respond(std::string_view octets) override {
    switch (std::exchange(state_, State::done)) {
      case State::begun: return on_first(octets);
      case State::first_answered: return on_final(octets);
      case State::proven:
        // The client has seen our signature and has nothing to add, RFC 4954 4.
        if (!octets.empty()) return Failure{Fault::malformed};
        return Success{std::move(user_)};
      case State::done: break;
    }
    return Failure{Fault::out_of_order};
  }

  ServerStep on_verifier(const StoredVerifier& stored) override {
    stored_ = stored;
    if (!stored.user.empty()) user_ = stored.user;
    server_first_ = "r=" + nonce_ + ",s=";
    base64_encode(stored_.verifier.salt, server_first_);
    server_first_ += ",i=" + std::to_string(stored_.verifier.iterations);
    state_ = State::first_answered;
    return Challenge{server_first_};
  }

 private:
  enum class State : std::uint8_t { begun, first_answered, proven, done };

  ServerStep on_first(std::string_view octets) {
    const auto first = parse_client_first(octets);
    if (!first) return Failure{first.error()};
    bound_ = first->gs2_header;
    if (first->flag == BindingFlag::bound) {
      // RFC 5802 6: a client that binds has chosen PLUS.
      if (kind_ != ScramServerKind::plus) return Failure{Fault::malformed};
      const auto channel = std::ranges::find(bindings_, first->binding, &ChannelBinding::type);
      if (channel == bindings_.end()) return Failure{Fault::binding_unknown};
      bound_ += channel->octets;
    } else if (kind_ == ScramServerKind::plus) {
      return Failure{Fault::malformed};
    } else if (first->flag == BindingFlag::unsupported && kind_ == ScramServerKind::plain_beside_plus) {
      return Failure{Fault::downgraded};
    }
    if (!first->authorization.empty() && first->authorization != first->user) {
      return Failure{Fault::not_authorized};
    }
    if (first->nonce.size() + nonce_.size() > kMaxNonce) return Failure{Fault::too_long};
    nonce_.insert(0, first->nonce);
    client_first_bare_ = first->bare;
    user_ = first->user;
    return VerifierQuestion{first->user};
  }

  ServerStep on_final(std::string_view octets) {
    const auto final = parse_client_final(octets);
    if (!final) return Failure{final.error()};
    if (final->nonce != nonce_) return Failure{Fault::bad_nonce};
    if (!equal_in_constant_time(final->binding, bound_)) return Failure{Fault::binding_mismatch};
    const std::string auth_message =
        client_first_bare_ + "," + server_first_ + "," + std::string(final->without_proof);
    const bool good = is_proof(primitives_, stored_.verifier, auth_message, final->proof);
    const Sha256 signature = server_signature(primitives_, stored_.verifier.server_key, auth_message);
    if (!good || !stored_.known) return Failure{Fault::refused};
    state_ = State::proven;
    std::string message = "v=";
    base64_encode(view(signature), message);
    return Challenge{std::move(message)};
  }

  const Primitives& primitives_;
  ScramServerKind kind_;
  std::vector<ChannelBinding> bindings_;
  std::string nonce_;
  std::string bound_;  // what c= must stand for
  std::string client_first_bare_;
  std::string server_first_;
  std::string user_;
  StoredVerifier stored_;
  State state_ = State::begun;
};

}  // namespace

std::unique_ptr<ServerMechanism> make_scram_server(const Primitives& primitives, ScramServerKind kind,
                                                   std::vector<ChannelBinding> bindings, std::string nonce) {
  if (nonce.empty()) nonce = make_nonce(primitives);
  return std::make_unique<ScramServer>(primitives, kind, std::move(bindings), std::move(nonce));
}

}  // namespace postrider::protocol::sasl
