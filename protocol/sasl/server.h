// The server's side of SASL: octets of the client in; a challenge, a question about credentials, or the
// result out.
//
//   ServerExchange exchange(*registry.make(auth.mechanism.view(), conditions, primitives));
//   ServerStep step = exchange.start(initial);
//   for (;;) {
//     if (Challenge)           334 base64(); the client's line: step = exchange.line(base64)
//     if (PasswordQuestion)    look it up, take your time:       step = exchange.answer(verdict)
//     if (VerifierQuestion)                                      step = exchange.answer(stored)
//     if (TokenQuestion, CertificateQuestion)                    step = exchange.answer(verdict)
//     if (Success)             235
//     if (Failure)             535, or what suits the fault
//   }
//
// Nothing here waits, and nothing here knows accounts: a question may be answered a second later, from
// another thread, one at a time. Secrets in questions are wiped when the question goes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "postrider/protocol/sasl/fault.h"
#include "postrider/protocol/sasl/scram.h"
#include "postrider/protocol/sasl/secret.h"

namespace postrider::protocol::sasl {

// Send this, then wait for a line.
struct Challenge {
  std::string octets;

  [[nodiscard]] std::string base64() const;
};
// Is this the user's password? Answered by a Verdict.
struct PasswordQuestion {
  std::string user;  // prepared (prepare.h), 1 to kMaxName octets
  Secret password;   // prepared, 1 to kMaxPassword octets
};
// What is stored of the user's password? Answered by a StoredVerifier, for a user that does not exist by a
// decoy.
struct VerifierQuestion {
  std::string user;
};
// Whose OAuth token is this, if it is good? Answered by a Verdict.
struct TokenQuestion {
  std::string user;  // whom the client says that it is; may be empty
  Secret token;
  std::string host;  // OAUTHBEARER may say where it thinks that it is
  std::string port;
};
// Whom may the client's certificate act as? Answered by a Verdict.
struct CertificateQuestion {
  std::string authorization;  // empty: whom the certificate names
};
struct Success {
  std::string user;
};
struct Failure {
  Fault fault;
};
using ServerStep = std::variant<Challenge, PasswordQuestion, VerifierQuestion, TokenQuestion,
                                CertificateQuestion, Success, Failure>;

struct Verdict {
  enum class Kind : std::uint8_t { refused, accepted, unavailable };
  Kind kind = Kind::refused;
  std::string user;  // accepted: the account's own spelling; empty: as asked
};

struct StoredVerifier {
  ScramVerifier verifier;
  bool known = false;  // false: a decoy, with which nobody gets in
  bool unavailable = false;
  std::string user;  // the account's own spelling; empty: as asked
};

// One mechanism's half of an exchange, in octets. Derive from it for a mechanism of your own, and register it
// (mechanism_registry.h). ServerExchange makes sure that calls come in order: nothing is called while a
// question is open but its answer, nothing after Success or Failure.
class ServerMechanism {
 public:
  virtual ~ServerMechanism() = default;
  // AUTH came without an initial response. Most mechanisms let the client begin: an empty challenge.
  virtual ServerStep start() { return Challenge{}; }
  // The initial response, or the answer to a challenge.
  virtual ServerStep respond(std::string_view octets) = 0;
  virtual ServerStep on_verdict(const Verdict&) { return Failure{Fault::misuse}; }
  virtual ServerStep on_verifier(const StoredVerifier&) { return Failure{Fault::misuse}; }
};

// The exchange as SMTP carries it, RFC 4954 4. Every step but the last may be followed by the client's
// cancelling, which is no business of this class: destroy it.
class ServerExchange {
 public:
  // `mechanism` is not null.
  explicit ServerExchange(std::unique_ptr<ServerMechanism> mechanism) : mechanism_(std::move(mechanism)) {}

  // `initial` as ev::Auth has it: base64, "=" for no octets, nullopt for none.
  ServerStep start(std::optional<std::string_view> initial);
  ServerStep line(std::string_view base64);
  ServerStep answer(const Verdict& verdict);
  ServerStep answer(const StoredVerifier& stored);

 private:
  enum class Waiting : std::uint8_t { start, line, verdict, verifier, nothing };

  ServerStep respond(std::string_view base64);
  ServerStep note(ServerStep step);

  std::unique_ptr<ServerMechanism> mechanism_;
  Waiting waiting_ = Waiting::start;
  unsigned rounds_ = 0;
};

}  // namespace postrider::protocol::sasl
