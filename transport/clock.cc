#include "postrider/transport/clock.h"

#include <time.h>

namespace postrider::transport {

SteadyTime RealClock::steady_now() const noexcept { return std::chrono::steady_clock::now(); }
SystemTime RealClock::system_now() const noexcept { return std::chrono::system_clock::now(); }

// The kernel's copy of the clock that std::chrono::steady_clock reads, as of its last tick.
SteadyTime RealClock::roughly_now() const noexcept {
  ::timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return SteadyTime(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

RealClock& RealClock::instance() noexcept {
  static RealClock clock;
  return clock;
}

}  // namespace postrider::transport
