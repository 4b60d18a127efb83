#include "postrider/queue/pace.h"

#include <algorithm>
#include <cmath>

#include "postrider/queue/jitter.h"

namespace postrider::queue {
namespace {

constexpr double kWhole = 1 - 1e-9;  // a token, however its parts were rounded

double bucket(double per_second) noexcept { return std::max(1.0, per_second / 10); }

}  // namespace

Pace::Pace(const SchedulerOptions& options, std::uint64_t number, Rate rate) noexcept
    : options_(&options),
      number_(number),
      per_second_(rate == Rate::limited ? options.per_second : 0),
      limit_(std::min(options.initial_concurrency, options.concurrency)),
      tokens_(bucket(per_second_)) {}

Time Pace::next(Time now) noexcept {
  if (resting_) return rest_ends_;
  if (in_flight_ >= limit()) return kNever;
  if (per_second_ <= 0) return now;
  refill(now);
  if (tokens_ >= kWhole) return now;
  const double missing = std::ceil((1 - tokens_) / per_second_ * 1'000);
  // A rate of next to nothing waits a day at a time.
  return later(now, Duration(static_cast<Duration::rep>(std::clamp(missing, 1.0, 86'400'000.0))));
}

void Pace::start(Time now) noexcept {
  if (per_second_ > 0) {
    refill(now);
    tokens_ = std::max(0.0, tokens_ - 1);
  }
  ++in_flight_;
}

void Pace::finish(std::uint64_t attempt, std::uint64_t newest, Health health, Time now) noexcept {
  if (in_flight_ > 0) --in_flight_;
  switch (health) {
    case Health::reached: return reached();
    case Health::unreachable: return failed(in_flight_ == 0, now);
    case Health::overloaded: return overloaded(attempt, newest, now);
    case Health::unknown: return;
  }
}

void Pace::take_over(Pace& from, std::size_t attempts) noexcept {
  from.in_flight_ -= attempts;
  in_flight_ += attempts;
}

void Pace::end_rest() noexcept {
  resting_ = false;
  probing_ = true;
}

void Pace::wake_up() noexcept {
  if (resting_) end_rest();
  failures_ = 0;
  rest_ = Duration(0);
}

void Pace::clock_set_back(Duration by) noexcept {
  rest_ends_ -= by;
  refilled_ -= by;
}

// An attempt that began before a rest may tell of success during it.
void Pace::reached() noexcept {
  failures_ = 0;
  rest_ = Duration(0);
  if (resting_ || probing_) {
    resting_ = false;
    probing_ = false;
    limit_ = std::min(options_->initial_concurrency, options_->concurrency);
    successes_ = 0;
    return;
  }
  if (++successes_ < limit_) return;
  successes_ = 0;
  limit_ = std::min(limit_ + 1, options_->concurrency);
}

// All that are under way when a host asks for patience hear the same; that is one wish, not twenty.
void Pace::overloaded(std::uint64_t attempt, std::uint64_t newest, Time now) noexcept {
  if (limit() == 1) return failed(false, now);
  failures_ = 0;
  if (attempt <= halved_at_) return;
  limit_ = std::max<std::size_t>(1, limit_ / 2);
  successes_ = 0;
  halved_at_ = newest;
}

void Pace::failed(bool alone, Time now) noexcept {
  ++failures_;
  successes_ = 0;
  if (!resting_ && (alone || probing_ || failures_ >= kFailures)) rest(now);
}

void Pace::rest(Time now) noexcept {
  rest_ = std::min(rest_ == Duration(0) ? options_->first_rest : 2 * rest_, options_->longest_rest);
  rest_ends_ = later(now, jittered(rest_, options_->seed ^ mixed(number_), ++rests_));
  resting_ = true;
}

void Pace::refill(Time now) noexcept {
  if (now > refilled_) {
    const double seconds = std::chrono::duration<double>(now - refilled_).count();
    tokens_ = std::min(bucket(per_second_), tokens_ + seconds * per_second_);
  }
  refilled_ = now;
}

}  // namespace postrider::queue
