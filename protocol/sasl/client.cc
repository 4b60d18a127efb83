#include "postrider/protocol/sasl/client.h"

#include <array>
#include <utility>

#include "postrider/protocol/sasl/prepare.h"

namespace postrider::protocol::sasl {
namespace {

// RFC 4954 4: with an initial response the command is a line as any other, 512 octets with CRLF.
constexpr std::size_t kCommandLine = 512;

// The strongest first. EXTERNAL is apart: it is asked for, never fallen back to.
constexpr std::array<Mechanism, 7> kByStrength = {
    Mechanism::scram_sha_256_plus, Mechanism::scram_sha_256, Mechanism::oauthbearer, Mechanism::xoauth2,
    Mechanism::cram_md5,           Mechanism::plain,         Mechanism::login,
};

bool has_credentials(Mechanism which, const Credentials& credentials, const ClientConditions& conditions) {
  const bool password = !credentials.user.empty() && !credentials.password.empty();
  switch (which) {
    case Mechanism::external: return credentials.external;
    case Mechanism::scram_sha_256_plus: return password && !conditions.bindings.empty();
    case Mechanism::oauthbearer: return !credentials.token.empty();
    case Mechanism::xoauth2: return !credentials.user.empty() && !credentials.token.empty();
    // These two cannot name somebody else to act as.
    case Mechanism::cram_md5:
    case Mechanism::login: return password && credentials.authorization.empty();
    case Mechanism::scram_sha_256:
    case Mechanism::plain: break;
  }
  return password;
}

bool sends_the_secret(Mechanism which) noexcept {
  return which == Mechanism::plain || which == Mechanism::login || which == Mechanism::xoauth2 ||
         which == Mechanism::oauthbearer;
}

std::expected<void, Fault> check(const Credentials& credentials) {
  if (credentials.user.size() > kMaxName || credentials.authorization.size() > kMaxName ||
      credentials.host.size() > kMaxName || credentials.password.view().size() > kMaxPassword ||
      credentials.token.view().size() > kMaxToken - 3 * kMaxName) {
    return std::unexpected(Fault::too_long);
  }
  for (const std::string_view text : {std::string_view(credentials.user), credentials.password.view(),
                                      std::string_view(credentials.authorization),
                                      std::string_view(credentials.host), credentials.token.view()}) {
    if (!is_prepared(text)) return std::unexpected(Fault::forbidden_octets);
  }
  return {};
}

}  // namespace

std::expected<Mechanism, Fault> choose_mechanism(MechanismSet offered, const Credentials& credentials,
                                                 const ClientConditions& conditions) {
  if (const auto good = check(credentials); !good) return std::unexpected(good.error());
  std::array<Mechanism, kByStrength.size() + 1> candidates{Mechanism::external};
  std::size_t count = 1;
  // Who asks for EXTERNAL has nothing else, unless a mechanism is named.
  if (!credentials.external || conditions.only) {
    for (const Mechanism each : kByStrength) candidates[count++] = each;
  }
  bool any = false;
  bool in_clear = false;
  for (const Mechanism each : std::span(candidates).first(count)) {
    if (conditions.only && *conditions.only != each) continue;
    if (!has_credentials(each, credentials, conditions)) continue;
    any = true;
    if (!offered.has(each)) continue;
    if (sends_the_secret(each) && !conditions.encrypted && !conditions.allow_clear) {
      in_clear = true;
      continue;
    }
    return each;
  }
  if (in_clear) return std::unexpected(Fault::encryption_required);
  return std::unexpected(any ? Fault::no_common_mechanism : Fault::no_credentials);
}

std::expected<std::unique_ptr<ClientExchange>, Fault> ClientExchange::begin(
    MechanismSet offered, const Credentials& credentials, const ClientConditions& conditions,
    const Primitives& primitives) {
  const auto which = choose_mechanism(offered, credentials, conditions);
  if (!which) return std::unexpected(which.error());
  return std::make_unique<ClientExchange>(
      *which, make_client_mechanism(*which, offered, credentials, conditions, primitives));
}

ClientExchange::ClientExchange(Mechanism which, std::unique_ptr<ClientMechanism> mechanism)
    : which_(which), mechanism_(std::move(mechanism)) {}

std::optional<Secret> ClientExchange::initial() {
  std::optional<Secret> octets = mechanism_->initial();
  if (!octets) return std::nullopt;
  Secret line = octets->empty() ? Secret("=") : octets->base64();
  const std::size_t command = std::string_view("AUTH  \r\n").size() + to_string(which_).size();
  if (command + line.view().size() > kCommandLine) {
    held_back_ = std::move(octets);
    return std::nullopt;
  }
  return line;
}

std::expected<Secret, Fault> ClientExchange::respond(std::string_view challenge) {
  if (failed_) return std::unexpected(Fault::out_of_order);
  failed_ = true;  // until it went well
  if (++rounds_ > kMaxRounds) return std::unexpected(Fault::out_of_order);
  if (challenge.size() > (kMaxToken + 2) / 3 * 4) return std::unexpected(Fault::too_long);
  const Secret::Decoded decoded = Secret::from_base64(challenge);
  if (!decoded.good) return std::unexpected(Fault::bad_base64);
  if (held_back_) {
    if (!decoded.octets.empty()) return std::unexpected(Fault::out_of_order);
    failed_ = false;
    const Secret octets = std::move(*held_back_);
    held_back_.reset();
    return octets.base64();
  }
  const std::expected<Secret, Fault> octets = mechanism_->respond(decoded.octets.view());
  if (!octets) return std::unexpected(octets.error());
  failed_ = false;
  return octets->base64();
}

std::expected<void, Fault> ClientExchange::finish() {
  if (failed_ || held_back_ || !mechanism_->proven()) return std::unexpected(Fault::server_not_proven);
  return {};
}

}  // namespace postrider::protocol::sasl
