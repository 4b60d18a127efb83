// `postrider fuzz --listen`: a server that misbehaves, for tests of clients.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "postrider/agent/command_line/exit_code.h"
#include "postrider/agent/config/host_port.h"

namespace CLI {
class App;
}

namespace postrider::agent {

struct FuzzListenOptions {
  HostPort listen;
  std::vector<std::string>
      behaviours;               // names; "all": each of them in turn; empty: by the local-part of an address
  std::uint64_t seed = 1;       // of "generated"
  std::chrono::seconds time{};  // 0: until SIGTERM or SIGINT
  std::optional<std::filesystem::path> keep;  // where messages go, as they were on the wire
  bool list = false;                          // the catalogue, and nothing else
  bool json = false;
};

// A line on stdout for each connection: at its beginning which behaviour it gets, at its end what became of
// it. Exit status: done; usage: there is no such behaviour; unavailable: the address cannot be had.
ExitCode fuzz_listen(const FuzzListenOptions& options);

// The options on the command line, beside those of `postrider fuzz SERVER`: --listen, --behaviour, --keep
// and --list, and the meaning of --seconds, --seed and --json, which are added where they are not there yet.
class FuzzListenArguments {
 public:
  // Which `app` fills in; this outlives it. Adds examples to the help.
  void add_to(CLI::App& app);
  // Whether a server is wanted, or the catalogue of them.
  static bool chosen(const CLI::App& app);
  // Once they are filled in. An error is a sentence.
  std::expected<FuzzListenOptions, std::string> options(const CLI::App& app) const;

 private:
  std::string listen_;
  std::vector<std::string> behaviours_;
  std::string keep_;
  bool list_ = false;
  bool json_ = false;
};

}  // namespace postrider::agent
