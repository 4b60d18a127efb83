#include "postrider/fuzz/wire/wire_reply.h"

#include <string>

#include <gtest/gtest.h>

namespace postrider::fuzz {
namespace {

constexpr std::size_t kLines = 10;

std::string flaw_of(std::string_view octets) { return read_wire_reply(octets).malformed; }

TEST(WireReply, EndsWithTheFirstLineThatDoesNotGoOn) {
  EXPECT_EQ(reply_length("250 ok\r\n250 more\r\n", kLines), 8U);
  EXPECT_EQ(reply_length("250-a\r\n250-b\r\n250 c\r\n", kLines), 21U);
  EXPECT_EQ(reply_length("250-a\r\n250\r\n", kLines), 12U);
  EXPECT_EQ(reply_length("nonsense-\n250 ok\r\n", kLines), 10U);
  EXPECT_EQ(reply_length("", kLines), 0U);
  EXPECT_EQ(reply_length("250 ok\r", kLines), 0U);
  EXPECT_EQ(reply_length("250-a\r\n250 b", kLines), 0U);
}

TEST(WireReply, IsCutWhereThereAreTooManyLines) {
  EXPECT_EQ(reply_length("250-a\r\n250-b\r\n250-c\r\n", 2), 14U);
}

TEST(WireReply, HasCodeStatusAndLines) {
  const WireReply reply = read_wire_reply("550-5.1.1 no such user\r\n550 5.1.1 sorry\r\n");
  EXPECT_TRUE(reply.ok()) << reply.malformed;
  EXPECT_EQ(reply.code, 550U);
  EXPECT_EQ(reply.first_digit(), 5U);
  ASSERT_TRUE(reply.status);
  EXPECT_EQ(reply.status->klass, 5);
  EXPECT_EQ(reply.status->code, protocol::status::bad_mailbox);
  ASSERT_EQ(reply.lines.size(), 2U);
  EXPECT_EQ(reply.lines[1], "5.1.1 sorry");
  EXPECT_EQ(reply.text(), "550 5.1.1 no such user / 5.1.1 sorry");
}

TEST(WireReply, TakesWhatTheGrammarHas) {
  EXPECT_EQ(flaw_of("250\r\n"), "");
  EXPECT_EQ(flaw_of("250 \r\n"), "");
  EXPECT_EQ(flaw_of("250-\r\n250 a\tb\r\n"), "");
  EXPECT_EQ(flaw_of("250 caf\xC3\xA9\r\n"), "");
}

TEST(WireReply, SaysWhatTheGrammarHasNot) {
  EXPECT_EQ(flaw_of("250 ok\n"), "'250 ok\\n' ends in LF alone");
  EXPECT_EQ(flaw_of("ok\r\n"), "'ok\\r\\n' has no code of three digits");
  EXPECT_EQ(flaw_of("150 ok\r\n"), "'150 ok\\r\\n' has a code that does not begin with 2, 3, 4 or 5");
  EXPECT_EQ(flaw_of("260 ok\r\n"), "'260 ok\\r\\n' has a code whose second digit is above 5");
  EXPECT_EQ(flaw_of("250ok\r\n"), "'250ok\\r\\n' has neither space nor hyphen behind the code");
  EXPECT_EQ(flaw_of("250 a\rb\r\n"), "'250 a\\rb\\r\\n' has a control character");
  EXPECT_EQ(flaw_of("250-a\r\n251 b\r\n"), "the code changes from 250 in '251 b\\r\\n'");
  EXPECT_EQ(read_wire_reply("ok\r\n").code, 0U);
}

TEST(WireReply, ATextForPeopleShowsNoControls) {
  EXPECT_EQ(read_wire_reply("250 \x1B[2J\r\n").text(), "250 \\x1b[2J");
  WireReply none;
  none.outcome = WireOutcome::timeout;
  EXPECT_EQ(none.text(), "(did not answer in time)");
  none.raw = "250-a\r\n";
  EXPECT_EQ(none.text(), "(did not answer in time after '250-a\\r\\n')");
}

}  // namespace
}  // namespace postrider::fuzz
