// Choosing among things that are not equally likely.
//
//   switch (weighted(choices, {12, 3, 1})) { case 0: ... }
//
// The first is the plain one: an input that has run out of octets takes it. Integer arithmetic alone, so that
// a seed means the same on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "postrider/fuzz/support/choices.h"

namespace postrider::fuzz {

// A place in `weights`; their sum is 1 to 65536.
inline std::size_t weighted(Choices& choices, std::initializer_list<std::uint32_t> weights) {
  std::uint32_t sum = 0;
  for (const std::uint32_t weight : weights) sum += weight;
  std::uint32_t at = choices.below(sum);
  std::size_t place = 0;
  for (const std::uint32_t weight : weights) {
    if (at < weight) return place;
    at -= weight;
    ++place;
  }
  return 0;
}

// One of them; the first is the plain one.
inline std::string_view one_of(Choices& choices, std::span<const std::string_view> words) {
  return words[choices.below(static_cast<std::uint32_t>(words.size()))];
}
inline std::string_view one_of(Choices& choices, std::initializer_list<std::string_view> words) {
  return one_of(choices, std::span(words.begin(), words.size()));
}

}  // namespace postrider::fuzz
