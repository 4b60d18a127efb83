// The mechanisms that a server has, and which of them it offers when.
//
//   MechanismRegistry registry = standard_mechanisms({.passwords = true});
//   registry.add({"X-TICKET", Needs::encryption, [](const MechanismContext&) { … }});   // one of your own
//   registry.offer(conditions, capabilities);                                            // for EHLO
//   auto mechanism = registry.make("SCRAM-SHA-256", conditions, primitives);
//
// Filled at start-up, then read by all threads.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/protocol/grammar/capabilities.h"
#include "postrider/protocol/sasl/channel_binding.h"
#include "postrider/protocol/sasl/fault.h"
#include "postrider/protocol/sasl/primitives.h"
#include "postrider/protocol/sasl/server.h"

namespace postrider::protocol::sasl {

// What is known of the connection.
struct ServerConditions {
  bool encrypted = false;
  bool certificate = false;              // the client showed one, and it was verified
  std::vector<ChannelBinding> bindings;  // all that we have, in any order; empty: we cannot bind
};

// What must be so for a mechanism to be offered.
enum class Needs : std::uint8_t { nothing, encryption, binding, certificate };

// What a mechanism may need when it is made; refers to what outlives the exchange, but `bindings`, which is
// to be copied.
struct MechanismContext {
  const Primitives& primitives;
  const std::vector<ChannelBinding>& bindings;
  bool binding_offered = false;  // SCRAM-SHA-256-PLUS is offered on this connection
};

struct MechanismEntry {
  std::string name;  // sasl-mech, RFC 4422 3.1
  Needs needs = Needs::encryption;
  std::function<std::unique_ptr<ServerMechanism>(const MechanismContext&)> make;
};

class MechanismRegistry {
 public:
  // Replaces one of the same name. False when the name is no sasl-mech in capitals.
  bool add(MechanismEntry entry);
  void remove(std::string_view name);

  [[nodiscard]] bool offers(std::string_view name, const ServerConditions& conditions) const noexcept;
  // In the order of adding.
  void offer(const ServerConditions& conditions, Capabilities& capabilities) const;
  // `name` in any case. Errors: unknown_mechanism, encryption_required.
  std::expected<std::unique_ptr<ServerMechanism>, Fault> make(std::string_view name,
                                                              const ServerConditions& conditions,
                                                              const Primitives& primitives) const;

 private:
  const MechanismEntry* find(std::string_view name) const noexcept;

  std::vector<MechanismEntry> entries_;
};

// Which credentials somebody can check.
struct StandardMechanisms {
  bool passwords = true;      // PLAIN, LOGIN
  bool verifiers = true;      // SCRAM-SHA-256, SCRAM-SHA-256-PLUS
  bool tokens = false;        // OAUTHBEARER, XOAUTH2
  bool certificates = false;  // EXTERNAL
};
// All of them under encryption alone: SCRAM would bear to be seen, but what is read of it lets passwords be
// guessed in peace.
MechanismRegistry standard_mechanisms(const StandardMechanisms& which);

}  // namespace postrider::protocol::sasl
