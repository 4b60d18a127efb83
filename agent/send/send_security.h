// What `send` does about TLS and authentication, from its options and the configuration.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "postrider/agent/command_line/exit_code.h"
#include "postrider/agent/config/config.h"
#include "postrider/agent/send/send_options.h"
#include "postrider/client/config.h"

namespace postrider::agent {

struct SendProblem {
  ExitCode code = ExitCode::usage;
  std::string text;
};

// A context that trusts the certificates in `authorities`, or the system's.
std::expected<std::shared_ptr<const transport::TlsClientContext>, SendProblem> client_tls(
    TlsBackend backend, const std::optional<std::filesystem::path>& authorities);

// Fills in `tls` and `login`. `server` is the host that the certificate has to name; the password is read
// from the environment. `primitives` outlives the configuration.
std::expected<void, SendProblem> secure(const SendOptions& options, TlsBackend backend,
                                        const HostPort& server, const protocol::sasl::Primitives& primitives,
                                        client::ClientConfig& config);

}  // namespace postrider::agent
