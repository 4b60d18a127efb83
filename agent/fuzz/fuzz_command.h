// `postrider fuzz`: hostile clients against a server, and what they found; or the same sessions to several
// servers, and where they disagree.
#pragma once

#include "postrider/agent/command_line/exit_code.h"
#include "postrider/agent/fuzz/fuzz_options.h"

namespace postrider::agent {

// Results go to stdout, progress to stderr. Done: nothing was found; bad_input: something was; unavailable: a
// server did not answer at the start; usage: it is not on loopback, and nobody says whose it is.
ExitCode fuzz(const FuzzOptions& options);

}  // namespace postrider::agent
