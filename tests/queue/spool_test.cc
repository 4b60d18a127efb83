#include "postrider/queue/spool.h"

#include <chrono>

#include <gtest/gtest.h>

namespace postrider::queue {
namespace {

QueuedRecipient to(std::string destination, int due) {
  QueuedRecipient out;
  out.rcpt = "RCPT TO:<a@example.org>";
  out.destination = std::move(destination);
  out.next_attempt = Time(std::chrono::seconds(due));
  return out;
}

TEST(ConsignmentsTest, AreOneForEachDestinationDueWithItsFirstRecipient) {
  QueuedMessage message;
  message.id = MessageId{7};
  message.priority = 3;
  message.recipients = {to("mx:example.org", 20), to("mx:example.net", 30), to("mx:example.org", 10)};
  const std::vector<Consignment> expected = {
      {MessageId{7}, "mx:example.org", Time(std::chrono::seconds(10)), 3},
      {MessageId{7}, "mx:example.net", Time(std::chrono::seconds(30)), 3},
  };
  EXPECT_EQ(consignments_of(message), expected);
}

TEST(ConsignmentsTest, OfAHeldMessageAreNone) {
  QueuedMessage message;
  message.held = true;
  message.recipients = {to("mx:example.org", 20)};
  EXPECT_TRUE(consignments_of(message).empty());
}

// RFC 2852: a moment of its own, whatever the destinations do.
TEST(ConsignmentsTest, OneIsForTheDeadline) {
  QueuedMessage message;
  message.id = MessageId{7};
  message.arrived = Time(std::chrono::seconds(1));
  message.recipients = {to("mx:example.org", 20)};
  message.deliver_by = DeliverBy{Time(std::chrono::seconds(15)), false, false};
  const Consignment deadline{MessageId{7}, std::string(kDeadlineLine), Time(std::chrono::seconds(15)), 0};
  ASSERT_EQ(consignments_of(message).size(), 2U);
  EXPECT_EQ(consignments_of(message)[1], deadline);
  message.recipients[0].delay_reported = true;
  EXPECT_EQ(consignments_of(message).size(), 1U) << "it has been told";
  message.deliver_by->returns = true;
  EXPECT_EQ(consignments_of(message).size(), 2U);
  message.held = true;
  EXPECT_TRUE(consignments_of(message).empty());
}

TEST(ConsignmentsTest, NoneIsForADeadlineThatWasOverBefore) {
  QueuedMessage message;
  message.arrived = Time(std::chrono::seconds(20));
  message.recipients = {to("mx:example.org", 20)};
  message.deliver_by = DeliverBy{Time(std::chrono::seconds(20)), false, false};
  EXPECT_EQ(consignments_of(message).size(), 1U);
}

}  // namespace
}  // namespace postrider::queue
