// The server's half of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS, RFC 5802 and RFC 7677.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "postrider/protocol/sasl/channel_binding.h"
#include "postrider/protocol/sasl/primitives.h"
#include "postrider/protocol/sasl/server.h"

namespace postrider::protocol::sasl {

enum class ScramServerKind : std::uint8_t {
  plus,               // SCRAM-SHA-256-PLUS: the client must bind to one of `bindings`
  plain,              // SCRAM-SHA-256 where nothing can be bound
  plain_beside_plus,  // SCRAM-SHA-256 where PLUS is offered: a client that does not know that was lied to
};

// `nonce` is for tests; empty: a random one.
std::unique_ptr<ServerMechanism> make_scram_server(const Primitives& primitives, ScramServerKind kind,
                                                   std::vector<ChannelBinding> bindings,
                                                   std::string nonce = {});

}  // namespace postrider::protocol::sasl
