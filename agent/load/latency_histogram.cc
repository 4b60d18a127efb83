#include "postrider/agent/load/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace postrider::agent {

// Values below 2 * kSub have a bucket each; above, each doubling has kSub of them.
std::size_t LatencyHistogram::bucket_of(std::uint64_t value) noexcept {
  if (value < 2 * kSub) return static_cast<std::size_t>(value);
  const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - kSubBits - 1;
  return shift * kSub + static_cast<std::size_t>(value >> shift);
}

// The largest value of a bucket.
std::uint64_t LatencyHistogram::top_of(std::size_t bucket) noexcept {
  if (bucket < 2 * kSub) return bucket;
  const std::size_t shift = bucket / kSub - 1;
  const std::uint64_t lead = bucket - shift * kSub;
  return ((lead + 1) << shift) - 1;
}

LatencyHistogram::LatencyHistogram() : buckets_(bucket_of(INT64_MAX) + 1) {}

void LatencyHistogram::add(std::chrono::nanoseconds value) noexcept {
  const std::uint64_t nanoseconds = value.count() < 0 ? 0 : static_cast<std::uint64_t>(value.count());
  ++buckets_[bucket_of(nanoseconds)];
  ++count_;
  max_ = std::max(max_, nanoseconds);
}

void LatencyHistogram::merge(const LatencyHistogram& other) noexcept {
  for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) buckets_[bucket] += other.buckets_[bucket];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
}

std::chrono::nanoseconds LatencyHistogram::quantile(double fraction) const noexcept {
  if (count_ == 0) return std::chrono::nanoseconds(0);
  const double exact = std::ceil(std::clamp(fraction, 0.0, 1.0) * static_cast<double>(count_));
  const std::uint64_t rank = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(exact));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    seen += buckets_[bucket];
    if (seen >= rank) return std::chrono::nanoseconds(std::min(top_of(bucket), max_));
  }
  return max();
}

}  // namespace postrider::agent
