// `postrider sink`: accepts mail and throws it away, or puts all of it into one Maildir; counts.
#pragma once

#include <filesystem>
#include <optional>

#include "postrider/agent/command_line/exit_code.h"
#include "postrider/agent/config/config.h"
#include "postrider/agent/config/host_port.h"

namespace postrider::agent {

struct SinkOptions {
  HostPort listen;
  std::optional<std::filesystem::path> maildir;
  unsigned threads = 0;  // 0: one per core
  bool lmtp = false;
  ListenerTls tls = ListenerTls::none;
};

// Until SIGTERM or SIGINT. What was counted goes to stdout at the end.
ExitCode sink(const SinkOptions& options);

}  // namespace postrider::agent
