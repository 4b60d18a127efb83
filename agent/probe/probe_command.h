// `postrider probe HOST[:PORT]`: connects, and shows what a server offers before and after TLS, and the
// certificate that it has. Sends no mail and needs no account.
#pragma once

#include <filesystem>
#include <optional>

#include "postrider/agent/command_line/exit_code.h"
#include "postrider/agent/config/host_port.h"

namespace postrider::agent {

struct ProbeOptions {
  std::optional<std::filesystem::path> config;
  HostPort server;
  std::optional<std::filesystem::path> authorities;  // PEM; none: the system's
  bool implicit = false;                             // TLS from the first octet
  bool json = false;
};

// 0 when the server answered, whatever its certificate is worth; 69 when it did not.
ExitCode probe(const ProbeOptions& options);

}  // namespace postrider::agent
