// TLS without cryptography: engines that shake hands in words and then pass everything on as it is, so that a
// test can say what goes wrong.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "postrider/transport/tls/provider.h"

namespace postrider::client::testing {

// A server's end: shows a certificate for `name`, or refuses the handshake.
std::unique_ptr<transport::TlsEngine> fake_tls_server(std::string name, bool refuse = false);

// Believes every certificate whose name is the target's; policies that do not verify believe all.
class FakeTlsContext final : public transport::TlsClientContext {
 public:
  transport::TlsResult<std::unique_ptr<transport::TlsEngine>> engine(
      const transport::TlsTarget& target) const override;

  mutable std::vector<transport::TlsTarget> targets;  // of the engines, in order
};

}  // namespace postrider::client::testing
