#include "postrider/tests/simulation/mail_network.h"

#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

namespace postrider::simulation {
namespace {

std::string text_of(const MailNetwork& network, const Findings& findings) {
  std::string out;
  for (const std::string& each : findings) out += each + "\n";
  for (const std::string& each : network.history()) out += "  " + each + "\n";
  return out;
}

// POSTRIDER_SEED=n replays one run; the message of a failure says so.
void run_seeds(std::uint64_t first, std::uint64_t count, const Weather& weather) {
  if (const char* const one = std::getenv("POSTRIDER_SEED")) {
    first = std::strtoull(one, nullptr, 10);
    count = 1;
  }
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    MailNetwork network(seed, weather);
    const Findings findings = network.run();
    ASSERT_TRUE(findings.empty()) << "replay: POSTRIDER_SEED=" << seed << " simulation_tests --gtest_filter="
                                  << testing::UnitTest::GetInstance()->current_test_info()->test_suite_name()
                                  << "." << testing::UnitTest::GetInstance()->current_test_info()->name()
                                  << "\n"
                                  << text_of(network, findings);
  }
}

TEST(MailNetworkTest, InCalmWeatherEverythingArrivesOnce) { run_seeds(1, 100, Weather::calm()); }

// Four tests, so that they run beside each other.
TEST(MailNetworkTest, NothingIsLost1To250) { run_seeds(1, 250, Weather::rough()); }
TEST(MailNetworkTest, NothingIsLost251To500) { run_seeds(251, 250, Weather::rough()); }
TEST(MailNetworkTest, NothingIsLost501To750) { run_seeds(501, 250, Weather::rough()); }
TEST(MailNetworkTest, NothingIsLost751To1000) { run_seeds(751, 250, Weather::rough()); }

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
