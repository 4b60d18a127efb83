#include "postrider/agent/load/latency_histogram.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace postrider::agent {
namespace {

using std::chrono::nanoseconds;

TEST(LatencyHistogramTest, IsRightToOnePointSixPercent) {
  std::mt19937_64 random(1);
  LatencyHistogram histogram;
  std::vector<std::int64_t> values;
  for (int n = 0; n < 20'000; ++n) {
    const int bits = static_cast<int>(random() % 40);
    values.push_back(static_cast<std::int64_t>(random() & ((std::uint64_t{1} << bits) - 1)));
    histogram.add(nanoseconds(values.back()));
  }
  std::ranges::sort(values);
  for (const double fraction : {0.0, 0.001, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const std::size_t rank = static_cast<std::size_t>(std::max(1.0, std::ceil(fraction * 20'000.0)));
    const double exact = static_cast<double>(values[rank - 1]);
    const double found = static_cast<double>(histogram.quantile(fraction).count());
    EXPECT_GE(found, exact);
    EXPECT_LE(found, exact * (1 + 1.0 / 64));
  }
  EXPECT_EQ(histogram.quantile(1).count(), values.back());
  EXPECT_EQ(histogram.max().count(), values.back());
}

TEST(LatencyHistogramTest, TakesTheEnds) {
  LatencyHistogram histogram;
  EXPECT_EQ(histogram.quantile(0.5), nanoseconds(0));
  histogram.add(nanoseconds(-5));
  EXPECT_EQ(histogram.quantile(0.5), nanoseconds(0));
  histogram.add(nanoseconds::max());
  EXPECT_EQ(histogram.quantile(1), nanoseconds::max());
  for (const std::int64_t value : {1, 63, 64, 127, 128, 129, 255, 256}) {
    LatencyHistogram one;
    one.add(nanoseconds(value));
    EXPECT_EQ(one.quantile(0.5), nanoseconds(value)) << "the only value is the largest, and that is exact";
  }
}

TEST(LatencyHistogramTest, Merges) {
  LatencyHistogram a;
  LatencyHistogram b;
  for (int n = 0; n < 90; ++n) a.add(nanoseconds(10));
  for (int n = 0; n < 10; ++n) b.add(nanoseconds(1000));
  a.merge(b);
  EXPECT_EQ(a.count(), 100U);
  EXPECT_EQ(a.quantile(0.9), nanoseconds(10));
  EXPECT_EQ(a.quantile(0.91), nanoseconds(1000));
  EXPECT_EQ(a.max(), nanoseconds(1000));
}

}  // namespace
}  // namespace postrider::agent
