#include "postrider/queue/record.h"

#include <cstdint>
#include <limits>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "postrider/queue/crc32c.h"

namespace postrider::queue {
namespace {

QueuedRecipient recipient(const std::string& name) {
  QueuedRecipient out;
  out.rcpt = "RCPT TO:<" + name + "@example.org> NOTIFY=NEVER";
  out.original = name + "+news@example.org";
  out.destination = "mx:example.org";
  out.attempts = 17;
  out.next_attempt = Time(std::chrono::seconds(1'700'000'000));
  out.delay_reported = true;
  out.last_reply = "450 4.2.1 later";
  out.last_host = "mx.example.org[192.0.2.1]";
  return out;
}

QueuedMessage full_message() {
  QueuedMessage message;
  message.id = MessageId{0x0123456789abcdef};
  message.mail = "MAIL FROM:<alice@example.com> BODY=8BITMIME";
  message.arrived = Time(std::chrono::milliseconds(1'699'999'999'123));
  message.expires = kNever;
  message.priority = -9;
  message.held = true;
  message.report = true;
  message.user = std::string("alice\0\xff", 7);
  message.content.octets = std::numeric_limits<std::uint64_t>::max();
  message.content.eight_bit = true;
  message.content.bare_cr = true;
  message.content.nul = true;
  message.content.ends_with_line = false;
  message.content.hops = 65535;
  message.recipients = {recipient("bob"), QueuedRecipient(), recipient("carol")};
  return message;
}

QueuedMessage with_deadline() {
  QueuedMessage message = full_message();
  message.deliver_by = DeliverBy{Time(std::chrono::milliseconds(1'700'000'000'001)), true, false};
  message.content.tls_optional = true;
  return message;
}

// With the checksum that it ought to have.
std::string summed(std::string octets) {
  const std::uint32_t sum = crc32c(octets);
  for (unsigned shift = 0; shift < 32; shift += 8) octets.push_back(static_cast<char>(sum >> shift & 0xff));
  return octets;
}

std::string unsummed(const std::string& record) { return record.substr(0, record.size() - 4); }

TEST(RecordTest, ReadsBackAsTheSameMessage) {
  EXPECT_EQ(decode(encode(full_message())), full_message());
  EXPECT_EQ(decode(encode(QueuedMessage())), QueuedMessage());
  EXPECT_EQ(decode(encode(with_deadline())), with_deadline());
}

TEST(RecordTest, KeepsADeadline) {
  QueuedMessage message = with_deadline();
  for (const bool returns : {false, true}) {
    for (const bool trace : {false, true}) {
      message.deliver_by = DeliverBy{Time(Duration(-1)), returns, trace};
      EXPECT_EQ(decode(encode(message)), message);
    }
  }
  message.content.tls_optional = false;
  EXPECT_EQ(decode(encode(message)), message);
  message.deliver_by.reset();
  message.content.tls_optional = true;
  EXPECT_EQ(decode(encode(message)), message);
}

// An older program reads all but those that have what it does not know.
TEST(RecordTest, IsOfTheFirstVersionThatHasAllOfIt) {
  EXPECT_EQ(encode(full_message()).front(), 1);
  EXPECT_EQ(encode(with_deadline()).front(), 2);
  std::string record = unsummed(encode(full_message()));
  record.front() = 2;
  const auto message = decode(summed(record));
  ASSERT_FALSE(message);
  EXPECT_EQ(message.error(), "the record is of a later version than it needs to be");
}

// As it was written before there was another version.
TEST(RecordTest, ReadsTheFirstVersion) {
  const std::string written(
      "\x01\x07\x0cMAIL FROM:<>\x80\x80\x01\x80\x80\x02\x05\x02\x00\x03\xc1\x01\x02\x01\x11RCPT "
      "TO:<b@c.org>\x00"
      "\x04mx:c\x01\x80\x80\x01\x00\x00\x00",
      60);
  const auto message = decode(summed(written));
  ASSERT_TRUE(message) << message.error();
  EXPECT_EQ(message->id, MessageId{7});
  EXPECT_EQ(message->priority, -3);
  EXPECT_TRUE(message->report);
  EXPECT_TRUE(message->content.eight_bit && message->content.ends_with_line &&
              message->content.eight_bit_header);
  EXPECT_FALSE(message->deliver_by || message->content.tls_optional);
  EXPECT_EQ(message->recipients.at(0).destination, "mx:c");
  EXPECT_EQ(encode(*message), summed(written));
}

TEST(RecordTest, KeepsEachFactOfTheContentApart) {
  for (bool ContentFacts::* each :
       {&ContentFacts::eight_bit, &ContentFacts::binary, &ContentFacts::bare_cr, &ContentFacts::bare_lf,
        &ContentFacts::nul, &ContentFacts::long_line, &ContentFacts::ends_with_line,
        &ContentFacts::eight_bit_header, &ContentFacts::tls_optional}) {
    QueuedMessage message;
    message.content.*each = !(message.content.*each);
    EXPECT_EQ(decode(encode(message)), message);
  }
}

TEST(RecordTest, KeepsNumbersAtTheirEdges) {
  QueuedMessage message = full_message();
  for (const int priority : {-128, -1, 0, 1, 9, 127}) {
    message.priority = static_cast<std::int8_t>(priority);
    EXPECT_EQ(decode(encode(message)), message) << priority;
  }
  for (const Time time : {Time::min(), Time(), Time(Duration(-1)), kNever}) {
    message.arrived = time;
    EXPECT_EQ(decode(encode(message)), message);
  }
  for (const std::uint64_t octets : {std::uint64_t{0x7f}, std::uint64_t{0x80}, std::uint64_t{1} << 63}) {
    message.content.octets = octets;
    EXPECT_EQ(decode(encode(message)), message) << octets;
  }
}

TEST(RecordTest, IsCompact) {
  QueuedMessage message = full_message();
  message.recipients.resize(1);
  const QueuedRecipient& only = message.recipients.front();
  const std::size_t texts = message.mail.size() + message.user.size() + only.rcpt.size() +
                            only.original.size() + only.destination.size() + only.last_reply.size() +
                            only.last_host.size();
  EXPECT_LE(encode(message).size(), texts + 80);
}

TEST(RecordTest, TruncatedAnywhereIsNone) {
  const std::string record = encode(with_deadline());
  for (std::size_t size = 0; size < record.size(); ++size) {
    EXPECT_FALSE(decode(std::string_view(record).substr(0, size))) << size;
    // Not only the checksum tells.
    if (size + 4 < record.size()) {
      EXPECT_FALSE(decode(summed(record.substr(0, size)))) << size;
    }
  }
}

TEST(RecordTest, EveryFlippedBitIsFound) {
  const std::string record = encode(with_deadline());
  for (std::size_t bit = 0; bit < record.size() * 8; ++bit) {
    std::string damaged = record;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
    EXPECT_FALSE(decode(damaged)) << bit;
  }
}

TEST(RecordTest, WhatIsChangedAtRandomIsFound) {
  const std::string record = encode(with_deadline());
  std::mt19937 random(5);
  for (int round = 0; round < 20'000; ++round) {
    std::string damaged = record;
    for (std::uint32_t times = 1 + random() % 8; times != 0; --times) {
      const std::size_t at = random() % damaged.size();
      switch (random() % 3) {
        case 0: damaged[at] = static_cast<char>(random()); break;
        case 1: damaged.erase(at, 1 + random() % 16); break;
        default: damaged.insert(at, std::string(1 + random() % 16, static_cast<char>(random())));
      }
      if (damaged.empty()) break;
    }
    if (damaged == record) continue;
    EXPECT_FALSE(decode(damaged));
    // With a checksum that fits it may be a message, and is then the very one that is written so.
    if (damaged.size() < 5) continue;
    const std::string fitting = summed(unsummed(damaged));
    const auto message = decode(fitting);
    if (message) {
      EXPECT_EQ(encode(*message), fitting);
    }
  }
}

TEST(RecordTest, SaysWhichVersionItDoesNotKnow) {
  std::string record = unsummed(encode(full_message()));
  record.front() = 7;
  const auto message = decode(summed(record));
  ASSERT_FALSE(message);
  EXPECT_EQ(message.error(), "the record has version 7, and 2 is the latest that is known");
}

TEST(RecordTest, NothingMayStandBehindIt) {
  const auto message = decode(summed(unsummed(encode(QueuedMessage())) + '\0'));
  ASSERT_FALSE(message);
  EXPECT_EQ(message.error(), "the record goes on behind its end");
}

TEST(RecordTest, NumbersHaveOneForm) {
  // Version, then the id, which is nought and takes one octet.
  std::string record = unsummed(encode(QueuedMessage()));
  record.replace(1, 1, std::string("\x80\x00", 2));
  const auto message = decode(summed(record));
  ASSERT_FALSE(message);
  EXPECT_EQ(message.error(), "the record has a number that is longer than it needs to be");
  record.replace(1, 2, std::string(10, '\xff') + '\x01');
  EXPECT_FALSE(decode(summed(record)));
}

TEST(RecordTest, ManyRecipientsThatAreNotThereTakeNoMemory) {
  std::string record = unsummed(encode(QueuedMessage()));
  record.pop_back();
  record += "\xff\xff\xff\xff\xff\xff\xff\xff\x7f";
  const auto message = decode(summed(record));
  ASSERT_FALSE(message);
  EXPECT_EQ(message.error(), "the record has fewer recipients than it says");
}

}  // namespace
}  // namespace postrider::queue
