#include "postrider/transport/http/system_addresses.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/support/run_task.h"

namespace postrider::transport {
namespace {

using std::chrono::seconds;

TEST(SystemAddresses, FindsLoopbackByItsName) {
  Loop loop;
  SystemAddresses addresses(loop);
  for (int i = 0; i < 8; ++i) {
    const auto found =
        tests::run_task(loop, addresses.find("localhost", 8053, later(loop.now(), seconds(15))));
    ASSERT_TRUE(found) << found.error();
    EXPECT_TRUE(std::ranges::all_of(*found, &Endpoint::is_loopback));
    EXPECT_EQ(found->front().port(), 8053);
  }
}

// More than there are threads.
TEST(SystemAddresses, LookupsOfOneNameAtTheSameTimeAreShared) {
  Loop loop;
  SystemAddresses addresses(loop);
  std::vector<std::optional<AddressesResult>> results(50);
  for (std::size_t i = 0; i < results.size(); ++i) {
    const auto port = static_cast<std::uint16_t>(1000 + i);
    loop.spawn(
        tests::keep_result(addresses.find("localhost", port, later(loop.now(), seconds(15))), results[i]));
  }
  tests::run_until(
      loop, [&] { return std::ranges::all_of(results, [](const auto& each) { return each.has_value(); }); });
  for (std::size_t i = 0; i < results.size(); ++i) {
    ASSERT_TRUE(*results[i]) << results[i]->error();
    EXPECT_EQ((*results[i])->front().port(), 1000 + i);
  }
}

TEST(SystemAddresses, SaysWhyThereIsNone) {
  Loop loop;
  SystemAddresses addresses(loop);
  const auto found = tests::run_task(loop, addresses.find("bad name!", 1, later(loop.now(), seconds(15))));
  ASSERT_FALSE(found);
  EXPECT_FALSE(found.error().empty());
}

TEST(SystemAddresses, EndsAtTheDeadlineAndTheThreadDoesNoHarm) {
  ManualClock clock;
  Loop loop(clock);
  std::optional<AddressesResult> result;
  {
    SystemAddresses addresses(loop);
    loop.spawn(tests::keep_result(addresses.find("localhost", 1, loop.now()), result));
    loop.context().run_one();  // the task waits
    clock.advance(seconds(1));
    loop.expire();
    tests::settle(loop);
    ASSERT_TRUE(result) << "by the system or by the deadline";
  }
  tests::settle(loop);
}

}  // namespace
}  // namespace postrider::transport
