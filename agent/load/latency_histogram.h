// How long many things took, in bounded memory: counts in buckets that are 1/64 of their value wide, so that
// every quantile is right to 1.6 %. The largest value is kept as it is.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace postrider::agent {

class LatencyHistogram {
 public:
  LatencyHistogram();

  // Negative counts as 0.
  void add(std::chrono::nanoseconds value) noexcept;
  void merge(const LatencyHistogram& other) noexcept;

  std::uint64_t count() const noexcept { return count_; }
  std::chrono::nanoseconds max() const noexcept { return std::chrono::nanoseconds(max_); }
  // The least value that is not exceeded by this fraction (0 to 1) of all; 0 when there is none.
  std::chrono::nanoseconds quantile(double fraction) const noexcept;

 private:
  static constexpr unsigned kSubBits = 6;
  static constexpr std::size_t kSub = std::size_t{1} << kSubBits;

  static std::size_t bucket_of(std::uint64_t value) noexcept;
  static std::uint64_t top_of(std::size_t bucket) noexcept;

  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace postrider::agent
