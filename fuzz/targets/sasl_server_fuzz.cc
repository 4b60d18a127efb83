// Nobody gets in unless a credential was asked about and found good; exchanges end, in order, and repeat.
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "postrider/fuzz/support/choices.h"
#include "postrider/fuzz/support/fuzz_input.h"
#include "postrider/fuzz/support/reference_hashes.h"
#include "postrider/fuzz/support/require.h"
#include "postrider/fuzz/support/scram_script.h"
#include "postrider/protocol/sasl/bounds.h"
#include "postrider/protocol/sasl/mechanism_registry.h"
#include "postrider/protocol/sasl/prepare.h"

namespace {

using namespace postrider::protocol::sasl;
using namespace postrider::fuzz;

constexpr std::array<std::string_view, 7> kMechanisms = {
    "PLAIN", "LOGIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "EXTERNAL", "XOAUTH2", "OAUTHBEARER"};

constexpr std::string_view kPassword = "pencil";
constexpr std::string_view kSalt = "salt";

// Checks a question, answers it as chosen, and remembers whether anything was found good.
class Answers {
 public:
  Answers(const Primitives& primitives, Choices& choices) : primitives_(primitives), choices_(choices) {}

  ServerStep answer(ServerExchange& exchange, const ServerStep& step) {
    if (const auto* q = std::get_if<PasswordQuestion>(&step)) {
      require(!q->user.empty() && q->user.size() <= kMaxName && is_prepared(q->user), "a name is a name");
      require(!q->password.empty() && q->password.view().size() <= kMaxPassword, "a password is bounded");
      require(is_prepared(q->password.view()), "a password has no controls");
    } else if (const auto* v = std::get_if<VerifierQuestion>(&step)) {
      require(!v->user.empty() && v->user.size() <= kMaxName && is_prepared(v->user), "a name is a name");
      StoredVerifier stored;
      stored.known = choices_.below(3) == 0;
      stored.unavailable = choices_.below(8) == 7;
      stored.verifier = stored.known ? make_verifier(primitives_, kPassword, kSalt, kLeastIterations)
                                     : decoy_verifier(primitives_, "key", v->user, kLeastIterations);
      good_ = good_ || (stored.known && !stored.unavailable);
      return exchange.answer(stored);
    } else if (const auto* t = std::get_if<TokenQuestion>(&step)) {
      require(!t->token.empty() && t->token.view().size() <= kMaxToken, "a token is bounded");
      require(t->token.view().find_first_of(std::string_view("\0\x01 \r\n", 5)) == std::string_view::npos,
              "a token is one word");
      require(is_prepared(t->user) && is_prepared(t->host) && t->port.size() <= 5,
              "what is beside it is bounded");
    } else if (const auto* c = std::get_if<CertificateQuestion>(&step)) {
      require(c->authorization.size() <= kMaxName && is_prepared(c->authorization), "a name is a name");
    }
    const std::size_t kind = choices_.below(4);
    static constexpr Verdict::Kind kKinds[] = {Verdict::Kind::accepted, Verdict::Kind::refused,
                                               Verdict::Kind::unavailable};
    Verdict verdict{kind < 3 ? kKinds[kind] : by_password(step), choices_.below(2) == 0 ? "fred" : ""};
    good_ = good_ || verdict.kind == Verdict::Kind::accepted;
    return exchange.answer(verdict);
  }
  bool good() const { return good_; }

 private:
  // As accounts do that keep verifiers.
  Verdict::Kind by_password(const ServerStep& step) const {
    const auto* question = std::get_if<PasswordQuestion>(&step);
    if (question == nullptr) return Verdict::Kind::refused;
    const ScramVerifier kept = make_verifier(primitives_, kPassword, kSalt, kLeastIterations);
    const bool right = matches_password(primitives_, kept, question->password.view());
    require(right == (question->password.view() == kPassword), "the right password alone matches");
    return right ? Verdict::Kind::accepted : Verdict::Kind::refused;
  }

  const Primitives& primitives_;
  Choices& choices_;
  bool good_ = false;
};

std::string name_of(const ServerStep& step) {
  if (const auto* challenge = std::get_if<Challenge>(&step)) return "challenge " + challenge->base64();
  if (const auto* success = std::get_if<Success>(&step)) return "success " + success->user;
  if (const auto* failure = std::get_if<Failure>(&step))
    return "failure " + std::string(to_string(failure->fault));
  return "question " + std::to_string(step.index());
}

// What is offered can be had, and nothing else.
std::unique_ptr<ServerMechanism> made(std::string_view which, const Primitives& primitives) {
  static const MechanismRegistry registry = standard_mechanisms({true, true, true, true});
  std::unique_ptr<ServerMechanism> out;
  for (unsigned had = 0; had < 8; ++had) {
    ServerConditions conditions;
    conditions.encrypted = (had & 1) != 0;
    conditions.certificate = (had & 2) != 0;
    if ((had & 4) != 0) conditions.bindings = {{std::string(kTlsExporter), "channel"}};
    auto mechanism = registry.make(which, conditions, primitives);
    postrider::protocol::Capabilities capabilities;
    registry.offer(conditions, capabilities);
    require(mechanism.has_value() == capabilities.has_mechanism(which),
            "what is offered can be had, and no other");
    require(mechanism.has_value() == registry.offers(which, conditions), "by either question");
    if (mechanism) out = *std::move(mechanism);
  }
  require(out != nullptr, "with everything there is, each can be had");
  return out;
}

// Lines of the wire as base64; with `encoded` they are octets that are put into base64 first, so that a
// fuzzer reaches what is behind it.
std::vector<std::string> run(std::string_view settings, std::string_view wire, bool encoded) {
  const ReferencePrimitives primitives(1, 1);
  OctetChoices choices(settings);
  const std::string_view which = kMechanisms[choices.below(kMechanisms.size())];
  const bool with_initial = choices.below(2) == 0;
  auto mechanism = made(which, primitives);
  ServerExchange exchange(std::move(mechanism));
  Answers answers(primitives, choices);

  ScramScript script(ScramScript::Side::client, primitives, kPassword, kSalt, kLeastIterations);
  const auto next_line = [&] {
    const std::size_t end = std::min(wire.find('\n'), wire.size());
    const std::string line(wire.substr(0, end));
    wire.remove_prefix(std::min(end + 1, wire.size()));
    return encoded ? std::string(Secret(script.filled(line)).base64().view()) : line;
  };
  std::vector<std::string> told;
  std::string first = with_initial ? next_line() : "";
  ServerStep step = exchange.start(with_initial ? std::optional<std::string_view>(first) : std::nullopt);
  for (std::size_t turn = 0;; ++turn) {
    require(turn <= 4 * kMaxRounds, "an exchange ends");
    told.push_back(name_of(step));
    if (const auto* challenge = std::get_if<Challenge>(&step)) {
      script.heard(challenge->octets);
      const ExactCopy line(next_line());
      step = exchange.line(line.view());
    } else if (std::holds_alternative<Success>(step) || std::holds_alternative<Failure>(step)) {
      break;
    } else {
      step = answers.answer(exchange, step);
    }
  }
  if (const auto* success = std::get_if<Success>(&step)) {
    require(answers.good(), "nobody gets in unless something was found good");
    require(!success->user.empty() && is_prepared(success->user), "whoever gets in has a name");
  } else {
    require(std::get<Failure>(step).fault != Fault::misuse || which == "EXTERNAL" || which == "OAUTHBEARER",
            "only a certificate or a token can be good and name nobody");
  }
  const ServerStep after = exchange.line("");
  require(std::holds_alternative<Failure>(after), "after the end there is nothing");
  return told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  if (size > 16384) return 0;
  FuzzInput in(octets, size);
  const std::string_view settings = in.line();
  for (const bool encoded : {false, true}) {
    require(run(settings, in.rest(), encoded) == run(settings, in.rest(), encoded),
            "the same lines, the same steps");
  }
  return 0;
}
