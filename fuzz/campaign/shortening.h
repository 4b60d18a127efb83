// A session made short that still shows a finding: steps, lines, runs of octets and cuts are left out while
// it does.
//
//   Shortening shortening(plan);
//   while (const SessionPlan* candidate = shortening.next()) shortening.tell(still_shows(*candidate));
//   shortening.best()
//
// Bounded: at most kMostTries candidates. The first step, which waits for the greeting, stays. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "postrider/fuzz/generator/session_plan.h"

namespace postrider::fuzz {

class Shortening {
 public:
  static constexpr std::size_t kMostTries = 80;

  explicit Shortening(SessionPlan plan);

  // The next candidate, until tell(); nullptr: nothing is left to try.
  const SessionPlan* next();
  // Does it show the finding?
  void tell(bool shows);

  const SessionPlan& best() const noexcept { return best_; }
  std::size_t tries() const noexcept { return tries_; }

 private:
  enum class Phase : std::uint8_t { cuts, steps, lines, octets, done };

  bool propose();
  bool propose_steps();
  bool propose_lines();
  bool propose_octets();

  SessionPlan best_;
  std::optional<SessionPlan> candidate_;
  Phase phase_ = Phase::cuts;
  std::size_t width_ = 0;  // steps that are left out at once
  std::size_t step_ = 0;   // where to leave out
  std::size_t at_ = 0;     // offset in it
  std::size_t tries_ = 0;
};

}  // namespace postrider::fuzz
