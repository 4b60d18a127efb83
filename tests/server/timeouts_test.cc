// The driver and the clock: whoever is slow is told 421 4.4.2 on time, whoever is quick enough is not.

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/server/connection.h"
#include "postrider/tests/server/fixture.h"

namespace postrider::server {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using tests::Client;

constexpr std::string_view kLate = "421 4.4.2 mx.test Timeout exceeded, closing connection\r\n";

class TimeoutsTest : public tests::SessionFixture<> {
 protected:
  Client begin_data(ServerConfig config = tests::test_config()) {
    Client client = connect(std::move(config));
    client.receive();
    client.say("EHLO client.test\r\n");
    client.say("MAIL FROM:<a@client.test>\r\nRCPT TO:<b@mx.test>\r\n");
    EXPECT_TRUE(client.say("DATA\r\n").starts_with("354"));
    return client;
  }

  void expect_late(Client& client) {
    EXPECT_EQ(client.receive(), kLate);
    EXPECT_TRUE(client.closed());
    client.hang_up();
    EXPECT_EQ(record_.ends, std::vector<std::string>{"timed_out"});
    EXPECT_EQ(sessions_.counters().timeouts.value(), 1U);
  }
};

TEST_F(TimeoutsTest, ASilentClientIsClosedAfterFiveMinutes) {
  Client client = connect();
  client.receive();
  advance(minutes(5) - seconds(2));
  EXPECT_EQ(client.receive(), "");
  advance(seconds(2));
  expect_late(client);
}

TEST_F(TimeoutsTest, EveryCommandHasItsOwnFiveMinutes) {
  Client client = connect();
  client.receive();
  client.say("EHLO client.test\r\n");
  for (int round = 0; round < 10; ++round) {
    advance(minutes(4));
    EXPECT_EQ(client.say("NOOP\r\n"), "250 2.0.0 Ok\r\n");
  }
  advance(minutes(5));
  expect_late(client);
}

TEST_F(TimeoutsTest, OctetsOfACommandBuyNoTime) {
  Client client = connect();
  client.receive();
  client.say("EHLO client.test\r\n");
  std::string said;
  for (int minute = 0; minute < 4; ++minute) {
    advance(minutes(1));
    EXPECT_EQ(client.say("N"), "");
  }
  advance(minutes(1));
  expect_late(client);
}

TEST_F(TimeoutsTest, TheIdleLimitIsConfigurable) {
  ServerConfig config = tests::test_config();
  config.timeouts.command = seconds(10);
  Client client = connect(config);
  client.receive();
  advance(seconds(10));
  expect_late(client);
}

TEST_F(TimeoutsTest, SilenceInContentIsEnded) {
  Client client = begin_data();
  client.say("some text\r\n");
  advance(minutes(5));
  expect_late(client);
  EXPECT_EQ(record_.abandoned, 1);
}

TEST_F(TimeoutsTest, AnOctetAMinuteInContentIsEndedOnTime) {
  Client client = begin_data();
  for (int minute = 0; minute < 4; ++minute) {
    advance(minutes(1));
    EXPECT_EQ(client.say("x"), "") << minute;
  }
  advance(minutes(1));
  expect_late(client);
  EXPECT_EQ(record_.abandoned, 1);
}

TEST_F(TimeoutsTest, OctetsOfContentNeedTheMinimumRate) {
  ServerConfig config = tests::test_config();
  config.timeouts.data_octets_per_minute = 600;
  // Half the rate: the five minutes are used up after ten.
  {
    Client client = begin_data(config);
    int minute = 0;
    for (; minute < 100 && !client.closed(); ++minute) {
      advance(minutes(1) - seconds(1));
      client.say(std::string(298, 'x') + "\r\n");
    }
    EXPECT_GE(minute, 9);
    EXPECT_LE(minute, 11);
    client.hang_up();
    EXPECT_EQ(record_.ends, std::vector<std::string>{"timed_out"});
  }
  // The rate itself: no end.
  Client client = begin_data(config);
  for (int minute = 0; minute < 300; ++minute) {
    advance(minutes(1) - seconds(1));
    ASSERT_EQ(client.say(std::string(598, 'x') + "\r\n"), "");
  }
  EXPECT_EQ(client.say(".\r\n"), "250 2.0.0 Ok\r\n");
}

TEST_F(TimeoutsTest, SpeedIsNotSavedUp) {
  Client client = begin_data();
  std::string content;
  while (content.size() < 1'000'000) content += std::string(998, 'x') + "\r\n";
  std::string_view rest = content;
  while (!rest.empty()) rest = client.send(rest);
  advance(minutes(5) - seconds(1));
  EXPECT_EQ(client.receive(), "");
  advance(seconds(1));
  expect_late(client);
}

TEST_F(TimeoutsTest, ChunksShareTheTimeOfContent) {
  Client client = connect();
  client.receive();
  client.say("EHLO client.test\r\n");
  client.say("MAIL FROM:<a@client.test>\r\nRCPT TO:<b@mx.test>\r\n");
  client.say("BDAT 1\r\nx");
  for (int minute = 0; minute < 4; ++minute) {
    advance(minutes(1));
    EXPECT_TRUE(client.say("BDAT 1\r\nx").starts_with("250")) << minute;
  }
  advance(minutes(1));
  expect_late(client);
}

TEST_F(TimeoutsTest, AClientThatDoesNotReadIsClosed) {
  capacity_ = 256;
  Client client = connect();
  client.send(
      "EHLO client.test\r\nNOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\n");
  client.send("NOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\n");
  advance(minutes(5) - seconds(1));
  EXPECT_EQ(sessions_.size(), 1U);
  advance(seconds(1));
  EXPECT_EQ(record_.ends, std::vector<std::string>{"timed_out"});
  advance(seconds(10));
  EXPECT_EQ(sessions_.size(), 0U);
}

TEST_F(TimeoutsTest, LingeringHasAnEnd) {
  Client client = connect();
  client.receive();
  client.say("EHLO client\r.test\r\n");
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(sessions_.size(), 1U);
  client.send("and I talk on");
  advance(seconds(5));
  EXPECT_EQ(sessions_.size(), 0U);
}

TEST_F(TimeoutsTest, TheWholeSessionMayHaveAnEnd) {
  ServerConfig config = tests::test_config();
  config.timeouts.session = minutes(20);
  Client client = connect(config);
  client.receive();
  client.say("EHLO client.test\r\n");
  for (int round = 0; round < 19; ++round) {
    advance(minutes(1) - seconds(1));
    EXPECT_EQ(client.say("NOOP\r\n"), "250 2.0.0 Ok\r\n");
  }
  advance(minutes(2));
  expect_late(client);
}

// Our own slowness is not the client's fault.
TEST_F(TimeoutsTest, TheHandlersTimeIsNotTheClients) {
  transport::Signal go(loop_);
  behaviour_.go = &go;
  behaviour_.stall_in = "rcpt";
  Client client = connect();
  client.receive();
  client.say("EHLO client.test\r\nMAIL FROM:<a@client.test>\r\n");
  client.say("MAIL FROM:<a@client.test>\r\n");
  EXPECT_EQ(client.say("RCPT TO:<b@mx.test>\r\n"), "");
  advance(hours(1));
  EXPECT_EQ(client.receive(), "");
  go.notify();
  EXPECT_EQ(client.receive(), "250 2.0.0 Ok\r\n");
  advance(minutes(4));
  EXPECT_EQ(client.say("NOOP\r\n"), "250 2.0.0 Ok\r\n");
}

}  // namespace
}  // namespace postrider::server
