// `postrider conform HOST[:PORT]`: asks a server what RFCs ask of one, and says what it does otherwise.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "postrider/agent/command_line/exit_code.h"
#include "postrider/agent/config/host_port.h"

namespace postrider::agent {

struct ConformOptions {
  HostPort server;
  std::string sender = "conformance@example.org";
  std::string recipient;  // empty: what needs one is not tried
  std::string refused;
  std::string user;
  std::string password_variable;
  bool login_always = false;
  bool tls_only = false;
  std::vector<std::string> checks;  // ids, or beginnings of ids; empty: all
  unsigned connections = 8;
  unsigned patience = 10;  // seconds for one reply
  bool list = false;
  bool json = false;
  bool verbose = false;  // a transcript of every check, not of the failed ones alone
  std::optional<std::filesystem::path> html;
  std::optional<std::filesystem::path> junit;
  bool owner = false;  // the user says that the server is theirs
};

// 0: every MUST that could be tried holds; 65: one does not, or could not be tried to its end; 69: nobody
// answers.
ExitCode conform(const ConformOptions& options);

}  // namespace postrider::agent
