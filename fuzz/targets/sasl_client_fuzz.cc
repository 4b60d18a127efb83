// No server of SCRAM is believed that shows nothing; no password leaves; nothing is said after a fault.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "postrider/fuzz/support/choices.h"
#include "postrider/fuzz/support/fuzz_input.h"
#include "postrider/fuzz/support/reference_hashes.h"
#include "postrider/fuzz/support/require.h"
#include "postrider/fuzz/support/scram_script.h"
#include "postrider/protocol/grammar/base64.h"
#include "postrider/protocol/sasl/client.h"

namespace {

using namespace postrider::protocol;
using namespace postrider::protocol::sasl;
using namespace postrider::fuzz;

constexpr std::string_view kPassword = "correct horse battery staple";

bool sends_a_secret(Mechanism which) {
  return which == Mechanism::plain || which == Mechanism::login || which == Mechanism::xoauth2 ||
         which == Mechanism::oauthbearer;
}
bool sends_the_password(Mechanism which) { return which == Mechanism::plain || which == Mechanism::login; }

// The base64 of a line of ours, decoded.
std::string octets_of(std::string_view line) {
  if (line == "=") return "";
  require(is_base64(line), "what is sent is base64");
  return std::string(Secret::from_base64(line).octets.view());
}

// No secret goes in clear, and nobody is chosen who has nothing to say.
void check_choice(Mechanism which, const Credentials& credentials, ClientConditions conditions) {
  MechanismSet offered;
  offered.add(which);
  const bool binds = which == Mechanism::scram_sha_256_plus;
  require(choose_mechanism(offered, credentials, conditions).has_value(), "what is asked for is chosen");
  require(!choose_mechanism(offered, {}, conditions), "without credentials there is nothing to say");
  require(!choose_mechanism({}, credentials, conditions), "nor to nobody");
  conditions.bindings.clear();
  require(choose_mechanism(offered, credentials, conditions).has_value() == !binds,
          "nothing is bound to nothing");
  conditions.encrypted = false;
  const bool told = choose_mechanism(offered, credentials, conditions).has_value();
  require(told == (!binds && !sends_a_secret(which)), "no secret goes in clear");
}

void run(std::string_view settings, std::string_view wire, bool encoded) {
  // The real PBKDF2 would take all the time; what a server can make of a wrong guess does not depend on it.
  const ReferencePrimitives primitives(1, 1);
  OctetChoices choices(settings);
  Credentials credentials;
  credentials.user = "fred";
  credentials.password = Secret(kPassword);
  credentials.token = Secret("t0ken");
  credentials.port = 587;
  credentials.external = true;
  ClientConditions conditions;
  conditions.encrypted = true;
  conditions.bindings = {{std::string(kTlsExporter), "channel"}};
  const auto which = static_cast<Mechanism>((choices.below(kMechanismCount) + 5) % kMechanismCount);
  conditions.only = which;
  MechanismSet offered;
  offered.add(which);
  check_choice(which, credentials, conditions);
  if (choices.below(4) == 3 && which != Mechanism::scram_sha_256_plus) conditions.bindings.clear();
  auto begun = ClientExchange::begin(offered, credentials, conditions, primitives);
  require(begun.has_value(), "what is asked for is chosen");
  ClientExchange& exchange = **begun;

  ScramScript script(ScramScript::Side::server, primitives, kPassword, "salt", kLeastIterations);
  std::string said;
  if (const std::optional<Secret> initial = exchange.initial()) {
    said = octets_of(initial->view());
    script.heard(said);
  }
  const bool scram = which == Mechanism::scram_sha_256 || which == Mechanism::scram_sha_256_plus;
  bool failed = false;
  for (std::size_t turn = 0; turn < 24; ++turn) {
    const std::size_t end = std::min(wire.find('\n'), wire.size());
    const std::string line = script.filled(wire.substr(0, end));
    wire.remove_prefix(std::min(end + 1, wire.size()));
    const ExactCopy copy(encoded ? Secret(line).base64().view() : std::string_view(line));
    const auto answer = exchange.respond(copy.view());
    require(!failed || !answer, "nothing is said after a fault");
    if (!answer) {
      failed = true;
      require(!exchange.finish(), "nor is anything believed");
      continue;
    }
    const std::string answered = octets_of(answer->view());
    script.heard(answered);
    said += answered;
    require(!scram || script.proven() || !exchange.finish(), "a server that shows nothing is not believed");
  }
  require(sends_the_password(which) || said.find(kPassword) == std::string::npos, "the password stays here");
  require(failed, "24 challenges are too many for any mechanism");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  if (size > 16384) return 0;
  FuzzInput in(octets, size);
  const std::string_view settings = in.line();
  run(settings, in.rest(), false);
  run(settings, in.rest(), true);
  return 0;
}
