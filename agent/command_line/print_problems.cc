#include "postrider/agent/command_line/print_problems.h"

#include <iostream>

namespace postrider::agent {

ExitCode print_problems(const std::vector<ConfigProblem>& problems) {
  for (const ConfigProblem& problem : problems) std::cerr << problem.to_text() << '\n';
  return ExitCode::configuration;
}

}  // namespace postrider::agent
