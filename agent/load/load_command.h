// `postrider load`: sends many messages to a server, as fast as it takes them, and says how fast that was.
#pragma once

#include "postrider/agent/command_line/exit_code.h"
#include "postrider/agent/load/load_options.h"

namespace postrider::agent {

// Results go to stdout, progress to stderr when that is a terminal. Done: every message was accepted;
// temporary: some were; unavailable: none.
ExitCode load(const LoadOptions& options);

}  // namespace postrider::agent
