// What `postrider load` is told.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "postrider/agent/config/host_port.h"
#include "postrider/client/config.h"

namespace postrider::agent {

struct LoadOptions {
  HostPort server;
  std::uint64_t messages = 1000;
  std::uint32_t sessions = 1;        // at once
  std::uint64_t size = 1024;         // octets of each message's body; its headers come on top
  std::uint64_t per_connection = 0;  // messages, then QUIT and a new connection; 0: all
  bool pipelining = true;            // where the server offers it
  bool json = false;
  std::string from = "a@example.org";  // "" or "<>": the null sender
  std::string to = "b@example.net";
  std::uint32_t threads = 1;
  client::TlsUse tls = client::TlsUse::none;         // never opportunistic: what is measured must be known
  std::optional<std::filesystem::path> authorities;  // PEM; none: the system's
  bool insecure = false;                             // any certificate will do
  std::optional<std::filesystem::path> record;       // folder for transcripts of all connections
};

}  // namespace postrider::agent
