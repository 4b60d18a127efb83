// Runs tasks in virtual time, for tests.
//
//   bool done = false;
//   loop.spawn(note_end(run(), done));
//   ASSERT_TRUE(run_in_virtual_time(loop, clock, done));
#pragma once

#include "postrider/transport/loop.h"

namespace postrider::tests {

// Until `done`, jumping to the next deadline whenever nothing else is left to do. False: stuck, or it took
// longer than `most` of virtual time.
inline bool run_in_virtual_time(transport::Loop& loop, transport::ManualClock& clock, const bool& done,
                                transport::Duration most = std::chrono::hours(48)) {
  const transport::SteadyTime limit = clock.steady_now() + most;
  while (!done) {
    if (loop.poll()) continue;
    const transport::SteadyTime next = loop.deadlines().next();
    if (next == transport::kNever || clock.steady_now() > limit) return false;
    // Deadlines fire at ticks: one that has passed waits for the next tick.
    const transport::Duration wait = next - clock.steady_now();
    clock.advance(wait > transport::Duration::zero() ? wait : transport::Deadlines::kTick);
    loop.expire();
  }
  return true;
}

}  // namespace postrider::tests
