#include "postrider/transport/clock.h"

namespace postrider::transport {

SteadyTime RealClock::steady_now() const noexcept { return std::chrono::steady_clock::now(); }
SystemTime RealClock::system_now() const noexcept { return std::chrono::system_clock::now(); }

RealClock& RealClock::instance() noexcept {
  static RealClock clock;
  return clock;
}

}  // namespace postrider::transport
