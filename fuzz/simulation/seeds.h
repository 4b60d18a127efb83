// Tries a range of seeds, and says how to see a failing one again.
//
//   const auto failed = try_seeds({1, 1000}, [](std::uint64_t seed) {
//     ServerTrial trial(seed, options, make_handlers);
//     return SeedRun{trial.run(), trial.history()};
//   });
//   if (failed) std::cerr << failed->text("my_test --gtest_filter=Mine.*");
//
//   replay: POSTRIDER_SEED=17 my_test --gtest_filter=Mine.*
//   message 3 was acknowledged and is lost
//     1204 message 3 is acknowledged
//     …
//
// With POSTRIDER_SEED=n in the environment that seed alone is tried, whatever the range.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/fuzz/simulation/simulator.h"

namespace postrider::fuzz {

struct SeedRange {
  std::uint64_t first = 1;
  std::uint64_t count = 100;
};

struct SeedRun {
  Findings findings;
  std::vector<std::string> history;
};

struct SeedFailure {
  std::uint64_t seed = 0;
  SeedRun run;

  // `command` runs what was run, and so replays it with the seed in the environment.
  std::string text(std::string_view command) const;
};

// The first failure, of which nothing more is tried.
std::optional<SeedFailure> try_seeds(SeedRange range, const std::function<SeedRun(std::uint64_t seed)>& run);

}  // namespace postrider::fuzz
