// `postrider serve`: a mail agent from its configuration until SIGTERM or SIGINT.
#pragma once

#include <filesystem>
#include <optional>

#include "postrider/agent/command_line/exit_code.h"

namespace postrider::agent {

struct ServeOptions {
  std::optional<std::filesystem::path> config;
  std::optional<std::filesystem::path> record;  // of every listener that has no folder of its own
};

// Returns when the agent has drained. Errors go to the log; what is wrong with the configuration, to stderr.
ExitCode serve(const ServeOptions& options);

}  // namespace postrider::agent
