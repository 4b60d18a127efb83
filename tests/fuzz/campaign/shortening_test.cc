#include "postrider/fuzz/campaign/shortening.h"

#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "postrider/fuzz/support/choices.h"

namespace postrider::fuzz {
namespace {

SessionPlan shortened(SessionPlan plan, const std::function<bool(const SessionPlan&)>& shows) {
  Shortening shortening(std::move(plan));
  while (const SessionPlan* candidate = shortening.next()) shortening.tell(shows(*candidate));
  EXPECT_LE(shortening.tries(), Shortening::kMostTries);
  return shortening.best();
}

SessionPlan long_plan() {
  SessionPlan plan;
  plan.steps.push_back({.octets = "", .owners = {"greeting"}});
  for (int at = 0; at < 20; ++at) {
    plan.steps.push_back(
        {.octets = "NOOP " + std::to_string(at) + "\r\n", .cuts = {2, 3}, .owners = {"NOOP"}});
  }
  return plan;
}

TEST(Shortening, LeavesTheOneStepThatMatters) {
  const SessionPlan best = shortened(long_plan(), [](const SessionPlan& plan) {
    return octets_of(plan).find("NOOP 13\r\n") != std::string::npos;
  });
  ASSERT_EQ(best.steps.size(), 2u);
  EXPECT_EQ(best.steps[1].octets, "NOOP 13\r\n");
  EXPECT_TRUE(best.steps[1].cuts.empty());
}

TEST(Shortening, KeepsTwoStepsThatBelongTogether) {
  const SessionPlan best = shortened(long_plan(), [](const SessionPlan& plan) {
    const std::string octets = octets_of(plan);
    return octets.find("NOOP 3\r\n") != std::string::npos && octets.find("NOOP 17\r\n") != std::string::npos;
  });
  EXPECT_EQ(octets_of(best), "NOOP 3\r\nNOOP 17\r\n");
}

TEST(Shortening, KeepsCutsThatMatter) {
  const SessionPlan best = shortened(long_plan(), [](const SessionPlan& plan) {
    return plan.steps.size() > 1 && !plan.steps[1].cuts.empty();
  });
  EXPECT_EQ(best.steps.size(), 2u);
  EXPECT_FALSE(best.steps[1].cuts.empty());
}

TEST(Shortening, TakesLinesAndRunsOutOfAStep) {
  SessionPlan plan;
  plan.steps.push_back({.octets = "", .owners = {"greeting"}});
  plan.steps.push_back({.octets = "a\r\nbad " + std::string(3000, 'x') + "\r\nc\r\nd\r\n"});
  const SessionPlan best = shortened(
      plan, [](const SessionPlan& each) { return octets_of(each).find("bad x") != std::string::npos; });
  EXPECT_LT(octets_of(best).size(), 40u);
}

TEST(Shortening, EndsWhenNothingCanBeLeftOutAndWhenEverythingCan) {
  EXPECT_EQ(shortened(long_plan(), [](const SessionPlan&) { return false; }), long_plan());
  EXPECT_EQ(shortened(long_plan(), [](const SessionPlan&) { return true; }).steps.size(), 1u);
  EXPECT_TRUE(shortened({}, [](const SessionPlan&) { return true; }).steps.empty());
}

}  // namespace
}  // namespace postrider::fuzz
