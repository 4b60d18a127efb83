#include "postrider/protocol/sasl/server.h"

#include <utility>

#include "postrider/protocol/grammar/base64.h"
#include "postrider/protocol/sasl/bounds.h"

namespace postrider::protocol::sasl {

std::string Challenge::base64() const {
  std::string text;
  base64_encode(octets, text);
  return text;
}

ServerStep ServerExchange::start(std::optional<std::string_view> initial) {
  if (waiting_ != Waiting::start) return note(Failure{Fault::misuse});
  if (!initial) return note(mechanism_->start());
  // RFC 4954 4: "=" is an initial response without octets.
  return respond(*initial == "=" ? std::string_view() : *initial);
}

ServerStep ServerExchange::line(std::string_view base64) {
  if (waiting_ != Waiting::line) return note(Failure{Fault::misuse});
  return respond(base64);
}

ServerStep ServerExchange::respond(std::string_view base64) {
  if (++rounds_ > kMaxRounds) return note(Failure{Fault::out_of_order});
  if (base64.size() > (kMaxToken + 2) / 3 * 4) return note(Failure{Fault::too_long});
  const Secret::Decoded decoded = Secret::from_base64(base64);
  if (!decoded.good) return note(Failure{Fault::bad_base64});
  return note(mechanism_->respond(decoded.octets.view()));
}

ServerStep ServerExchange::answer(const Verdict& verdict) {
  if (waiting_ != Waiting::verdict) return note(Failure{Fault::misuse});
  if (verdict.kind == Verdict::Kind::unavailable) return note(Failure{Fault::unavailable});
  return note(mechanism_->on_verdict(verdict));
}

ServerStep ServerExchange::answer(const StoredVerifier& stored) {
  if (waiting_ != Waiting::verifier) return note(Failure{Fault::misuse});
  if (stored.unavailable) return note(Failure{Fault::unavailable});
  return note(mechanism_->on_verifier(stored));
}

ServerStep ServerExchange::note(ServerStep step) {
  if (std::holds_alternative<Challenge>(step)) {
    waiting_ = Waiting::line;
  } else if (std::holds_alternative<VerifierQuestion>(step)) {
    waiting_ = Waiting::verifier;
  } else if (std::holds_alternative<Success>(step) || std::holds_alternative<Failure>(step)) {
    waiting_ = Waiting::nothing;
  } else {
    waiting_ = Waiting::verdict;
  }
  return step;
}

}  // namespace postrider::protocol::sasl
