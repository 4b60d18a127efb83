#include "postrider/agent/serve/delivery_wishes.h"

#include <string>

#include <gtest/gtest.h>

#include "postrider/protocol/grammar/owned.h"

namespace postrider::agent {
namespace {

using namespace std::chrono_literals;

// 2026-11-28T12:00:00Z
const transport::SystemTime kNow(std::chrono::seconds(1'795'867'200));

std::expected<DeliveryWishes, protocol::Reply> wishes(const std::string& parameters) {
  const auto mail = protocol::Owned<protocol::Mail>::parse("MAIL FROM:<a@example.org>" + parameters);
  EXPECT_TRUE(mail) << parameters;
  return delivery_wishes((*mail)->parameters, kNow);
}

queue::Time queue_time(transport::SystemTime time) { return std::chrono::floor<queue::Duration>(time); }

TEST(DeliveryWishesTest, WithoutParametersThereAreNone) {
  const auto found = wishes("");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->priority, 0);
  EXPECT_FALSE(found->hold_until);
}

TEST(DeliveryWishesTest, APriority) { EXPECT_EQ(wishes(" MT-PRIORITY=-3")->priority, -3); }

TEST(DeliveryWishesTest, HoldsForATimeOrUntilOne) {
  EXPECT_EQ(wishes(" HOLDFOR=3600")->hold_until, kNow + 1h);
  EXPECT_EQ(wishes(" HOLDUNTIL=2026-11-28T13:30:00Z")->hold_until, kNow + 90min);
  EXPECT_EQ(wishes(" HOLDUNTIL=2026-11-28T13:30:00-05:00")->hold_until, kNow + 390min);
  EXPECT_FALSE(wishes(" HOLDUNTIL=2020-01-01T00:00:00Z")->hold_until) << "is over";
  EXPECT_EQ(wishes(" HOLDFOR=604800")->hold_until, kNow + kLongestHold);
}

TEST(DeliveryWishesTest, RefusesWhatIsTooLongOrNoTime) {
  for (const char* const text :
       {" HOLDFOR=604801", " HOLDFOR=999999999", " HOLDUNTIL=2027-01-01T00:00:00Z"}) {
    const auto found = wishes(text);
    ASSERT_FALSE(found) << text;
    EXPECT_EQ(protocol::to_log_line(found.error().view()),
              "501 5.5.4 A message is held for at most 604800 seconds");
  }
}

TEST(DeliveryWishesTest, ADeadline) {  // RFC 2852 4
  EXPECT_EQ(wishes(" BY=120;RT")->deliver_by, (queue::DeliverBy{queue_time(kNow + 2min), true, true}));
  EXPECT_EQ(wishes(" BY=-10;N")->deliver_by, (queue::DeliverBy{queue_time(kNow - 10s), false, false}));
  EXPECT_TRUE(wishes(" BY=120;R HOLDFOR=119"));
  EXPECT_TRUE(wishes(" BY=120;N HOLDFOR=120"));
  const auto found = wishes(" BY=120;R HOLDFOR=120");
  ASSERT_FALSE(found);
  EXPECT_EQ(protocol::to_log_line(found.error().view()),
            "501 5.5.4 The message would be held until its time for delivery is over");
}

TEST(DeliveryWishesTest, SaysWhatItBears) {
  EXPECT_EQ(future_release_bounds(), "604800 9999-12-31T23:59:59Z");
}

}  // namespace
}  // namespace postrider::agent
