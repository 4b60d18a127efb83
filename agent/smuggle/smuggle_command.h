// `postrider smuggle`: sends every end-of-data variant through a relay and shows what it made of each.
#pragma once

#include "postrider/agent/command_line/exit_code.h"
#include "postrider/agent/smuggle/smuggle_options.h"

namespace postrider::agent {

// The report goes to stdout. Exit status: done, no disagreement was found; bad_input, one was; unavailable,
// the relay could not be reached, took no message, or handed none on.
ExitCode smuggle(const SmuggleOptions& options);

}  // namespace postrider::agent
