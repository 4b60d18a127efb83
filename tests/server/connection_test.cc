// The driver against a client in memory: what is said, in how many writes, and what the handler sees.

#include "postrider/server/connection.h"

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/server/fixture.h"

namespace postrider::server {
namespace {

using tests::Client;
using tests::Message;

constexpr std::string_view kHello =
    "250-mx.test\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250 CHUNKING\r\n";
constexpr std::string_view kOkLine = "250 2.0.0 Ok\r\n";
constexpr std::string_view kGo = "354 End data with <CR><LF>.<CR><LF>\r\n";
constexpr std::string_view kBye = "221 2.0.0 Bye\r\n";

std::string times(int count, std::string_view text) {
  std::string all;
  for (int index = 0; index < count; ++index) all += text;
  return all;
}

// The capabilities come in an order that is the core's business.
std::string hello_reply(Client& client) { return client.say("EHLO client.test\r\n"); }

class ConnectionTest : public tests::SessionFixture<> {};

TEST_F(ConnectionTest, TakesAMessage) {
  Client client = connect();
  EXPECT_EQ(client.receive(), "220 mx.test ESMTP\r\n");
  EXPECT_EQ(hello_reply(client).size(), kHello.size());
  EXPECT_EQ(client.say("MAIL FROM:<a@client.test>\r\n"), kOkLine);
  EXPECT_EQ(client.say("RCPT TO:<b@mx.test>\r\n"), kOkLine);
  EXPECT_EQ(client.say("DATA\r\n"), kGo);
  EXPECT_EQ(client.say("Subject: x\r\n\r\n..stuffed\r\n.\r\n"), kOkLine);
  EXPECT_EQ(client.say("QUIT\r\n"), kBye);
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(record_.messages, (std::vector<Message>{{"a", {"b"}, "Subject: x\r\n\r\n.stuffed\r\n"}}));
  EXPECT_EQ(record_.ends, std::vector<std::string>{"quit"});
  EXPECT_EQ(record_.handlers, 0);
  EXPECT_EQ(sessions_.size(), 0U);
  EXPECT_EQ(sessions_.counters().messages.value(), 1U);
  EXPECT_EQ(sessions_.counters().octets.value(), 24U);
  EXPECT_EQ(sessions_.counters().connections.value(), 1U);
  EXPECT_EQ(sessions_.counters().ended.value(), 1U);
}

TEST_F(ConnectionTest, AnswersAGroupInOneWrite) {
  Client client = connect();
  hello_reply(client);
  const auto writes = script_.writes;
  EXPECT_EQ(client.say("MAIL FROM:<a@client.test>\r\nRCPT TO:<b@mx.test>\r\nRCPT TO:<c@mx.test>\r\nDATA\r\n"),
            times(3, kOkLine) + std::string(kGo));
  EXPECT_EQ(script_.writes, writes + 1);
  EXPECT_EQ(client.say("one\r\n.\r\nMAIL FROM:<a@client.test>\r\nRCPT TO:<d@mx.test>\r\nDATA\r\n"),
            times(3, kOkLine) + std::string(kGo));
  EXPECT_EQ(script_.writes, writes + 2);
  EXPECT_EQ(client.say("two\r\n.\r\nQUIT\r\n"), std::string(kOkLine) + std::string(kBye));
  EXPECT_EQ(script_.writes, writes + 3);
  EXPECT_EQ(record_.messages, (std::vector<Message>{{"a", {"b", "c"}, "one\r\n"}, {"a", {"d"}, "two\r\n"}}));
}

TEST_F(ConnectionTest, AnswersAGroupInOneWriteWhenTheHandlerTakesItsTime) {
  behaviour_.later = true;
  Client client = connect();
  hello_reply(client);
  const auto writes = script_.writes;
  EXPECT_EQ(client.say("MAIL FROM:<a@client.test>\r\nRCPT TO:<b@mx.test>\r\nRCPT TO:<c@mx.test>\r\nDATA\r\n"),
            times(3, kOkLine) + std::string(kGo));
  EXPECT_EQ(script_.writes, writes + 1);
  EXPECT_EQ(client.say("one\r\n.\r\nQUIT\r\n"), std::string(kOkLine) + std::string(kBye));
  EXPECT_EQ(script_.writes, writes + 2);
  EXPECT_EQ(record_.messages, (std::vector<Message>{{"a", {"b", "c"}, "one\r\n"}}));
}

// Octet by octet in, octet by octet out, and nothing changes but the number of turns.
class ConnectionInPiecesTest : public ConnectionTest, public testing::WithParamInterface<bool> {};
INSTANTIATE_TEST_SUITE_P(Pace, ConnectionInPiecesTest, testing::Bool());

TEST_P(ConnectionInPiecesTest, OctetByOctet) {
  behaviour_.later = GetParam();
  script_.most_written = 1;
  Client client = connect();
  std::string replies;
  for (const char octet :
       std::string_view("EHLO client.test\r\nMAIL FROM:<a@client.test>\r\nRCPT TO:<b@mx.test>\r\n"
                        "DATA\r\nhello\r\n..\r\n.\r\nRSET\r\nNOOP\r\nQUIT\r\n")) {
    replies += client.say(std::string_view(&octet, 1));
  }
  EXPECT_TRUE(replies.ends_with(times(2, kOkLine) + std::string(kGo) + times(3, kOkLine) + std::string(kBye)))
      << replies;
  EXPECT_EQ(record_.messages, (std::vector<Message>{{"a", {"b"}, "hello\r\n.\r\n"}}));
  EXPECT_EQ(loop_.buffers().borrowed(), 0U);
}

TEST_P(ConnectionInPiecesTest, ShortReads) {
  behaviour_.later = GetParam();
  for (std::size_t most = 1; most < 30; ++most) {
    script_ = {};
    script_.most_read = most;
    record_ = {};
    Client client = connect();
    client.receive();
    client.send("EHLO client.test\r\n");
    client.receive();
    client.send("MAIL FROM:<a@client.test>\r\nRCPT TO:<b@mx.test>\r\n");
    EXPECT_EQ(client.receive(), times(2, kOkLine));
    client.send("DATA\r\n");
    client.send("hello\r\n..\r\n.\r\nQUIT\r\n");
    EXPECT_EQ(client.receive(), std::string(kGo) + std::string(kOkLine) + std::string(kBye));
    EXPECT_EQ(record_.messages, (std::vector<Message>{{"a", {"b"}, "hello\r\n.\r\n"}}));
  }
}

TEST_F(ConnectionTest, AnIdleSessionHoldsNoBuffer) {
  Client client = connect();
  EXPECT_EQ(loop_.buffers().borrowed(), 0U);
  hello_reply(client);
  EXPECT_EQ(loop_.buffers().borrowed(), 0U);
  client.say("MAIL FROM:<a@cli");
  EXPECT_EQ(loop_.buffers().borrowed(), 0U);
  EXPECT_EQ(client.say("ent.test>\r\nRCPT TO:<b@mx.test>\r\nDATA\r\n"), times(2, kOkLine) + std::string(kGo));
  client.say("some text\r\n.");
  EXPECT_EQ(loop_.buffers().borrowed(), 0U);
  EXPECT_EQ(client.say("\r\nQUIT\r"), kOkLine);
  EXPECT_EQ(client.say("\n"), kBye);
}

TEST_F(ConnectionTest, AHandlerThatMakesAMessageSafeHoldsNoBuffer) {
  transport::Signal go(loop_);
  behaviour_.go = &go;
  behaviour_.stall_in = "finish";
  Client client = connect();
  hello_reply(client);
  client.say("MAIL FROM:<a@client.test>\r\nRCPT TO:<b@mx.test>\r\nDATA\r\n");
  EXPECT_EQ(client.say("text\r\n.\r\nNOOP\r\nMAIL FROM:<x@client.test>\r\nQU"), "");
  EXPECT_EQ(loop_.buffers().borrowed(), 0U);
  go.notify();
  EXPECT_EQ(client.receive(), times(3, kOkLine));
  EXPECT_EQ(client.say("IT\r\n"), kBye);
}

TEST_F(ConnectionTest, TakesChunks) {
  Client client = connect();
  hello_reply(client);
  client.say("MAIL FROM:<a@client.test>\r\nRCPT TO:<b@mx.test>\r\n");
  EXPECT_EQ(client.say("BDAT 7\r\none.\r\n."), "250 2.0.0 Chunk received\r\n");
  EXPECT_EQ(client.say("BDAT 5 LAST\r\n\r\nend"), kOkLine);
  EXPECT_EQ(record_.messages, (std::vector<Message>{{"a", {"b"}, "one.\r\n.\r\nend"}}));
  EXPECT_EQ(client.say("QUIT\r\n"), kBye);
}

TEST_F(ConnectionTest, MovesLargeMessages) {
  Client client = connect();
  hello_reply(client);
  client.say("MAIL FROM:<a@client.test>\r\nRCPT TO:<b@mx.test>\r\nDATA\r\n");
  std::string content;
  for (int line = 0; line < 20'000; ++line) content += "line " + std::to_string(line) + "\r\n";
  std::string_view rest = content;
  while (!rest.empty()) rest = client.send(rest);
  EXPECT_EQ(client.say(".\r\n"), kOkLine);
  ASSERT_EQ(record_.messages.size(), 1U);
  EXPECT_TRUE(record_.messages[0].content == content);
}

TEST_F(ConnectionTest, RefusalsOfTheHandlerReachTheClient) {
  behaviour_.recipient_replies["nobody"] =
      Reply(protocol::code::mailbox_unavailable, protocol::status::bad_mailbox, "No such user");
  Client client = connect();
  hello_reply(client);
  client.say("MAIL FROM:<a@client.test>\r\n");
  EXPECT_EQ(client.say("RCPT TO:<nobody@mx.test>\r\n"), "550 5.1.1 No such user\r\n");
  EXPECT_TRUE(client.say("DATA\r\n").starts_with("5"));
  behaviour_.data_refusal =
      Reply(protocol::code::insufficient_storage, protocol::status::system_full, "Full");
  EXPECT_EQ(client.say("RCPT TO:<b@mx.test>\r\nDATA\r\n"), std::string(kOkLine) + "452 4.3.1 Full\r\n");
  behaviour_.data_refusal.reset();
  behaviour_.final_replies = {
      Reply(protocol::code::insufficient_storage, protocol::status::system_full, "Full")};
  EXPECT_EQ(client.say("DATA\r\n"), kGo);
  EXPECT_EQ(client.say("text\r\n.\r\n"), "452 4.3.1 Full\r\n");
  EXPECT_EQ(record_.messages.size(), 0U);
  EXPECT_EQ(sessions_.counters().messages_refused.value(), 1U);
  EXPECT_EQ(client.say("NOOP\r\n"), kOkLine) << "the session goes on";
}

TEST_F(ConnectionTest, LmtpAnswersForEachRecipient) {
  for (const bool later : {false, true}) {
    ServerConfig config = tests::test_config();
    config.protocol.flavor = protocol::Flavor::lmtp;
    record_ = {};
    behaviour_ = {};
    behaviour_.later = later;
    behaviour_.final_replies = {Reply(kOk),
                                Reply(protocol::code::exceeded_storage, protocol::status::mailbox_full, "No"),
                                Reply(kOk)};
    Client client = connect(config);
    EXPECT_EQ(client.receive(), "220 mx.test LMTP\r\n");
    client.say("LHLO client.test\r\n");
    client.say(
        "MAIL FROM:<a@client.test>\r\nRCPT TO:<b@mx.test>\r\nRCPT TO:<c@mx.test>\r\nRCPT TO:<d@mx.test>\r\n");
    EXPECT_EQ(client.say("DATA\r\n"), kGo);
    const auto writes = script_.writes;
    EXPECT_EQ(client.say("text\r\n.\r\n"), std::string(kOkLine) + "552 5.2.2 No\r\n" + std::string(kOkLine));
    EXPECT_EQ(script_.writes, writes + 1);
    EXPECT_EQ(record_.messages, (std::vector<Message>{{"a", {"b", "c", "d"}, "text\r\n"}}));
    EXPECT_EQ(client.say("QUIT\r\n"), kBye);
  }
  EXPECT_EQ(sessions_.counters().messages.value(), 2U);
}

TEST_F(ConnectionTest, AFlawedMessageIsAbandoned) {
  Client client = connect();
  hello_reply(client);
  client.say("MAIL FROM:<a@client.test>\r\nRCPT TO:<b@mx.test>\r\nDATA\r\n");
  EXPECT_TRUE(client.say("bare\nline feed\r\n.\r\n").starts_with("55"));
  EXPECT_EQ(record_.abandoned, 1);
  EXPECT_EQ(record_.sinks, 0);
  EXPECT_TRUE(record_.messages.empty());
}

TEST_F(ConnectionTest, RsetForgetsAndTheHandlerHears) {
  Client client = connect();
  hello_reply(client);
  client.say("MAIL FROM:<a@client.test>\r\nRCPT TO:<b@mx.test>\r\nRSET\r\n");
  EXPECT_EQ(record_.calls.back(), "reset");
  client.say("NONSENSE\r\n");
  EXPECT_EQ(record_.calls.back(), "refused");
  EXPECT_EQ(sessions_.counters().commands_refused.value(), 1U);
}

TEST_F(ConnectionTest, TheEndOfInputEndsTheSession) {
  Client client = connect();
  hello_reply(client);
  client.say("MAIL FROM:<a@client.test>\r\nRCPT TO:<b@mx.test>\r\nDATA\r\n");
  client.say("half a mess");
  client.hang_up();
  EXPECT_EQ(record_.abandoned, 1);
  EXPECT_EQ(record_.ends, std::vector<std::string>{"end_of_input"});
  EXPECT_EQ(sessions_.size(), 0U);
}

TEST_F(ConnectionTest, CommandsBeforeAHalfCloseAreAnswered) {
  Client client = connect();
  client.receive();
  client.send("EHLO client.test\r\n");
  client.stream().finish_writing();
  EXPECT_TRUE(client.receive().starts_with("250-mx.test"));
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(record_.ends, std::vector<std::string>{"end_of_input"});
}

TEST_F(ConnectionTest, ARefusedClientReadsWhy) {
  Client client = connect();
  client.receive();
  // What follows the offence is never read by the session; closing at once would reset the connection.
  const std::string replies = client.say("EHLO client\r.test\r\nNOOP\r\nNOOP\r\n");
  EXPECT_TRUE(replies.starts_with("5")) << replies;
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(sessions_.size(), 1U) << "lingers";
  client.hang_up();
  EXPECT_EQ(sessions_.size(), 0U);
  EXPECT_EQ(record_.ends, std::vector<std::string>{"bad_ending"});
}

TEST_F(ConnectionTest, TooManyErrorsEndTheSession) {
  ServerConfig config = tests::test_config();
  config.protocol.limits.errors = 3;
  Client client = connect(config);
  hello_reply(client);
  const std::string replies = client.say(times(10, "NONSENSE\r\n"));
  EXPECT_NE(replies.find("421 "), std::string::npos);
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(record_.ends, std::vector<std::string>{"too_many_errors"});
}

TEST_F(ConnectionTest, TheHandlerTurnsPeersAway) {
  behaviour_.greeting = Reply(protocol::code::transaction_failed, "No SMTP service here");
  {
    Client client = connect();
    EXPECT_EQ(client.receive(), "554 No SMTP service here\r\n");
    EXPECT_TRUE(client.say("EHLO client.test\r\n").starts_with("503"));
    EXPECT_TRUE(client.say("QUIT\r\n").starts_with("221"));
  }
  behaviour_.greeting = Reply(protocol::code::service_not_available, "Come back later");
  behaviour_.later = true;
  Client client = connect();
  EXPECT_EQ(client.receive(), "421 Come back later\r\n");
  EXPECT_TRUE(client.closed());
  client.hang_up();
  EXPECT_EQ(record_.ends, (std::vector<std::string>{"quit", "refused"}));
}

TEST_F(ConnectionTest, AFourTwentyOneOfTheHandlerEndsTheSession) {
  behaviour_.recipient_replies["b"] =
      Reply(protocol::code::service_not_available, protocol::status::other, "Enough");
  Client client = connect();
  hello_reply(client);
  EXPECT_EQ(client.say("MAIL FROM:<a@client.test>\r\nRCPT TO:<b@mx.test>\r\nDATA\r\n"),
            std::string(kOkLine) + "421 4.0.0 Enough\r\n");
  EXPECT_TRUE(client.closed());
  client.hang_up();
  EXPECT_EQ(record_.ends, std::vector<std::string>{"refused"});
}

TEST_F(ConnectionTest, EarlyTalkersAreTurnedAwayWhereWeWaitForThem) {
  ServerConfig config = tests::test_config();
  config.timeouts.greeting = std::chrono::seconds(2);
  {
    Client client = connect(config);
    EXPECT_EQ(client.receive(), "");
    EXPECT_TRUE(client.say("EHLO client.test\r\n").starts_with("5"));
    EXPECT_TRUE(client.closed());
    client.hang_up();
    EXPECT_EQ(record_.ends, std::vector<std::string>{"early_talker"});
  }
  Client client = connect(config);
  EXPECT_EQ(client.receive(), "");
  advance(std::chrono::seconds(2));
  EXPECT_EQ(client.receive(), "220 mx.test ESMTP\r\n");
  EXPECT_EQ(hello_reply(client).size(), kHello.size());
  client.hang_up();
  Client gone = connect(config);
  gone.hang_up();
  EXPECT_EQ(record_.ends.back(), "end_of_input");
}

// A client that sends and never reads: its commands wait, our memory does not grow.
TEST_F(ConnectionTest, AClientThatDoesNotReadIsHeldBack) {
  capacity_ = 4096;
  ServerConfig config = tests::test_config();
  config.protocol.limits.queued_output = 1024;
  config.protocol.limits.commands_without_mail = 1'000'000;
  Client client = connect(config);
  hello_reply(client);
  const std::string group = times(100, "NOOP\r\n");
  std::size_t sent = 0;
  for (;;) {
    const std::string_view rest = client.send(group);
    sent += group.size() - rest.size();
    if (!rest.empty()) break;
    ASSERT_LT(sent, 100'000U);
  }
  std::string replies = client.receive();
  // The pipe may have cut the last command in two.
  const std::size_t whole = sent / 6;
  EXPECT_EQ(replies.size(), whole * kOkLine.size());
}

// A peer that always has more content ready than is asked for.
class EndlessStream final : public transport::Stream {
 public:
  EndlessStream(transport::Loop& loop, std::size_t& most_in_a_row)
      : Stream(loop.deadlines()), loop_(loop), most_in_a_row_(most_in_a_row) {}

  transport::IoResult try_read(std::span<char> into) override {
    most_in_a_row_ = std::max(most_in_a_row_, ++in_a_row_);
    if (!commands_.empty()) {
      const std::string_view line = commands_.substr(0, commands_.find('\n') + 1);
      commands_.remove_prefix(line.size());
      std::ranges::copy(line, into.begin());
      return transport::IoResult::moved(line.size());
    }
    if (++reads_ > 100) return transport::IoResult::ended();
    std::ranges::fill(into, 'x');
    return transport::IoResult::moved(into.size());
  }
  transport::IoResult try_write(std::span<const std::string_view> pieces) override {
    std::size_t count = 0;
    for (const std::string_view piece : pieces) count += piece.size();
    return transport::IoResult::moved(count);
  }
  Task<transport::error_code> wait_readable() override {
    in_a_row_ = 0;
    co_await loop_.yield();
    co_return transport::error_code();
  }
  Task<transport::error_code> wait_writable() override { return wait_readable(); }
  void cancel() noexcept override {}
  Task<void> close(transport::Closing) override { co_return; }
  void abort() noexcept override {}
  const transport::Endpoint& peer() const noexcept override { return peer_; }
  transport::Endpoint local() const override { return {}; }

 private:
  transport::Loop& loop_;
  std::size_t& most_in_a_row_;
  std::size_t in_a_row_ = 0;
  std::size_t reads_ = 0;
  std::string_view commands_ =
      "EHLO client.test\r\nMAIL FROM:<a@client.test>\r\nRCPT TO:<b@mx.test>\r\nDATA\r\n";
  transport::Endpoint peer_;
};

TEST_F(ConnectionTest, ASenderWithoutPauseIsLeftForOthersNowAndThen) {
  std::size_t most_in_a_row = 0;
  loop_.spawn(sessions_.serve(std::make_unique<EndlessStream>(loop_, most_in_a_row)));
  tests::settle(loop_);
  EXPECT_EQ(record_.ends, std::vector<std::string>{"end_of_input"});
  EXPECT_GE(most_in_a_row, 2U);
  EXPECT_LE(most_in_a_row, 4U);
  EXPECT_GT(sessions_.counters().octets.value(), 99U * 16 * 1024);
}

TEST(SessionIdTest, IsShortText) {
  EXPECT_EQ(SessionId{100}.to_string(), "0000000000034");
  EXPECT_EQ(SessionId{~std::uint64_t{0}}.to_string(), "fvvvvvvvvvvvv");
  EXPECT_NE(SessionId{1}.to_string(), SessionId{2}.to_string());
}

TEST(ServiceTest, RefusesLinesLargerThanABuffer) {
  ServerConfig config = tests::test_config();
  config.protocol.limits.command_line = 100'000;
  EXPECT_THROW(Service::make(config), std::invalid_argument);
}

// ---- AUTH ----

class AuthHandler final : public tests::TestHandler {
 public:
  using TestHandler::TestHandler;

  Soon<AuthStep> on_auth(const protocol::ev::Auth& auth) override {
    record().calls.push_back("auth " + std::string(auth.mechanism.view()));
    if (behaviour().later) return step_later("");
    return step("");
  }
  Soon<AuthStep> on_auth_line(const protocol::ev::AuthLine& line) override {
    if (behaviour().later) return step_later(std::string(line.base64));
    return step(std::string(line.base64));
  }
  void on_auth_cancelled() noexcept override { record().calls.push_back("cancelled"); }

 private:
  static AuthStep step(const std::string& line) {
    if (line.empty()) return Challenge("VXNlcg==");
    if (line == "Z29vZA==")
      return Reply(protocol::code::authenticated, protocol::status::security, "Welcome");
    return Reply(protocol::code::auth_failed, protocol::status::bad_credentials, "Bad credentials");
  }
  Task<AuthStep> step_later(std::string line) {
    co_await info().loop().yield();
    co_return step(line);
  }
};

class AuthTest : public tests::SessionFixture<AuthHandler> {};

TEST_F(AuthTest, ExchangesChallenges) {
  for (const bool later : {false, true}) {
    behaviour_.later = later;
    record_ = {};
    ServerConfig config = tests::test_config();
    config.protocol.capabilities.offer_mechanism(protocol::Mechanism::login);
    Client client = connect(config);
    client.receive();
    client.say("EHLO client.test\r\n");
    EXPECT_EQ(client.say("AUTH LOGIN\r\n"), "334 VXNlcg==\r\n");
    EXPECT_EQ(client.say("YmFk\r\n"), "535 5.7.8 Bad credentials\r\n");
    EXPECT_EQ(client.say("AUTH LOGIN\r\n"), "334 VXNlcg==\r\n");
    EXPECT_TRUE(client.say("*\r\n").starts_with("501"));
    EXPECT_EQ(record_.calls.back(), "cancelled");
    EXPECT_EQ(client.say("AUTH LOGIN\r\n"), "334 VXNlcg==\r\n");
    EXPECT_EQ(client.say("Z29vZA==\r\n"), "235 2.7.0 Welcome\r\n");
    EXPECT_EQ(client.say("QUIT\r\n"), kBye);
  }
}

// ---- STARTTLS, with a "cipher" that turns every octet over ----

class TurnedStream final : public transport::Stream {
 public:
  TurnedStream(transport::Loop& loop, std::unique_ptr<transport::Stream> inner)
      : Stream(loop.deadlines()), inner_(std::move(inner)) {}

  transport::IoResult try_read(std::span<char> into) override {
    const transport::IoResult result = inner_->try_read(into);
    for (char& octet : into.first(result.octets)) octet = static_cast<char>(~octet);
    return result;
  }
  transport::IoResult try_write(std::span<const std::string_view> pieces) override {
    std::string turned;
    for (const std::string_view piece : pieces) {
      for (const char octet : piece) turned += static_cast<char>(~octet);
    }
    const std::string_view whole = turned;
    return inner_->try_write(std::span(&whole, 1));
  }
  Task<transport::error_code> wait_readable() override { return inner_->wait_readable(); }
  Task<transport::error_code> wait_writable() override { return inner_->wait_writable(); }
  void cancel() noexcept override { inner_->cancel(); }
  Task<void> close(transport::Closing how) override { return inner_->close(how); }
  void abort() noexcept override { inner_->abort(); }
  const transport::Endpoint& peer() const noexcept override { return inner_->peer(); }
  transport::Endpoint local() const override { return inner_->local(); }

 private:
  std::unique_ptr<transport::Stream> inner_;
};

std::string turned(std::string text) {
  for (char& octet : text) octet = static_cast<char>(~octet);
  return text;
}

class TlsHandler final : public tests::TestHandler {
 public:
  using TestHandler::TestHandler;
  Task<transport::StreamResult> upgrade(std::unique_ptr<transport::Stream> plain) override {
    co_await info().loop().yield();
    if (behaviour().throw_in == "upgrade") throw std::runtime_error("upgrade");
    if (behaviour().data_refusal)
      co_return std::unexpected(transport::error_code(transport::error::no_recovery));
    co_return std::make_unique<TurnedStream>(info().loop(), std::move(plain));
  }
};

class TlsTest : public tests::SessionFixture<TlsHandler> {
 protected:
  static ServerConfig tls_config() {
    ServerConfig config = tests::test_config();
    config.protocol.capabilities_after_tls = config.protocol.capabilities;
    config.protocol.capabilities.offer(protocol::Extension::starttls);
    return config;
  }
};

TEST_F(TlsTest, StartTlsBeginsAgainUnderTheNewStream) {
  Client client = connect(tls_config());
  client.receive();
  EXPECT_NE(client.say("EHLO client.test\r\n").find("STARTTLS"), std::string::npos);
  EXPECT_TRUE(client.say("STARTTLS\r\n").starts_with("220 "));
  EXPECT_TRUE(turned(client.say(turned("MAIL FROM:<a@client.test>\r\n"))).starts_with("503"));
  const std::string hello = turned(client.say(turned("EHLO client.test\r\n")));
  EXPECT_TRUE(hello.starts_with("250-mx.test\r\n"));
  EXPECT_EQ(hello.find("STARTTLS"), std::string::npos);
  EXPECT_EQ(turned(client.say(turned("QUIT\r\n"))), kBye);
  EXPECT_TRUE(client.closed());
}

TEST_F(TlsTest, AFailedHandshakeEndsTheSession) {
  for (const std::string_view how : {"error", "exception"}) {
    record_ = {};
    behaviour_.throw_in = how == "exception" ? "upgrade" : "";
    behaviour_.data_refusal = Reply(kOk);
    Client client = connect(tls_config());
    client.receive();
    client.say("EHLO client.test\r\n");
    EXPECT_TRUE(client.say("STARTTLS\r\n").starts_with("220 "));
    EXPECT_TRUE(client.closed());
    EXPECT_EQ(record_.ends, std::vector<std::string>{how == "exception" ? "failed" : "lost"});
    EXPECT_EQ(sessions_.size(), 0U);
  }
}

TEST_F(TlsTest, ARefusedStartTlsChangesNothing) {
  behaviour_.start_tls = Reply(protocol::code::temporary_auth_failure, protocol::status::security, "Not now");
  Client client = connect(tls_config());
  client.receive();
  client.say("EHLO client.test\r\n");
  EXPECT_EQ(client.say("STARTTLS\r\n"), "454 4.7.0 Not now\r\n");
  EXPECT_EQ(client.say("NOOP\r\n"), kOkLine);
}

TEST_F(TlsTest, NothingSaidInClearBehindStartTlsIsRead) {
  Client client = connect(tls_config());
  client.receive();
  client.say("EHLO client.test\r\n");
  EXPECT_TRUE(client.say("STARTTLS\r\nMAIL FROM:<evil@client.test>\r\n").starts_with("5"));
  EXPECT_TRUE(client.closed());
  client.hang_up();
  EXPECT_EQ(record_.ends, std::vector<std::string>{"plaintext_after_starttls"});
}

TEST_F(TlsTest, ImplicitTlsComesBeforeTheGreeting) {
  ServerConfig config = tls_config();
  config.encrypted = true;
  Client client = connect(config);
  EXPECT_EQ(turned(client.receive()), "220 mx.test ESMTP\r\n");
  EXPECT_EQ(turned(client.say(turned("EHLO client.test\r\n"))).find("STARTTLS"), std::string::npos);
  EXPECT_EQ(turned(client.say(turned("QUIT\r\n"))), kBye);
}

}  // namespace
}  // namespace postrider::server
