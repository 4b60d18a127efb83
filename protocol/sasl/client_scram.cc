#include "postrider/protocol/sasl/client_scram.h"

#include <array>
#include <utility>

#include "postrider/protocol/grammar/base64.h"
#include "postrider/protocol/sasl/scram.h"

namespace postrider::protocol::sasl {

std::string make_nonce(const Primitives& primitives) {
  std::array<char, kNonceOctets> octets;
  primitives.random(octets);
  std::string nonce;
  base64_encode(view(octets), nonce);
  return nonce;
}

ScramClient::ScramClient(const Primitives& primitives, const Credentials& credentials, Binding binding,
                         std::uint32_t least_iterations, std::string nonce)
    : primitives_(primitives),
      password_(credentials.password.copy()),
      least_iterations_(least_iterations),
      nonce_(std::move(nonce)) {
  switch (binding.flag) {
    case BindingFlag::no: gs2_header_ = "n,"; break;
    case BindingFlag::unsupported: gs2_header_ = "y,"; break;
    case BindingFlag::bound: gs2_header_ = "p=" + binding.channel.type + ","; break;
  }
  if (!credentials.authorization.empty()) gs2_header_ += "a=" + escape_name(credentials.authorization);
  gs2_header_ += ",";
  bound_ = gs2_header_;
  if (binding.flag == BindingFlag::bound) bound_ += binding.channel.octets;
  bare_ = "n=" + escape_name(credentials.user) + ",r=" + nonce_;
}

std::optional<Secret> ScramClient::initial() {
  state_ = State::first_sent;
  return Secret::join({gs2_header_, bare_});
}

std::expected<Secret, Fault> ScramClient::respond(std::string_view challenge) {
  const State state = std::exchange(state_, State::failed);
  if (state == State::first_sent) return answer_first(challenge);
  if (state == State::final_sent) return answer_final(challenge);
  return std::unexpected(Fault::out_of_order);
}

std::expected<Secret, Fault> ScramClient::answer_first(std::string_view challenge) {
  const auto first = parse_server_first(challenge);
  if (!first) return std::unexpected(first.error());
  // RFC 5802 5.1: ours, and something behind it that is the server's.
  if (!first->nonce.starts_with(nonce_) || first->nonce.size() == nonce_.size()) {
    return std::unexpected(Fault::bad_nonce);
  }
  if (first->iterations < least_iterations_ || first->iterations > kMostIterations) {
    return std::unexpected(Fault::bad_iterations);
  }
  std::string final = "c=";
  base64_encode(bound_, final);
  final.append(",r=").append(first->nonce);
  // AuthMessage, RFC 5802 3
  const std::string auth_message = bare_ + "," + std::string(challenge) + "," + final;
  const ScramKeys keys(primitives_, password_.view(), first->salt, first->iterations);
  password_ = Secret();
  signature_ = server_signature(primitives_, keys.server_key, auth_message);
  final += ",p=";
  base64_encode(view(client_proof(primitives_, keys, auth_message)), final);
  state_ = State::final_sent;
  return Secret(final);
}

std::expected<Secret, Fault> ScramClient::answer_final(std::string_view challenge) {
  const auto final = parse_server_final(challenge);
  if (!final) return std::unexpected(final.error());
  if (!final->error.empty()) {
    complaint_ = final->error;
    return std::unexpected(Fault::server_refused);
  }
  if (!equal_in_constant_time(view(final->signature), view(signature_))) {
    return std::unexpected(Fault::server_not_proven);
  }
  state_ = State::proven;
  return Secret();
}

}  // namespace postrider::protocol::sasl
