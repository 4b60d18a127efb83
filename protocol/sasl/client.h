// The client's side of SASL: picks a mechanism, says the lines of an AUTH exchange, and checks the server.
//
//   auto exchange = ClientExchange::begin(capabilities.mechanisms(), credentials, conditions, primitives);
//   if (!exchange) …                                   // Fault: nothing in common, or not without TLS
//   AUTH to_string((*exchange)->mechanism()) [(*exchange)->initial()]
//   334 text  →  (*exchange)->respond(text)            // the next line; on a fault send "*"
//   235       →  (*exchange)->finish()                 // on a fault close: this is not our server
//
// One mechanism is picked, the strongest that both have, and there is no second one: a failed exchange is the
// end, or whoever sits in between could make each but the weakest fail. Secrets are never sent without
// encryption unless `allow_clear` says so.
//
// The exchange refers to `primitives` alone; it copies what it needs of the credentials, and wipes it.
// Computing SCRAM costs the iterations that the server asks for, some 5 to 100 ms.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/protocol/grammar/capabilities.h"
#include "postrider/protocol/sasl/bounds.h"
#include "postrider/protocol/sasl/channel_binding.h"
#include "postrider/protocol/sasl/fault.h"
#include "postrider/protocol/sasl/primitives.h"
#include "postrider/protocol/sasl/secret.h"

namespace postrider::protocol::sasl {

struct Credentials {
  std::string user;           // may be empty for EXTERNAL, and for OAUTHBEARER
  std::string authorization;  // to act as somebody else; empty: as the user
  Secret password;            // empty: there is none
  Secret token;               // OAuth 2.0 bearer token; empty: there is none
  std::string host;           // OAUTHBEARER may name the server, RFC 7628 3.1
  std::uint16_t port = 0;
  bool external = false;  // the certificate that TLS has shown is what we authenticate with
};

struct ClientConditions {
  bool encrypted = false;
  bool allow_clear = false;              // PLAIN, LOGIN and tokens may be sent without encryption
  std::optional<Mechanism> only;         // this one or none
  std::vector<ChannelBinding> bindings;  // the preferred one first; empty: we cannot bind
  std::uint32_t least_iterations = kLeastIterations;  // SCRAM, RFC 7677 4
};

// EXTERNAL when it is asked for; else SCRAM-SHA-256-PLUS, SCRAM-SHA-256, OAUTHBEARER and XOAUTH2 when there
// is a token, CRAM-MD5, PLAIN, LOGIN. Errors: no_credentials, forbidden_octets, too_long,
// no_common_mechanism, encryption_required (what is left in common may not go in clear).
std::expected<Mechanism, Fault> choose_mechanism(MechanismSet offered, const Credentials& credentials,
                                                 const ClientConditions& conditions);

// One mechanism's half of an exchange, in octets: what is in base64 was decoded.
class ClientMechanism {
 public:
  virtual ~ClientMechanism() = default;
  // What the client says first; nullopt when the server speaks first.
  virtual std::optional<Secret> initial() = 0;
  virtual std::expected<Secret, Fault> respond(std::string_view challenge) = 0;
  // After the server's consent: has it shown what the mechanism asks of it?
  virtual bool proven() const noexcept { return true; }
  // What the server said of a failure, as XOAUTH2 and OAUTHBEARER do in JSON; from the network, so not to be
  // shown without care.
  virtual std::string_view complaint() const noexcept { return {}; }
};

// `offered` tells SCRAM whether the server can bind.
std::unique_ptr<ClientMechanism> make_client_mechanism(Mechanism which, MechanismSet offered,
                                                       const Credentials& credentials,
                                                       const ClientConditions& conditions,
                                                       const Primitives& primitives);

// The exchange as SMTP carries it, RFC 4954 4.
class ClientExchange {
 public:
  // Errors: those of choose_mechanism().
  static std::expected<std::unique_ptr<ClientExchange>, Fault> begin(MechanismSet offered,
                                                                     const Credentials& credentials,
                                                                     const ClientConditions& conditions,
                                                                     const Primitives& primitives);

  ClientExchange(Mechanism which, std::unique_ptr<ClientMechanism> mechanism);

  [[nodiscard]] Mechanism mechanism() const noexcept { return which_; }

  // Once, for the AUTH command: base64, "=" for no octets. nullopt when there is none, or when the command
  // would be longer than a line of 512 octets, RFC 4954 4; it is then said when the server asks.
  std::optional<Secret> initial();
  // The text of a 334. Gives the next line in base64. After a fault: cancel_auth().
  std::expected<Secret, Fault> respond(std::string_view challenge);
  // After a 235. Errors: server_not_proven.
  std::expected<void, Fault> finish();
  [[nodiscard]] std::string_view complaint() const noexcept { return mechanism_->complaint(); }

 private:
  Mechanism which_;
  std::unique_ptr<ClientMechanism> mechanism_;
  std::optional<Secret> held_back_;  // an initial response that waits for an empty challenge
  unsigned rounds_ = 0;
  bool failed_ = false;
};

}  // namespace postrider::protocol::sasl
