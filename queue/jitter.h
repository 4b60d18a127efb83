// Waits that differ a little from each other, so that what failed at one moment does not come back at one.
//
//   jittered(minutes(5), seed, id)   // 4 min 30 s to 5 min 30 s, the same for the same arguments
//
// No secret: whoever knows the seed knows the wait.
#pragma once

#include <cstdint>

#include "postrider/queue/time.h"

namespace postrider::queue {

// The finalizer of SplitMix64: neighbouring numbers become numbers that have nothing in common.
constexpr std::uint64_t mixed(std::uint64_t value) noexcept {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

// `wait` and up to a tenth more or less. Waits from 0 to 10,000 years.
constexpr Duration jittered(Duration wait, std::uint64_t seed, std::uint64_t which) noexcept {
  const auto tenth = wait.count() / 10;
  if (tenth <= 0) return wait;
  const auto steps = static_cast<std::uint64_t>(2 * tenth + 1);
  const std::uint64_t step = mixed(seed ^ mixed(which)) % steps;
  return Duration(wait.count() - tenth + static_cast<Duration::rep>(step));
}

}  // namespace postrider::queue
