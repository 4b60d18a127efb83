// What the command line asks for, typed: the result of parse_command_line().
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "postrider/agent/accounts/user_options.h"
#include "postrider/agent/command_line/exit_code.h"
#include "postrider/agent/config/host_port.h"
#include "postrider/agent/conform/conform_command.h"
#include "postrider/agent/fuzz/fuzz_options.h"
#include "postrider/agent/fuzz/listen_command.h"
#include "postrider/agent/load/load_options.h"
#include "postrider/agent/mx/mx_command.h"
#include "postrider/agent/probe/probe_command.h"
#include "postrider/agent/queue/queue_options.h"
#include "postrider/agent/replay/replay_command.h"
#include "postrider/agent/send/send_options.h"
#include "postrider/agent/serve/serve_command.h"
#include "postrider/agent/serve/sink_command.h"
#include "postrider/agent/smuggle/smuggle_options.h"

namespace postrider::agent {

struct ConfigCheckOptions {
  std::optional<std::filesystem::path> file;
};

struct ConfigDefaultOptions {};

// Nothing is left to do but to say this and to end: help, the version, or a usage error.
struct Farewell {
  ExitCode code = ExitCode::done;
  std::string text;  // to stdout when `code` is done, else to stderr
};

using Command = std::variant<Farewell, ServeOptions, ConfigCheckOptions, ConfigDefaultOptions, SendOptions,
                             SinkOptions, LoadOptions, ProbeOptions, UserOptions, MxOptions, QueueOptions,
                             ConformOptions, ReplayOptions, FuzzOptions, SmuggleOptions, FuzzListenOptions>;

}  // namespace postrider::agent
