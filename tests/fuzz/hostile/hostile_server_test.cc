#include "postrider/fuzz/hostile/hostile_server.h"

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/support/run_task.h"
#include "postrider/tests/support/virtual_time.h"
#include "postrider/transport/memory_network.h"

namespace postrider::fuzz {
namespace {

using namespace std::chrono_literals;
using transport::Endpoint;

constexpr std::string_view kAt = "192.0.2.1:25";
using Lines = std::vector<std::string>;

// Says line after line, whatever is answered, and waits a minute for each reply.
Task<void> talk(transport::Loop& loop, transport::Network& network, Lines lines, Lines& heard,
                WireOutcome& end) {
  Wire wire(loop, network);
  const Endpoint at = *Endpoint::parse(kAt);
  const WireResult connected = co_await wire.connect(at, wire.in(1min));
  end = connected.outcome;
  if (!connected.ok()) co_return;
  lines.insert(lines.begin(), "");
  for (const std::string& line : lines) {
    if (!line.empty()) {
      const WireResult sent = co_await wire.send(line, wire.in(1min));
      (void)sent;
    }
    const WireReply reply = co_await wire.read_reply(wire.in(1min));
    end = reply.outcome;
    if (reply.outcome != WireOutcome::done) co_return;
    heard.push_back(reply.raw);
  }
}

const Lines kSession = {
    "EHLO client\r\n", "MAIL FROM:<a@example.org>\r\n",          "RCPT TO:<b@example.net>\r\n",
    "DATA\r\n",        "Subject: x\r\n\r\n..\r\nhello\r\n.\r\n", "QUIT\r\n"};

class HostileServerTest : public ::testing::Test {
 protected:
  void play(std::vector<const Behaviour*> plan, const Lines& lines = kSession) {
    server.emplace(loop, network, options);
    server->plan(std::move(plan));
    ASSERT_TRUE(server->listen(*Endpoint::parse(kAt)));
    again(lines);
  }
  void again(const Lines& lines = kSession) {
    heard.clear();
    bool done = false;
    loop.spawn(tests::note_end(talk(loop, network, lines, heard, end), done));
    EXPECT_TRUE(tests::run_in_virtual_time(loop, clock, done));
    while (loop.poll()) {
    }
  }
  void TearDown() override { forget(); }
  // The server that there was; its sessions may go on.
  void forget() {
    if (!server) return;
    server->stop();
    while (loop.poll()) {
    }
  }
  const HostileOutcome& outcome() const { return server->outcomes().back(); }

  transport::ManualClock clock;
  transport::Loop loop{clock};
  transport::MemoryNetwork network{loop};
  HostileOptions options;
  std::optional<HostileServer> server;
  Lines heard;
  WireOutcome end = WireOutcome::done;
};

TEST_F(HostileServerTest, TakesAMessageWhenItIsPolite) {
  play({find_behaviour("polite")});
  ASSERT_EQ(heard.size(), 7U);
  EXPECT_EQ(heard[5], "250 2.0.0 Taken\r\n");
  EXPECT_EQ(heard[6], "221 2.0.0 Bye\r\n");
  ASSERT_EQ(outcome().messages.size(), 1U);
  const HostileMessage& message = outcome().messages[0];
  EXPECT_TRUE(message.taken());
  EXPECT_EQ(message.sender, "<a@example.org>");
  EXPECT_EQ(message.recipients, Lines{"<b@example.net>"});
  EXPECT_EQ(message.content, "Subject: x\r\n\r\n..\r\nhello\r\n");
  EXPECT_EQ(outcome().commands.size(), 5U);
  EXPECT_FALSE(outcome().transcript.events.empty());
}

TEST_F(HostileServerTest, TakesChunks) {
  play({find_behaviour("polite")},
       {"EHLO client\r\n", "MAIL FROM:<a@example.org>\r\n", "RCPT TO:<b@example.net>\r\n",
        "BDAT 4\r\n.\r\n\r", "BDAT 6 LAST\r\n\n.\r\nxx", "QUIT\r\n"});
  ASSERT_EQ(outcome().messages.size(), 1U);
  EXPECT_TRUE(outcome().messages[0].taken());
  EXPECT_EQ(outcome().messages[0].content, ".\r\n\r\n.\r\nxx");
}

TEST_F(HostileServerTest, AnswersEachRecipientInLmtp) {
  play({find_behaviour("polite")}, {"LHLO client\r\n", "MAIL FROM:<>\r\n", "RCPT TO:<b@x>\r\n",
                                    "RCPT TO:<c@x>\r\n", "DATA\r\n", ".\r\n", "NOOP\r\n"});
  ASSERT_EQ(outcome().messages.size(), 1U);
  EXPECT_EQ(outcome().messages[0].positive_replies, 2U);
  EXPECT_EQ(outcome().messages[0].content, "");
}

TEST_F(HostileServerTest, DoesWhatItsPlanSaysConnectionByConnection) {
  play({find_behaviour("closes-rcpt"), find_behaviour("354-to-mail"), find_behaviour("half")});
  EXPECT_EQ(outcome().behaviour, "closes-rcpt");
  EXPECT_EQ(end, WireOutcome::closed);
  EXPECT_EQ(heard.size(), 3U);
  again();
  EXPECT_EQ(outcome().behaviour, "354-to-mail");
  EXPECT_EQ(heard[2], "354 Go on\r\n");
  again({"EHLO c\r\n", "MAIL FROM:<>\r\n", "RCPT TO:<b@x>\r\n", "RCPT TO:<c@x>\r\n", "RCPT TO:<d@x>\r\n",
         "QUIT\r\n"});
  EXPECT_EQ(heard[4].substr(0, 3), "550");
  EXPECT_EQ(outcome().messages[0].recipients, (Lines{"<b@x>", "<d@x>"}));
}

TEST_F(HostileServerTest, BehavesAsTheAddressAsks) {
  play({}, {"EHLO c\r\n", "MAIL FROM:<a@x>\r\n", "RCPT TO:<354-to-data@x>\r\n",
            "RCPT TO:<bad-code-rcpt@x>\r\n", "QUIT\r\n"});
  EXPECT_EQ(heard[3], "250 2.1.5 Ok\r\n");
  EXPECT_EQ(heard[4], "666 Ok\r\n");
  EXPECT_EQ(outcome().behaviour, "bad-code-rcpt");
  again({"EHLO c\r\n", "MAIL FROM:<defers-mail@x>\r\n", "MAIL FROM:<a@x>\r\n", "QUIT\r\n"});
  EXPECT_EQ(heard[2].substr(0, 3), "451");
  EXPECT_EQ(heard[3].substr(0, 3), "250");
  again({"EHLO c\r\n", "MAIL FROM:<closes-mail@x>\r\n"});
  EXPECT_EQ(end, WireOutcome::closed);
  EXPECT_EQ(heard.size(), 2U);
}

TEST_F(HostileServerTest, GreylistsARecipientOnce) {
  const Lines lines = {"EHLO c\r\n", "MAIL FROM:<>\r\n", "RCPT TO:<b@x>\r\n", "QUIT\r\n"};
  play({find_behaviour("greylists")}, lines);
  EXPECT_EQ(heard[3].substr(0, 3), "450");
  again(lines);
  EXPECT_EQ(heard[3].substr(0, 3), "250");
}

TEST_F(HostileServerTest, KeepsNoMoreThanItsLimitsLetIt) {
  options.limits.messages = 2;
  options.limits.kept = 6;
  options.limits.kept_in_all = 8;
  const Lines transaction(kSession.begin() + 1, kSession.end() - 1);
  Lines lines = {kSession.front()};
  for (int i = 0; i < 3; ++i) lines.insert(lines.end(), transaction.begin(), transaction.end());
  play({find_behaviour("polite")}, lines);
  EXPECT_EQ(heard.back(), "421 4.3.2 That is enough\r\n");
  EXPECT_EQ(end, WireOutcome::closed);
  ASSERT_EQ(outcome().messages.size(), 2U);
  EXPECT_EQ(outcome().messages[0].content, "Subjec");
  EXPECT_EQ(outcome().messages[1].content, "Su");
  EXPECT_TRUE(outcome().messages[1].taken());
  EXPECT_FALSE(outcome().messages[1].kept_whole());
  EXPECT_EQ(outcome().messages[1].octets, std::string_view("Subject: x\r\n\r\n..\r\nhello\r\n").size());
}

TEST_F(HostileServerTest, OwesNothingForWhatItDidNotTake) {
  for (const char* name :
       {"closes-final", "resets-final", "silent-final", "endless-final", "half-reply-final", "defers-final",
        "code-changes-final", "taken-without-end", "dash-final", "early-250-closes"}) {
    server.reset();
    play({find_behaviour(name)});
    bool ended = false;
    loop.spawn(tests::note_end(transport::sleep_until(loop, transport::later(loop.now(), 10h)), ended));
    EXPECT_TRUE(tests::run_in_virtual_time(loop, clock, ended)) << name;
    ASSERT_FALSE(server->outcomes().empty()) << name;
    for (const HostileMessage& each : outcome().messages) EXPECT_FALSE(each.taken()) << name;
    forget();
  }
}

TEST_F(HostileServerTest, EndsWhateverTheClientDoes) {
  options.limits.most = 1h;
  for (const Behaviour& each : behaviours()) {
    server.reset();
    play({&each}, {"EHLO c\r\n", "MAIL FROM:<>\r\n", "RCPT TO:<b@x>\r\n", "DATA\r\n", "no end"});
    bool ended = false;
    loop.spawn(tests::note_end(transport::sleep_until(loop, transport::later(loop.now(), 2h)), ended));
    EXPECT_TRUE(tests::run_in_virtual_time(loop, clock, ended)) << each.name;
    EXPECT_EQ(server->open(), 0U) << each.name;
    forget();
  }
}

TEST(PositiveReplies, AreCountedWhereAClientMayBelieveThem) {
  EXPECT_EQ(positive_replies("250 Ok\r\n"), 1U);
  EXPECT_EQ(positive_replies("250\r\n"), 1U);
  EXPECT_EQ(positive_replies("250-a\r\n250 b\r\n250 c\r\n"), 2U);
  EXPECT_EQ(positive_replies("250-a\r\n550 b\r\n"), 0U);
  EXPECT_EQ(positive_replies("550 b\r\n250 Ok\r\n"), 0U);
  EXPECT_EQ(positive_replies("250 Ok"), 0U);
  EXPECT_EQ(positive_replies("250-Ok\r\n"), 0U);
  EXPECT_EQ(positive_replies(""), 0U);
}

}  // namespace
}  // namespace postrider::fuzz
