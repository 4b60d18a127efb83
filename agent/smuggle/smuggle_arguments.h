// The options of `postrider smuggle` on the command line.
#pragma once

#include <expected>
#include <string>

#include "postrider/agent/smuggle/smuggle_options.h"

namespace CLI {
class App;
}

namespace postrider::agent {

class SmuggleArguments {
 public:
  // Which `app` fills in; this outlives it.
  void add_to(CLI::App& app);
  // Once they are filled in. An error is a sentence.
  std::expected<SmuggleOptions, std::string> options() const;

 private:
  SmuggleOptions options_;
  std::string inbound_;
  std::string outbound_;
  long wait_ = 10;
};

}  // namespace postrider::agent
