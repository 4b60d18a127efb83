// How fast one site is served: how many attempts at once, how many a second, and when it is left alone.
//
//   Pace pace(options, number);
//   if (pace.next(now) <= now) pace.start(now), attempt = ++attempts;
//   pace.finish(attempt, attempts, Health::reached, now);
//
// At once: begins with options.initial_concurrency, one more after as many attempts that reached the host as
// may be under way at once (slow start), up to options.concurrency. A host that asks for patience halves it,
// once for all attempts that were under way then.
//
// Rest: after three attempts in a row that could not reach the host, or when the last one under way could
// not, nothing is begun for options.first_rest; then one attempt is a probe, and if it fails the rest is
// twice as long. An attempt that reaches the host ends all that. A host that asks a single attempt for
// patience counts as one that cannot be reached: less than one is a rest.
//
// Rate: a bucket of tokens that holds a tenth of a second's, at least one.
#pragma once

#include <cstddef>
#include <cstdint>

#include "postrider/queue/scheduler.h"
#include "postrider/queue/time.h"

namespace postrider::queue {

class Pace {
 public:
  static constexpr int kFailures = 3;  // in a row, before a rest

  enum class Rate : bool { none, limited };  // limited: to options.per_second

  // `options` outlives it; `number` makes its jitter its own.
  Pace(const SchedulerOptions& options, std::uint64_t number, Rate rate = Rate::limited) noexcept;

  // When an attempt may begin: not later than `now`, or when the rest ends or there is a token, or kNever:
  // not before one of those under way is finished.
  Time next(Time now) noexcept;
  // Begins one, which next() has allowed.
  void start(Time now) noexcept;
  // The attempts of all sites have numbers, from 1 on; `newest` is that of the last one that has begun.
  void finish(std::uint64_t attempt, std::uint64_t newest, Health health, Time now) noexcept;
  // `attempts` of those that are under way at `from` turn out to be under way here: from now on they count
  // here, even beyond the limit, and finish here.
  void take_over(Pace& from, std::size_t attempts) noexcept;

  // The rest is over: by time, or because somebody knows that the host can be reached. One probe is next.
  void end_rest() noexcept;
  void wake_up() noexcept;
  // The clock was set back by `by`.
  void clock_set_back(Duration by) noexcept;

  bool resting() const noexcept { return resting_; }
  Time rest_ends() const noexcept { return rest_ends_; }
  std::size_t in_flight() const noexcept { return in_flight_; }
  std::size_t limit() const noexcept { return probing_ ? 1 : limit_; }

 private:
  void reached() noexcept;
  void overloaded(std::uint64_t attempt, std::uint64_t newest, Time now) noexcept;
  void failed(bool alone, Time now) noexcept;
  void rest(Time now) noexcept;
  void refill(Time now) noexcept;

  const SchedulerOptions* options_;
  std::uint64_t number_;
  double per_second_;  // 0: as many as there may be
  std::size_t in_flight_ = 0;
  std::size_t limit_;
  std::size_t successes_ = 0;    // since the limit has changed
  std::uint64_t halved_at_ = 0;  // the newest attempt then: those up to it ask for patience no second time
  std::uint32_t rests_ = 0;      // for the jitter
  int failures_ = 0;             // in a row
  bool resting_ = false;
  bool probing_ = false;         // has rested, and not been reached since
  Duration rest_ = Duration(0);  // the last one without jitter; 0: none since it was reached
  Time rest_ends_{};
  double tokens_ = 0;
  Time refilled_{};
};

}  // namespace postrider::queue
