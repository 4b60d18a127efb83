#include "postrider/agent/config/not_built.h"

#include <algorithm>

namespace postrider::agent {
namespace {

std::string indexed(std::string_view table, std::size_t index, std::string_view key) {
  return std::string(table) + "[" + std::to_string(index) + "]." + std::string(key);
}

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

bool is_catch_all_alone(const RouteConfig& entry) {
  return entry.route.domains.size() == 1 && entry.route.domains.front() == "*";
}

// The catch-all is reached by mail that somebody may relay alone. So `deliver = "mx"` behind an ordinary mx
// listener does no harm, and is what most files will have there.
bool is_reached(const RouteConfig& entry, const Config& config) {
  if (!is_catch_all_alone(entry)) return true;
  return std::ranges::any_of(config.listeners,
                             [](const Listener& listener) { return !listener.relay_from.empty(); });
}

// With the default routes, relay_from alone asks for delivery elsewhere.
void check_default_routes(const Config& config, Collector& collector) {
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    if (config.listeners[i].relay_from.empty()) continue;
    collector.add(
        indexed("listen", i, "relay_from"),
        "delivery to another server, which the default route for \"*\" asks for; write a [[route]]");
  }
}

}  // namespace

std::vector<ConfigProblem> not_built_yet(const LoadedConfig& loaded) {
  if (loaded.embedded) return {};
  Collector collector(loaded);
  const Config& config = loaded.config;
  const bool own_routes = loaded.origins.has("route");
  if (!own_routes) check_default_routes(config, collector);
  if (own_routes) {
    for (std::size_t i = 0; i < config.routes.size(); ++i) {
      if (is_relay(config.routes[i].route.destination) && is_reached(config.routes[i], config)) {
        collector.add(indexed("route", i, "deliver"), "delivery to another server");
      }
    }
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
