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
