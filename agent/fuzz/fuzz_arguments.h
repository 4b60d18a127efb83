// The options of `postrider fuzz` on the command line.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "postrider/agent/fuzz/fuzz_options.h"

namespace CLI {
class App;
}

namespace postrider::agent {

class FuzzArguments {
 public:
  // Which `app` fills in; this outlives it.
  void add_to(CLI::App& app);
  // Once they are filled in. An error is a sentence.
  std::expected<FuzzOptions, std::string> options(const CLI::App& app) const;

 private:
  FuzzOptions options_;
  std::vector<std::string> servers_;
  std::uint64_t only_ = 0;
  long time_ = 0;
  long timeout_ = 10;
  std::string corpus_;
  std::string findings_;
  std::string junit_;
  bool no_tls_ = false;
};

}  // namespace postrider::agent
