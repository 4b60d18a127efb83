// "Any split of the input gives the same": runs an observation on the whole input, octet by octet, cut at
// every offset, and at random offsets, and compares each with the first.
//
//   expect_same_for_all_splits("250-a\r\n250 b\r\n", [](std::string_view input, const Cuts& cuts) {
//     std::string seen;
//     feed(input, cuts, [&](std::string_view unconsumed) { ...; return consumed; });
//     return seen;                                // anything that can be compared and printed
//   });
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/fuzz/support/choices.h"
#include "postrider/fuzz/support/require.h"
#include "postrider/fuzz/support/splits.h"

namespace postrider::protocol::testing {

using fuzz::Cuts;
using fuzz::feed;

// Whole, octet by octet, each single cut, and `random` seeded ones.
inline std::vector<Cuts> every_split(std::size_t size, std::size_t random = 16) {
  std::vector<Cuts> all{{}, fuzz::octet_by_octet(size)};
  for (std::size_t at = 1; at < size; ++at) all.push_back({at});
  fuzz::SeededChoices choices(size);
  for (std::size_t i = 0; i < random; ++i) all.push_back(fuzz::random_cuts(size, choices));
  return all;
}

template <class Observe>
void expect_same_for_all_splits(std::string_view input, Observe observe) {
  const auto whole = observe(input, Cuts{});
  for (const Cuts& cuts : every_split(input.size())) {
    std::string where;
    for (const std::size_t cut : cuts) where += ' ' + std::to_string(cut);
    ASSERT_EQ(observe(input, cuts), whole) << '"' << fuzz::visible(input) << "\" cut at" << where;
  }
}

}  // namespace postrider::protocol::testing
