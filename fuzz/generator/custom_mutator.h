// A libFuzzer mutator that knows SMTP, for targets whose input is (or ends in) octets of SMTP. Include it in
// one source file of the target:
//
//   #include "postrider/fuzz/generator/custom_mutator.h"
//
// One call in four is libFuzzer's own mutation, so that nothing becomes unreachable; the others are those of
// mutation.h, and at times a whole new session of session_plan.h. For readers of replies define
// POSTRIDER_FUZZ_SIDE as postrider::fuzz::Side::server before: the octets are then those of a server. Lines
// of choices in front (support/fuzz_input.h) are kept when POSTRIDER_FUZZ_CHOICE_LINES says how many there
// are. AFL++ loads the same function through its libFuzzer driver (aflpp_driver with -fsanitize=fuzzer).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "postrider/fuzz/generator/mutation.h"
#include "postrider/fuzz/generator/session_plan.h"
#include "postrider/fuzz/support/choices.h"

#ifndef POSTRIDER_FUZZ_CHOICE_LINES
#define POSTRIDER_FUZZ_CHOICE_LINES 0
#endif
#ifndef POSTRIDER_FUZZ_SIDE
#define POSTRIDER_FUZZ_SIDE postrider::fuzz::Side::client
#endif

namespace postrider::fuzz {

// All that one side says in a session.
inline std::string new_octets(Choices& choices, Side side) {
  if (side == Side::client) {
    SessionSettings settings;
    settings.greeting = false;
    return octets_of(make_session(choices, settings));
  }
  std::string octets = "220 mx.example ESMTP\r\n" + make_ehlo_answer(choices);
  for (std::uint32_t left = choices.below(12); left != 0; --left) octets += make_reply(choices);
  return octets;
}

// At most `most` octets. `head_lines` lines, each with its LF, stay as they are.
inline std::string mutated_input(std::string_view input, std::size_t most, std::uint64_t seed,
                                 std::size_t head_lines = 0, Side side = Side::client) {
  SeededChoices choices(seed);
  std::size_t head = 0;
  for (; head_lines != 0; --head_lines) {
    const std::size_t end = input.find('\n', head);
    if (end == std::string_view::npos) break;
    head = end + 1;
  }
  std::string octets(input.substr(head));
  if (octets.empty() || choices.once_in(32)) octets = new_octets(choices, side);
  const std::size_t room = most > head ? most - head : 0;
  for (std::uint32_t left = 1 + choices.below(3); left != 0; --left) mutate(choices, octets, room, side);
  return std::string(input.substr(0, std::min(head, most))) + octets.substr(0, room);
}

}  // namespace postrider::fuzz

// Weak: programs that replay inputs without libFuzzer have none.
extern "C" __attribute__((weak)) std::size_t LLVMFuzzerMutate(std::uint8_t* octets, std::size_t size,
                                                              std::size_t most);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* octets, std::size_t size, std::size_t most,
                                               unsigned seed) {
  if (seed % 4 == 0 && LLVMFuzzerMutate != nullptr) return LLVMFuzzerMutate(octets, size, most);
  const std::string input(reinterpret_cast<const char*>(octets), size);
  const std::string output =
      postrider::fuzz::mutated_input(input, most, seed, POSTRIDER_FUZZ_CHOICE_LINES, POSTRIDER_FUZZ_SIDE);
  if (!output.empty()) std::memcpy(octets, output.data(), output.size());
  return output.size();
}
