// `postrider replay FILE HOST:PORT`, or `postrider replay FILE --session server|client`: plays a transcript
// again and shows what is different now.
#pragma once

#include <cstdint>
#include <filesystem>

#include "postrider/agent/command_line/exit_code.h"
#include "postrider/agent/config/host_port.h"

namespace postrider::agent {

enum class ReplayInto : std::uint8_t { live, server_session, client_session };

struct ReplayOptions {
  std::filesystem::path file;
  ReplayInto into = ReplayInto::live;
  HostPort server;  // of `live`
  bool timing = false;
  bool exact = false;
  bool json = false;
  bool owner = false;
  unsigned patience = 10;  // seconds for one reply
};

// 0: all is the same; 65: something is different, or the file is no transcript; 69: nobody answers.
ExitCode replay(const ReplayOptions& options);

}  // namespace postrider::agent
