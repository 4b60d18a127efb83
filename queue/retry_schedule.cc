#include "postrider/queue/retry_schedule.h"

#include <algorithm>
#include <utility>

#include "postrider/queue/jitter.h"

namespace postrider::queue {
namespace {

constexpr std::chrono::seconds kDefaultWait = std::chrono::minutes(30);
constexpr std::chrono::seconds kLongest = std::chrono::years(1'000);  // in milliseconds still a number

Duration in_bounds(std::chrono::seconds wait) noexcept {
  return std::clamp(wait, std::chrono::seconds(0), kLongest);
}

}  // namespace

RetrySchedule::RetrySchedule(RetryOptions options) : options_(std::move(options)) {}

Duration RetrySchedule::wait(MessageId id, std::uint32_t attempts) const noexcept {
  const std::vector<std::chrono::seconds>& waits = options_.waits;
  const std::size_t step = attempts == 0 ? 0 : attempts - 1;
  const std::chrono::seconds plain = waits.empty() ? kDefaultWait : waits[std::min(step, waits.size() - 1)];
  return jittered(in_bounds(plain), options_.seed ^ id.value, attempts);
}

Time RetrySchedule::next_attempt(MessageId id, std::uint32_t attempts, Time now,
                                 Time expires) const noexcept {
  return std::max(now, std::min(expires, later(now, wait(id, attempts))));
}

Time RetrySchedule::expires(Time arrived) const noexcept {
  return later(arrived, in_bounds(options_.expire));
}

Time RetrySchedule::warns(Time arrived) const noexcept {
  if (options_.warn <= std::chrono::seconds(0) || options_.warn >= options_.expire) return kNever;
  return later(arrived, in_bounds(options_.warn));
}

}  // namespace postrider::queue
