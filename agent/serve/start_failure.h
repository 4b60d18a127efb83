// Why an agent does not start, keeps its old configuration, or cannot have what is its own.
#pragma once

#include <string>

#include "postrider/agent/command_line/exit_code.h"

namespace postrider::agent {

struct StartFailure {
  // What is wrong and what to do: "cannot listen on 127.0.0.1:2525: Address already in use; is another …".
  std::string text;
  // A listener: 77 for a port that we may not use, 78 for an address that is not ours, else 69. TLS,
  // aliases: 78.
  ExitCode exit_code = ExitCode::unavailable;
};

}  // namespace postrider::agent
