#include "postrider/fuzz/simulation/seeds.h"

#include <cstdlib>
#include <utility>

namespace postrider::fuzz {

std::string SeedFailure::text(std::string_view command) const {
  std::string out = "replay: POSTRIDER_SEED=" + std::to_string(seed) + " " + std::string(command) + "\n";
  for (const std::string& each : run.findings) out += each + "\n";
  for (const std::string& each : run.history) out += "  " + each + "\n";
  return out;
}

std::optional<SeedFailure> try_seeds(SeedRange range, const std::function<SeedRun(std::uint64_t seed)>& run) {
  if (const char* const one = std::getenv("POSTRIDER_SEED")) {
    range = {std::strtoull(one, nullptr, 10), 1};
  }
  for (std::uint64_t seed = range.first; seed - range.first < range.count; ++seed) {
    SeedRun tried = run(seed);
    if (!tried.findings.empty()) return SeedFailure{seed, std::move(tried)};
  }
  return std::nullopt;
}

}  // namespace postrider::fuzz
