// Points in time of the queue: of the system's clock, since they outlive a restart; in whole milliseconds, as
// the spool keeps them.
//
// Nothing here asks a clock: whoever calls says what time it is.
#pragma once

#include <chrono>

namespace postrider::queue {

using Time = std::chrono::sys_time<std::chrono::milliseconds>;
using Duration = std::chrono::milliseconds;

// Never comes: no attempt is planned.
inline constexpr Time kNever = Time::max();

// `from` + `wait`, and kNever where that would pass the end of time.
constexpr Time later(Time from, Duration wait) noexcept {
  return wait >= kNever - from ? kNever : from + wait;
}

}  // namespace postrider::queue
