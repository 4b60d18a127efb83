// When what failed for the moment is tried again, when its sender is told that it takes long, and when it is
// given up.
//
//   RetrySchedule schedule({.waits = {1min, 5min, 15min}, .expire = days(5), .warn = 4h, .seed = random});
//   recipient.next_attempt = schedule.next_attempt(message.id, recipient.attempts, now, message.expires);
//
// Pure: the same questions get the same answers, and no clock is asked.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "postrider/queue/message_id.h"
#include "postrider/queue/time.h"

namespace postrider::queue {

struct RetryOptions {
  // After the first attempt, after the second …; the last one repeats. RFC 5321 4.5.4.1 asks for at least 30
  // minutes in general, and for shorter ones at the beginning.
  std::vector<std::chrono::seconds> waits = {
      std::chrono::minutes(1), std::chrono::minutes(5), std::chrono::minutes(15), std::chrono::minutes(30),
      std::chrono::hours(1),   std::chrono::hours(2),   std::chrono::hours(4)};
  std::chrono::seconds expire = std::chrono::hours(5 * 24);  // RFC 5321 4.5.4.1: at least 4 to 5 days
  std::chrono::seconds warn = std::chrono::hours(4);         // 0: never
  std::uint64_t seed = 0;                                    // of the jitter
};

class RetrySchedule {
 public:
  explicit RetrySchedule(RetryOptions options);

  // Between the attempt that is the `attempts`-th (from 1) for message `id` and the next: up to a tenth more
  // or less than the options say, other for every message. Without `waits`: 30 minutes.
  Duration wait(MessageId id, std::uint32_t attempts) const noexcept;

  // When to try again after an attempt that ended at `now`: never behind `expires`, since then the sender has
  // to be told. `now` when it has expired already.
  Time next_attempt(MessageId id, std::uint32_t attempts, Time now, Time expires) const noexcept;

  // For a message that came at `arrived`: when whoever still waits is given up; when its sender is to hear
  // that it takes long, kNever for not at all. The warning comes with the first attempt behind that moment;
  // where giving up comes first there is none.
  Time expires(Time arrived) const noexcept;
  Time warns(Time arrived) const noexcept;

 private:
  RetryOptions options_;
};

}  // namespace postrider::queue
