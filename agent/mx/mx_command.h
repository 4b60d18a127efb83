// `postrider mx DOMAIN`: shows where mail for a domain goes, and how the connections there would be secured.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "postrider/agent/command_line/exit_code.h"

namespace postrider::agent {

struct MxOptions {
  std::optional<std::filesystem::path> config;
  std::string domain;  // a domain name in any script, or an address literal in brackets
  bool json = false;
};

// 0: mail can go somewhere; 64: no domain; 69: the domain takes no mail; 75: nobody knows now.
ExitCode show_mx(const MxOptions& options);

}  // namespace postrider::agent
