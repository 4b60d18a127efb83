// Stopping: idle sessions at once, transactions when they are over, the rest when the time has come.

#include "postrider/server/sessions.h"

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/server/fixture.h"

namespace postrider::server {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using tests::Client;

constexpr std::string_view kStopping = "421 4.3.2 mx.test Shutting down, try again later\r\n";
constexpr std::string_view kOkLine = "250 2.0.0 Ok\r\n";

class SessionsTest : public tests::SessionFixture<> {
 protected:
  Client greeted() {
    Client client = connect();
    client.receive();
    client.say("EHLO client.test\r\n");
    return client;
  }
};

TEST_F(SessionsTest, IdleSessionsAreToldAtOnce) {
  Client fresh = connect();
  fresh.receive();
  Client client = greeted();
  sessions_.stop();
  EXPECT_EQ(client.receive(), kStopping);
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(fresh.receive(), kStopping);
  client.hang_up();
  fresh.hang_up();
  EXPECT_EQ(sessions_.size(), 0U);
  EXPECT_EQ(record_.ends, (std::vector<std::string>{"stopped", "stopped"}));
}

TEST_F(SessionsTest, ATransactionGoesOnToItsEnd) {
  Client client = greeted();
  client.say("MAIL FROM:<a@client.test>\r\n");
  sessions_.stop();
  EXPECT_EQ(client.receive(), "");
  EXPECT_EQ(client.say("RCPT TO:<b@mx.test>\r\n"), kOkLine);
  EXPECT_TRUE(client.say("DATA\r\n").starts_with("354"));
  EXPECT_EQ(client.say("text\r\n.\r\n"), std::string(kOkLine) + std::string(kStopping));
  EXPECT_EQ(record_.messages.size(), 1U);
  EXPECT_TRUE(client.closed());
}

TEST_F(SessionsTest, WhatIsPipelinedBehindATransactionIsStillAnswered) {
  Client client = greeted();
  client.say("MAIL FROM:<a@client.test>\r\nRCPT TO:<b@mx.test>\r\n");
  client.say("DATA\r\n");
  sessions_.stop();
  EXPECT_EQ(client.say("text\r\n.\r\nMAIL FROM:<c@client.test>\r\nRSET\r\nNOOP\r\n"),
            std::string(kOkLine) + std::string(kOkLine) + std::string(kOkLine) + std::string(kOkLine) +
                std::string(kStopping));
}

TEST_F(SessionsTest, StopNowEndsTransactionsToo) {
  Client client = greeted();
  client.say("MAIL FROM:<a@client.test>\r\nRCPT TO:<b@mx.test>\r\n");
  client.say("DATA\r\n");
  client.say("half a mess");
  sessions_.stop();
  EXPECT_EQ(client.receive(), "");
  sessions_.stop_now();
  EXPECT_EQ(client.receive(), kStopping);
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(record_.abandoned, 1);
}

TEST_F(SessionsTest, AHandlerAtWorkIsLetFinish) {
  transport::Signal go(loop_);
  behaviour_.go = &go;
  behaviour_.stall_in = "finish";
  Client client = greeted();
  client.say("MAIL FROM:<a@client.test>\r\nRCPT TO:<b@mx.test>\r\n");
  client.say("DATA\r\n");
  client.say("text\r\n.\r\n");
  sessions_.stop_now();
  EXPECT_EQ(client.receive(), "");
  go.notify();
  EXPECT_EQ(client.receive(), std::string(kOkLine) + std::string(kStopping));
  EXPECT_EQ(record_.messages.size(), 1U);
}

TEST_F(SessionsTest, ASessionThatBeginsWhileStoppingIsTold) {
  sessions_.stop();
  Client client = connect();
  EXPECT_EQ(client.receive(), "220 mx.test ESMTP\r\n421 4.3.2 mx.test Shutting down, try again later\r\n");
}

TEST_F(SessionsTest, StopNowEndsLingeringAndBlockedWrites) {
  Client lingering = greeted();
  lingering.say("NO\rOP\r\n");
  capacity_ = 64;
  Client blocked = connect_again();
  blocked.send("EHLO client.test\r\n");
  EXPECT_EQ(sessions_.size(), 2U);
  sessions_.stop_now();
  tests::settle(loop_);
  EXPECT_EQ(sessions_.size(), 0U);
  EXPECT_EQ(record_.ends, (std::vector<std::string>{"bad_ending", "stopped"}));
}

TEST_F(SessionsTest, StoppingEndsTheWaitBeforeTheGreeting) {
  ServerConfig config = tests::test_config();
  config.timeouts.greeting = minutes(1);
  Client client = connect(config);
  sessions_.stop();
  EXPECT_TRUE(client.receive().ends_with(kStopping));
}

TEST_F(SessionsTest, WaitEmptyWaitsForTheLastOne) {
  Client client = greeted();
  std::optional<transport::error_code> outcome;
  loop_.spawn(tests::keep_result(sessions_.wait_empty(transport::later(loop_.now(), minutes(1))), outcome));
  tests::settle(loop_);
  EXPECT_FALSE(outcome);
  client.hang_up();
  EXPECT_EQ(outcome, transport::error_code());

  Client other = greeted();
  outcome.reset();
  loop_.spawn(tests::keep_result(sessions_.wait_empty(transport::later(loop_.now(), seconds(10))), outcome));
  tests::settle(loop_);
  advance(seconds(10));
  EXPECT_EQ(outcome, transport::error_code(transport::error::timed_out));
}

TEST_F(SessionsTest, NewSessionsFollowANewConfiguration) {
  Client before = greeted();
  ServerConfig config = tests::test_config();
  config.protocol.hostname = "new.test";
  Client after = connect(config);
  EXPECT_EQ(after.receive(), "220 new.test ESMTP\r\n");
  sessions_.stop();
  EXPECT_EQ(before.receive(), kStopping);
}

TEST(ServiceTest, RefusesAKeywordThatCannotBeOffered) {
  ServerConfig config = tests::test_config();
  config.gateway_keyword = "X CLIENT";
  EXPECT_THROW((void)Service::make(config), std::invalid_argument);
}

}  // namespace
}  // namespace postrider::server
