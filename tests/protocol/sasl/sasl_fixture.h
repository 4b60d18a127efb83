// What the tests of the mechanisms share: primitives that repeat, and a client and a server that are made to
// talk.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "postrider/fuzz/support/reference_hashes.h"
#include "postrider/protocol/sasl/client.h"
#include "postrider/protocol/sasl/mechanism_registry.h"
#include "postrider/protocol/sasl/server.h"

namespace postrider::protocol::sasl {

inline std::string to_base64(std::string_view octets) { return std::string(Secret(octets).base64().view()); }
inline std::string from_base64(std::string_view text) {
  return std::string(Secret::from_base64(text).octets.view());
}

inline std::optional<Fault> fault_of(const ServerStep& step) {
  const auto* const failure = std::get_if<Failure>(&step);
  return failure == nullptr ? std::nullopt : std::optional(failure->fault);
}

inline Credentials password_of(std::string user, std::string_view password) {
  Credentials credentials;
  credentials.user = std::move(user);
  credentials.password = Secret(password);
  return credentials;
}

// What became of an exchange.
struct Outcome {
  std::optional<std::string> user;  // whom the server let in
  std::optional<Fault> server;      // why it did not
  std::optional<Fault> client;      // why the client left, or did not believe the server
  unsigned lines = 0;
};

// Looks at each line before the other side does; may change it.
using Tamper = std::function<void(bool from_client, unsigned line, std::string& octets)>;
// Answers the server's questions.
using Accounts = std::function<ServerStep(ServerExchange&, const ServerStep&)>;

inline Outcome converse(ClientExchange& client, ServerExchange& server, const Accounts& accounts,
                        const Tamper& tamper = {}) {
  Outcome outcome;
  const auto pass = [&](bool from_client, std::string_view base64) {
    std::string octets = from_base64(base64 == "=" ? "" : base64);
    if (tamper) tamper(from_client, outcome.lines, octets);
    ++outcome.lines;
    return to_base64(octets);
  };
  std::optional<Secret> initial = client.initial();
  std::string first = initial ? pass(true, initial->view()) : "";
  if (initial && first.empty()) first = "=";
  ServerStep step = server.start(initial ? std::optional<std::string_view>(first) : std::nullopt);
  for (;;) {
    if (const auto* const challenge = std::get_if<Challenge>(&step)) {
      const auto line = client.respond(pass(false, challenge->base64()));
      if (!line) {
        outcome.client = line.error();
        return outcome;
      }
      step = server.line(pass(true, line->view()));
    } else if (const auto* const success = std::get_if<Success>(&step)) {
      outcome.user = success->user;
      if (const auto proven = client.finish(); !proven) outcome.client = proven.error();
      return outcome;
    } else if (const auto fault = fault_of(step)) {
      outcome.server = fault;
      return outcome;
    } else {
      step = accounts(server, step);
    }
  }
}

}  // namespace postrider::protocol::sasl
