// The command line: subcommands, options, help that teaches.
//
//   Command command = parse_command_line({"send", "--to", "b@example.net", …});
//   int status = run_command_line(argc, argv);       // all of main()
#pragma once

#include <string>
#include <vector>

#include "postrider/agent/command_line/commands.h"

namespace postrider::agent {

// `arguments` are those behind the program's name. Touches nothing outside.
Command parse_command_line(std::vector<std::string> arguments);

// Parses, runs, and returns the exit status.
int run_command_line(int argc, const char* const* argv);

}  // namespace postrider::agent
