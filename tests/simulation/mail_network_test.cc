#include "postrider/tests/simulation/mail_network.h"

#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "postrider/fuzz/simulation/seeds.h"

namespace postrider::simulation {
namespace {

void run_seeds(fuzz::SeedRange range, const Weather& weather) {
  const auto failed = fuzz::try_seeds(range, [&](std::uint64_t seed) {
    MailNetwork network(seed, weather);
    Findings findings = network.run();
    return fuzz::SeedRun{std::move(findings), network.history()};
  });
  const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
  ASSERT_FALSE(failed) << failed->text(std::string("simulation_tests --gtest_filter=") +
                                       test->test_suite_name() + "." + test->name());
}

TEST(MailNetworkTest, InCalmWeatherEverythingArrivesOnce) { run_seeds({1, 100}, Weather::calm()); }

// Four tests, so that they run beside each other.
TEST(MailNetworkTest, NothingIsLost1To250) { run_seeds({1, 250}, Weather::rough()); }
TEST(MailNetworkTest, NothingIsLost251To500) { run_seeds({251, 250}, Weather::rough()); }
TEST(MailNetworkTest, NothingIsLost501To750) { run_seeds({501, 250}, Weather::rough()); }
TEST(MailNetworkTest, NothingIsLost751To1000) { run_seeds({751, 250}, Weather::rough()); }

// Otherwise the runs above say nothing of deadlines.
TEST(MailNetworkTest, SomeMailHasADeadlineThatPasses) {
  std::size_t expired = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    MailNetwork network(seed);
    EXPECT_EQ(network.run(), Findings());
    for (const std::string& each : network.history()) {
      if (each.find("delivery time expired") != std::string::npos) ++expired;
    }
  }
  EXPECT_GT(expired, 0U);
}

TEST(MailNetworkTest, ASeedReplaysExactly) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    MailNetwork first(seed);
    MailNetwork second(seed);
    EXPECT_EQ(first.run(), second.run());
    EXPECT_EQ(first.history(), second.history()) << "seed " << seed;
    EXPECT_GT(first.history().size(), 5U);
  }
}

}  // namespace
}  // namespace postrider::simulation
