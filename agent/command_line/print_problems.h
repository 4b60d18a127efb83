// Problems of a configuration for people: one a line, on stderr.
#pragma once

#include <vector>

#include "postrider/agent/command_line/exit_code.h"
#include "postrider/agent/config/config_report.h"

namespace postrider::agent {

// Always ExitCode::configuration, to be returned.
ExitCode print_problems(const std::vector<ConfigProblem>& problems);

}  // namespace postrider::agent
