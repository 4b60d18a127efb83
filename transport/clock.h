// The clock seam: nobody else in the house asks std::chrono for the time, so that a whole mail network can
// run in virtual time.
//
// steady_now() is for deadlines and rates (it never jumps), system_now() for dates that people read. Clocks
// outlive the loops that use them.
#pragma once

#include <atomic>
#include <chrono>

namespace postrider::transport {

using SteadyTime = std::chrono::steady_clock::time_point;
using SystemTime = std::chrono::system_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

// A deadline that never comes.
inline constexpr SteadyTime kNever = SteadyTime::max();

// `start + wait`, and kNever where that would pass the end of time.
constexpr SteadyTime later(SteadyTime start, Duration wait) noexcept {
  return wait >= kNever - start ? kNever : start + wait;
}

class Clock {
 public:
  virtual ~Clock() = default;
  virtual SteadyTime steady_now() const noexcept = 0;
  virtual SystemTime system_now() const noexcept = 0;
  // steady_now() give or take ten milliseconds, for a fraction of the price: enough for deadlines.
  virtual SteadyTime roughly_now() const noexcept { return steady_now(); }
  // False for a clock that moves only when told: then nothing ticks by itself either, see Loop::expire().
  virtual bool runs_by_itself() const noexcept = 0;
};

// The machine's clocks.
class RealClock final : public Clock {
 public:
  SteadyTime steady_now() const noexcept override;
  SystemTime system_now() const noexcept override;
  SteadyTime roughly_now() const noexcept override;
  bool runs_by_itself() const noexcept override { return true; }

  static RealClock& instance() noexcept;
};

// Stands still until advance() is called; for tests and simulations. Any thread may call any method.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(SystemTime start = SystemTime(std::chrono::hours(24 * 365 * 50))) noexcept
      : start_(start) {}

  SteadyTime steady_now() const noexcept override { return SteadyTime(elapsed()) + std::chrono::hours(1); }
  SystemTime system_now() const noexcept override {
    return start_ + std::chrono::duration_cast<SystemTime::duration>(elapsed());
  }
  bool runs_by_itself() const noexcept override { return false; }

  void advance(Duration by) noexcept { elapsed_.fetch_add(by.count(), std::memory_order_relaxed); }

 private:
  Duration elapsed() const noexcept { return Duration(elapsed_.load(std::memory_order_relaxed)); }

  SystemTime start_;
  std::atomic<Duration::rep> elapsed_ = 0;
};

}  // namespace postrider::transport
