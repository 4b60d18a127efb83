// What `postrider send` is told.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "postrider/agent/config/host_port.h"
#include "postrider/client/config.h"

namespace postrider::agent {

struct SendOptions {
  std::optional<std::filesystem::path> config;
  std::optional<std::string> server;  // HOST[:PORT]; none: a listener of the configuration
  std::string from;                   // empty or "<>": the null sender
  std::vector<std::string> to;        // at least one
  std::optional<std::string> file;    // none or "-": stdin, unless there is a subject or a body
  std::vector<std::string> headers;   // "K: V"
  std::optional<std::string> subject;
  std::optional<std::string> body;
  client::TlsUse tls = client::TlsUse::opportunistic;
  std::optional<std::string> user;
  std::string password_variable;                     // of the environment; with `user` alone
  std::optional<std::string> mechanism;              // SASL; none: the strongest that both sides have
  std::optional<std::filesystem::path> authorities;  // PEM; none: the system's
  std::optional<std::filesystem::path> record;       // a transcript, or a folder for one of each connection
  bool insecure = false;                             // any certificate will do
  bool mx = false;                                   // to the recipients' mail exchangers; no server then
  bool lmtp = false;
  bool transcript = false;
};

}  // namespace postrider::agent
