#include "postrider/agent/queue/queue_report.h"

#include <gtest/gtest.h>

#include "postrider/tests/agent/queue/queue_fixture.h"

namespace postrider::agent {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(QueueReport, AListHasALineForEachMessageRecipientAndReply) {
  auto message = message_to(77, {"bob@example.org", "carol@example.net", "dave@example.com"});
  message.content.octets = 12'700;
  message.arrived = kNow - minutes(192);
  defer(message.recipients[0], minutes(14));
  message.recipients[2].attempts = 1;
  message.recipients[2].last_reply = "the name server does not answer";
  EXPECT_EQ(list_text(entry_of(message, {"mx:example.net"}, kNow), kNow),
            "000000000002d  active    12.4 KiB   3h12m   alice@example.com\n"
            "    bob@example.org  2 attempts, next in 14m\n"
            "        450 4.2.1 Mailbox busy (mx.example.org[192.0.2.1])\n"
            "    carol@example.net  not tried yet, being tried now\n"
            "    dave@example.com  1 attempt, due now\n"
            "        the name server does not answer\n");
}

TEST(QueueReport, AListShowsReportsHeldAndDamagedOnes) {
  auto message = message_to(1, {"bob@example.org"});
  message.mail = "MAIL FROM:<>";
  message.held = true;
  EXPECT_EQ(list_text(entry_of(message, {}, kNow), kNow),
            "0000000000001  held      0 B        1h      <>\n"
            "    bob@example.org  not tried yet, held\n");
  EXPECT_EQ(list_text(entry_of(queue::DamagedRecord{MessageId{2}, "the checksum is wrong"}), kNow),
            "0000000000002  damaged   the checksum is wrong\n");
}

TEST(QueueReport, ControlOctetsNeverReachTheTerminal) {
  auto message = message_to(1, {"bob@example.org"});
  message.mail = "MAIL FROM:<\"a\x1b[2J b\\\"c\"@example.com>";
  message.recipients[0].last_reply = "550 no\x1b]0;title\x07\r\n0000000000009  ready \xff";
  const std::string text = list_text(entry_of(message, {}, kNow), kNow);
  EXPECT_EQ(text,
            "0000000000001  ready     0 B        1h      \"a\\x1b[2J b\\\"c\"@example.com\n"
            "    bob@example.org  not tried yet, due now\n"
            "        550 no\\x1b]0;title\\x07\\r\\n0000000000009  ready \\xff\n");
  EXPECT_EQ(header_text("X: \x1b[2J\r\n"), "  X: \\x1b[2J\n");
}

TEST(QueueReport, ShowTellsEverything) {
  auto message = message_to(77, {"bob@example.org", "carol@example.net"});
  message.mail = "MAIL FROM:<alice@example.com> BODY=8BITMIME";
  message.content.octets = 12'700;
  message.user = "alice";
  message.priority = 4;
  message.deliver_by = queue::DeliverBy{.at = kNow + minutes(90), .returns = true};
  message.recipients[0].original = "robert@example.org";
  message.recipients[0].delay_reported = true;
  defer(message.recipients[0], minutes(14));
  EXPECT_EQ(show_text(entry_of(message, {}, kNow), kNow),
            "id:          000000000002d\n"
            "state:       ready\n"
            "sender:      alice@example.com\n"
            "command:     MAIL FROM:<alice@example.com> BODY=8BITMIME\n"
            "account:     alice\n"
            "size:        12.4 KiB (12700 octets)\n"
            "arrived:     2019-12-19T23:00:00.000Z, 1h ago\n"
            "expires:     2019-12-25T00:00:00.000Z, in 5d\n"
            "deliver by:  2019-12-20T01:30:00.000Z, in 1h30m, is returned then\n"
            "priority:    4\n"
            "recipients:\n"
            "  bob@example.org\n"
            "    state:       deferred, 2 attempts, next in 14m (2019-12-20T00:14:00.000Z)\n"
            "    destination: mx:example.org\n"
            "    command:     RCPT TO:<bob@example.org>\n"
            "    originally:  robert@example.org\n"
            "    last reply:  450 4.2.1 Mailbox busy\n"
            "    from:        mx.example.org[192.0.2.1]\n"
            "    delay:       reported to the sender\n"
            "  carol@example.net\n"
            "    state:       ready, not tried yet, due now (2019-12-20T00:00:00.000Z)\n"
            "    destination: mx:example.net\n"
            "    command:     RCPT TO:<carol@example.net>\n");
}

TEST(QueueReport, ShowSaysWhatIsWrongWithADamagedOne) {
  EXPECT_EQ(show_text(entry_of(queue::DamagedRecord{MessageId{2}, "the checksum is wrong"}), kNow),
            "id:          0000000000002\n"
            "state:       damaged\n"
            "why:         the checksum is wrong\n");
}

TEST(QueueReport, TheHeaderEndsAtTheEmptyLine) {
  EXPECT_EQ(header_text("Subject: Hi\r\n there\r\nTo: b\r\n\r\nBody: no\r\n"),
            "  Subject: Hi\n    there\n  To: b\n");
  EXPECT_EQ(header_text("Subject: cu"), "  Subject: cu\n");
  EXPECT_EQ(header_text(""), "");
  EXPECT_EQ(header_text("\r\nbody"), "");
}

TEST(QueueReport, TheSummaryCountsStates) {
  QueueSummary summary;
  EXPECT_EQ(summary.text(), "the queue is empty");
  auto message = message_to(1, {"bob@example.org"});
  message.content.octets = 1'024;
  summary.add(entry_of(message, {}, kNow));
  EXPECT_EQ(summary.text(), "1 message, 1.0 KiB: 1 ready");
  message.held = true;
  summary.add(entry_of(message, {}, kNow));
  summary.add(entry_of(message, {}, kNow));
  summary.add(entry_of(queue::DamagedRecord{MessageId{2}, ""}));
  EXPECT_EQ(summary.text(), "4 messages, 3.0 KiB: 1 ready, 2 held, 1 damaged");
}

TEST(QueueReport, DurationsHaveOneOrTwoUnits) {
  EXPECT_EQ(duration_text(seconds(0)), "0s");
  EXPECT_EQ(duration_text(seconds(-5)), "0s");
  EXPECT_EQ(duration_text(milliseconds(1)), "1s");
  EXPECT_EQ(duration_text(seconds(59)), "59s");
  EXPECT_EQ(duration_text(seconds(60)), "1m");
  EXPECT_EQ(duration_text(seconds(3'599)), "59m");
  EXPECT_EQ(duration_text(minutes(192)), "3h12m");
  EXPECT_EQ(duration_text(hours(24) + seconds(3)), "1d");
  EXPECT_EQ(duration_text(hours(52)), "2d4h");
}

TEST(QueueReport, SizesHaveAUnit) {
  EXPECT_EQ(size_text(0), "0 B");
  EXPECT_EQ(size_text(1'023), "1023 B");
  EXPECT_EQ(size_text(1'024), "1.0 KiB");
  EXPECT_EQ(size_text(std::uint64_t{5} << 30), "5.0 GiB");
}

}  // namespace
}  // namespace postrider::agent
