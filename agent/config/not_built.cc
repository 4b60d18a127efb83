#include "postrider/agent/config/not_built.h"

namespace postrider::agent {
namespace {

class Collector {
 public:
  explicit Collector(const LoadedConfig& loaded) : loaded_(loaded) {}

  void add(std::string key, std::string_view what) {
    const std::uint32_t line = loaded_.origins.line(key);
    problems_.push_back(
        ConfigProblem{loaded_.file, line, std::move(key), "not built yet: " + std::string(what)});
  }

  std::vector<ConfigProblem> sorted() && {
    sort_by_line(problems_);
    return std::move(problems_);
  }

 private:
  const LoadedConfig& loaded_;
  std::vector<ConfigProblem> problems_;
};

}  // namespace

std::vector<ConfigProblem> not_built_yet(const LoadedConfig& loaded) {
  if (loaded.embedded) return {};
  Collector collector(loaded);
  const Config& config = loaded.config;
  if (config.queue.store == QueueStore::postgresql) {
    collector.add("queue.store", "a queue in PostgreSQL; write store = \"rocksdb\"");
  }
  // The default, written out by `config default`, asks for no more than the embedded one does.
  const bool usual = config.console.address == embedded_config().config.console.address;
  if (loaded.origins.has("console.address") && config.console.address && !usual) {
    collector.add("console.address", "the console; write address = \"\" to leave it off");
  }
  return std::move(collector).sorted();
}

std::vector<std::string> left_out_of_defaults(const LoadedConfig& loaded) {
  std::vector<std::string> out;
  if (loaded.config.console.address) {
    out.push_back("not built yet: the console on " + to_text(*loaded.config.console.address) +
                  " is not opened");
  }
  return out;
}

Config without_what_is_not_built(const LoadedConfig& loaded) {
  Config config = loaded.config;
  config.console.address.reset();
  return config;
}

}  // namespace postrider::agent
