// Hands octets over in parts, as a receive buffer would. Every incremental part of the core must not care
// where its input is cut: this is how the tests and the fuzz targets cut it.
//
//   for (const Cuts& cuts : all_cuts(input.size(), choices)) {
//     feed(input, cuts, [&](std::string_view unconsumed) { return parser.consume(unconsumed); });
//   }
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/fuzz/support/choices.h"
#include "postrider/fuzz/support/fuzz_input.h"

namespace postrider::fuzz {

// Offsets at which the input is cut, ascending.
using Cuts = std::vector<std::size_t>;

inline Cuts octet_by_octet(std::size_t size) {
  Cuts cuts;
  for (std::size_t at = 1; at < size; ++at) cuts.push_back(at);
  return cuts;
}

// At most `most` of them.
inline Cuts random_cuts(std::size_t size, Choices& choices, std::size_t most = 16) {
  Cuts cuts;
  if (size < 2) return cuts;
  const std::size_t n = choices.below(static_cast<std::uint32_t>(most) + 1);
  for (std::size_t i = 0; i < n; ++i) {
    cuts.push_back(1 + choices.below(static_cast<std::uint32_t>(std::min<std::size_t>(size - 1, 65536))));
  }
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  return cuts;
}

// Calls take(unconsumed), which says how many octets it consumed, once for each part of `input`. The parts
// that were not consumed are handed in again with the next one behind them, in memory of exactly that size
// which is gone afterwards: AddressSanitizer sees a look beyond the end, and a view that was kept for too
// long. Returns what was not consumed.
template <class Take>
std::string feed(std::string_view input, const Cuts& cuts, Take&& take) {
  std::string unconsumed;
  std::size_t from = 0;
  for (std::size_t i = 0; i <= cuts.size(); ++i) {
    const std::size_t to = i == cuts.size() ? input.size() : cuts[i];
    unconsumed.append(input.substr(from, to - from));
    from = to;
    const ExactCopy copy(unconsumed);
    const std::size_t consumed = take(copy.view());
    unconsumed.erase(0, consumed);
  }
  return unconsumed;
}

}  // namespace postrider::fuzz
