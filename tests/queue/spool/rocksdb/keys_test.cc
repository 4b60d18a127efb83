#include "postrider/queue/spool/rocksdb/keys.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "postrider/queue/record.h"
#include "postrider/tests/queue/spool/spool_conformance.h"

namespace postrider::queue {
namespace {

TEST(KeysTest, SortAsWhatTheyStandFor) {
  EXPECT_LT(id_key(MessageId{255}), id_key(MessageId{256}));
  EXPECT_LT(slice_key(MessageId{1}, 255), slice_key(MessageId{1}, 256));
  EXPECT_LT(slice_key(MessageId{1}, ~std::uint32_t{0}), slice_key(MessageId{2}, 0));
  const std::vector<Consignment> in_order = {
      {MessageId{9}, "mx:z", Time::min(), 0},  {MessageId{9}, "mx:z", Time(Duration(-1)), 0},
      {MessageId{9}, "mx:z", Time(), 0},       {MessageId{1}, "mx:z", at_second(1), 0},
      {MessageId{2}, "mx:a", at_second(1), 0}, {MessageId{2}, "mx:b", at_second(1), 0},
      {MessageId{1}, "mx:a", kNever, 0}};
  EXPECT_TRUE(std::ranges::is_sorted(in_order, {}, due_key));
}

TEST(KeysTest, ReadBackAsWhatTheyStandFor) {
  const MessageId id{0x0123456789abcdef};
  EXPECT_EQ(id_in(id_key(id)), id);
  EXPECT_EQ(id_in_incoming(incoming_key(id)), id);
  EXPECT_EQ(slices_in(incoming_value(70'000)), 70'000U);
  const Consignment consignment{id, "mx:example.org", at_second(-5), -9};
  EXPECT_EQ(consignment_in(due_key(consignment), due_value(consignment)), consignment);
  EXPECT_EQ(id_in_due(due_key(consignment)), id);
  const auto state = state_in(state_value(SpoolState{5, id}));
  ASSERT_TRUE(state);
  EXPECT_EQ(state->messages, 5U);
  EXPECT_EQ(state->newest, id);
  EXPECT_EQ(why_in(damaged_value("because", "envelope")), "because");
}

TEST(KeysTest, OfAnotherSizeAreNone) {
  EXPECT_FALSE(id_in("1234567"));
  EXPECT_FALSE(id_in("123456789"));
  EXPECT_FALSE(id_in_incoming("schema"));
  EXPECT_FALSE(id_in_incoming("incoming1234567"));
  EXPECT_FALSE(slices_in("123"));
  EXPECT_FALSE(consignment_in("123456781234567", "1"));
  EXPECT_FALSE(consignment_in("1234567812345678", ""));
  EXPECT_EQ(id_in_due("123456781234567"), MessageId{});
  EXPECT_FALSE(state_in("123456781234567"));
  EXPECT_EQ(why_in("123"), "damaged");
}

TEST(EnvelopeTest, ReadsBackAsItWasWritten) {
  const QueuedMessage message = message_of(7);
  const Extent extent{3, 2 * kSliceOctets + 5};
  const auto envelope = envelope_in(MessageId{7}, envelope_value(extent, encode(message)));
  ASSERT_TRUE(envelope) << envelope.error();
  EXPECT_EQ(envelope->message, message);
  EXPECT_EQ(envelope->extent.slices, 3U);
  EXPECT_EQ(envelope->extent.slice_octets(1), kSliceOctets);
  EXPECT_EQ(envelope->extent.slice_octets(2), 5U);
}

TEST(EnvelopeTest, EveryFlippedBitIsFound) {
  const std::string value = envelope_value(Extent{1, 5}, encode(message_of(7)));
  for (std::size_t bit = 0; bit < value.size() * 8; ++bit) {
    std::string damaged = value;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
    EXPECT_FALSE(envelope_in(MessageId{7}, damaged)) << bit;
  }
  for (std::size_t size = 0; size < value.size(); ++size)
    EXPECT_FALSE(envelope_in(MessageId{7}, std::string_view(value).substr(0, size))) << size;
}

TEST(EnvelopeTest, OfAnotherMessageIsNone) {
  EXPECT_FALSE(envelope_in(MessageId{8}, envelope_value(Extent{1, 5}, encode(message_of(7)))));
}

TEST(EnvelopeTest, HasAsManySlicesAsItsOctetsTake) {
  EXPECT_FALSE(envelope_in(MessageId{7}, envelope_value(Extent{2, 5}, encode(message_of(7)))));
  EXPECT_FALSE(
      envelope_in(MessageId{7}, envelope_value(Extent{0, ~std::uint64_t{0}}, encode(message_of(7)))));
}

}  // namespace
}  // namespace postrider::queue
