#include <exception>
#include <iostream>

#include "postrider/agent/accounts/user_command.h"
#include "postrider/agent/alias/alias_file.h"
#include "postrider/agent/command_line/command_line.h"
#include "postrider/agent/command_line/print_problems.h"
#include "postrider/agent/config/config_reader.h"
#include "postrider/agent/config/default_config.h"
#include "postrider/agent/config/not_built.h"
#include "postrider/agent/conform/conform_command.h"
#include "postrider/agent/fuzz/fuzz_command.h"
#include "postrider/agent/load/load_command.h"
#include "postrider/agent/mx/mx_command.h"
#include "postrider/agent/probe/probe_command.h"
#include "postrider/agent/queue/queue_command.h"
#include "postrider/agent/replay/replay_command.h"
#include "postrider/agent/send/send_command.h"
#include "postrider/agent/smuggle/smuggle_command.h"

namespace postrider::agent {
namespace {

ExitCode run(const Farewell& farewell) {
  (farewell.code == ExitCode::done ? std::cout : std::cerr) << farewell.text << std::flush;
  return farewell.code;
}

ExitCode run(const ServeOptions& options) { return serve(options); }
ExitCode run(const SendOptions& options) { return send(options); }
ExitCode run(const SinkOptions& options) { return sink(options); }
ExitCode run(const LoadOptions& options) { return load(options); }
ExitCode run(const MxOptions& options) { return show_mx(options); }
ExitCode run(const ProbeOptions& options) { return probe(options); }
ExitCode run(const UserOptions& options) { return user(options); }
ExitCode run(const QueueOptions& options) { return run_queue(options); }
ExitCode run(const ConformOptions& options) { return conform(options); }
ExitCode run(const ReplayOptions& options) { return replay(options); }
ExitCode run(const FuzzOptions& options) { return agent::fuzz(options); }
ExitCode run(const SmuggleOptions& options) { return smuggle(options); }
ExitCode run(const FuzzListenOptions& options) { return fuzz_listen(options); }

ExitCode run(const ConfigDefaultOptions&) {
  std::cout << default_config_text() << std::flush;
  return ExitCode::done;
}

ExitCode run(const ConfigCheckOptions& options) {
  const ConfigResult loaded = load_config(options.file);
  if (!loaded) return print_problems(loaded.error());
  if (const auto missing = not_built_yet(*loaded); !missing.empty()) return print_problems(missing);
  if (const auto aliases = load_aliases(loaded->config, route_table(loaded->config)); !aliases) {
    return print_problems(aliases.error());
  }
  std::cout << loaded->file << ": good\n" << std::flush;
  return ExitCode::done;
}

}  // namespace

int run_command_line(int argc, const char* const* argv) {
  try {
    const Command command = parse_command_line(std::vector<std::string>(argv + 1, argv + argc));
    const ExitCode code = std::visit([](const auto& options) { return run(options); }, command);
    return static_cast<int>(code);
  } catch (const std::exception& fault) {
    std::cerr << "postrider: internal error: " << fault.what() << '\n';
    return static_cast<int>(ExitCode::internal);
  }
}

}  // namespace postrider::agent
