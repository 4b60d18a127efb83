// How the program ends; the numbers are those of sysexits(3), and a promise to users.
#pragma once

namespace postrider::agent {

enum class ExitCode : int {
  done = 0,
  usage = 64,         // the command line makes no sense
  bad_input = 65,     // a message that cannot be read or sent
  unavailable = 69,   // the service cannot be reached, or all delivery was deferred
  internal = 70,      // a fault of ours
  temporary = 75,     // try again later
  permission = 77,    // not allowed, or not authenticated
  configuration = 78  // the configuration is wrong
};

}  // namespace postrider::agent
