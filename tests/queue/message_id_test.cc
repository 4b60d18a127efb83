#include "postrider/queue/message_id.h"

#include <chrono>

#include <gtest/gtest.h>

namespace postrider::queue {
namespace {

TEST(MessageIdTest, TextReadsBackAsTheSameId) {
  for (const std::uint64_t value :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0x0123456789abcdef}, ~std::uint64_t{0}}) {
    const MessageId id{value};
    EXPECT_EQ(id.to_string().size(), 13U);
    EXPECT_EQ(MessageId::parse(id.to_string()), id);
  }
}

TEST(MessageIdTest, TextSortsAsIdsDo) {
  EXPECT_LT(MessageId{31}.to_string(), MessageId{32}.to_string());
  EXPECT_LT(MessageId{~std::uint64_t{0} - 1}.to_string(), MessageId{~std::uint64_t{0}}.to_string());
}

TEST(MessageIdTest, RefusesWhatIsNoId) {
  for (const char* text : {"", "0", "000000000000", "00000000000000", "000000000000w", "000000000000A",
                           "g000000000000", "000000 000000"}) {
    EXPECT_EQ(MessageId::parse(text), std::nullopt) << text;
  }
}

TEST(MessageIdsTest, GrowWithTimeAndWithoutIt) {
  MessageIds ids;
  const Time start(std::chrono::hours(24 * 365 * 50));
  const MessageId first = ids.next(start);
  const MessageId second = ids.next(start);
  const MessageId third = ids.next(start + std::chrono::milliseconds(1));
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
  // The clock goes back: no id comes twice.
  EXPECT_LT(third, ids.next(start - std::chrono::hours(1)));
}

TEST(MessageIdsTest, BeginBehindTheNewestInTheSpool) {
  const Time start(std::chrono::hours(24 * 365 * 50));
  const MessageId newest = MessageIds().next(start + std::chrono::hours(1));
  EXPECT_LT(newest, MessageIds(newest).next(start));
}

}  // namespace
}  // namespace postrider::queue
