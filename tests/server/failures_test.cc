// The driver when things break: the connection at every single operation, the handler in every call.

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/server/connection.h"
#include "postrider/tests/server/fixture.h"

namespace postrider::server {
namespace {

using tests::Client;
using tests::Message;

// A client that says its lines whatever it hears, so that a session in any state of decay is tried to its
// end.
void converse(Client& client, std::string_view hello) {
  client.receive();
  client.say(hello);
  client.say("MAIL FROM:<a@client.test>\r\nRCPT TO:<b@mx.test>\r\nRCPT TO:<c@mx.test>\r\nDATA\r\n");
  client.say("first\r\n");
  client.say("..second\r\n.\r\nNOOP\r\n");
  client.say("MAIL FROM:<d@client.test>\r\nRCPT TO:<e@mx.test>\r\n");
  client.say("BDAT 6\r\nthird.BDAT 7 LAST\r\nfourth.");
  client.say("NONSENSE\r\nQUIT\r\n");
}

const std::vector<Message> kBoth = {{"a", {"b", "c"}, "first\r\n.second\r\n"}, {"d", {"e"}, "third.fourth."}};

struct Case {
  bool later;
  std::size_t most_read;
  std::size_t most_written;
  protocol::Flavor flavor;
};

class FailureAtEveryStepTest : public tests::SessionFixture<>, public testing::WithParamInterface<Case> {};

INSTANTIATE_TEST_SUITE_P(Cases, FailureAtEveryStepTest,
                         testing::Values(Case{false, 1'000'000, 1'000'000, protocol::Flavor::smtp},
                                         Case{true, 1'000'000, 1'000'000, protocol::Flavor::smtp},
                                         Case{false, 3, 2, protocol::Flavor::smtp},
                                         Case{true, 3, 2, protocol::Flavor::smtp},
                                         Case{true, 1'000'000, 1'000'000, protocol::Flavor::lmtp}));

TEST_P(FailureAtEveryStepTest, EndsTheSessionAndLosesNoMessage) {
  behaviour_.later = GetParam().later;
  ServerConfig config = tests::test_config();
  config.protocol.flavor = GetParam().flavor;
  const bool lmtp = GetParam().flavor == protocol::Flavor::lmtp;
  const std::string_view hello = lmtp ? "LHLO client.test\r\n" : "EHLO client.test\r\n";
  for (std::uint64_t step = 1;; ++step) {
    SCOPED_TRACE(step);
    script_ = {};
    script_.most_read = GetParam().most_read;
    script_.most_written = GetParam().most_written;
    script_.fail_at = step;
    record_ = {};
    Client client = connect(config);
    converse(client, hello);
    client.hang_up();
    advance(std::chrono::minutes(1));

    EXPECT_EQ(sessions_.size(), 0U);
    EXPECT_EQ(loop_.buffers().borrowed(), 0U);
    EXPECT_EQ(record_.sinks, 0);
    ASSERT_EQ(record_.ends.size(), 1U);
    // What was taken was taken whole, and everything else was abandoned.
    ASSERT_LE(record_.messages.size(), 2U);
    for (std::size_t index = 0; index < record_.messages.size(); ++index) {
      EXPECT_EQ(record_.messages[index], kBoth[index]);
    }
    if (script_.operations < step) {
      EXPECT_EQ(record_.messages, kBoth) << "an undisturbed session";
      EXPECT_EQ(record_.abandoned, 0);
      EXPECT_EQ(record_.ends[0], "quit");
      EXPECT_GT(step, 10U);
      break;
    }
    EXPECT_TRUE(record_.ends[0] == "lost" || record_.ends[0] == "quit") << record_.ends[0];
  }
}

class ThrowingHandlerTest : public tests::SessionFixture<>, public testing::WithParamInterface<bool> {};
INSTANTIATE_TEST_SUITE_P(Pace, ThrowingHandlerTest, testing::Bool());

TEST_P(ThrowingHandlerTest, AnExceptionEndsItsSessionWith421) {
  behaviour_.later = GetParam();
  std::uint64_t failures = 0;
  for (const std::string_view call : {"connect", "hello", "mail", "rcpt", "data", "write", "finish"}) {
    SCOPED_TRACE(call);
    record_ = {};
    behaviour_.throw_in = call;
    Client client = connect();
    std::string replies = client.receive();
    replies += client.say("EHLO client.test\r\n");
    replies += client.say("MAIL FROM:<a@client.test>\r\n");
    replies += client.say("RCPT TO:<b@mx.test>\r\n");
    replies += client.say("DATA\r\n");
    replies += client.say("text\r\n.\r\n");
    EXPECT_NE(replies.find("421 "), std::string::npos) << replies;
    EXPECT_NE(replies.find("mx.test Internal error"), std::string::npos) << replies;
    EXPECT_TRUE(client.closed());
    client.hang_up();
    EXPECT_EQ(record_.ends, std::vector<std::string>{"failed"});
    EXPECT_TRUE(record_.messages.empty());
    EXPECT_EQ(record_.sinks, 0);
    EXPECT_EQ(sessions_.counters().failures.value(), ++failures);
  }
  behaviour_.throw_in.clear();
  Client client = connect();
  EXPECT_EQ(client.receive(), "220 mx.test ESMTP\r\n") << "the server goes on";
}

class ThrowingFactory final : public HandlerFactory {
 public:
  std::unique_ptr<Handler> make(const ConnectionInfo&) override { throw std::bad_alloc(); }
};

TEST(ThrowingFactoryTest, EndsTheSessionWith421) {
  transport::ManualClock clock;
  transport::Loop loop(clock);
  ThrowingFactory factory;
  Sessions sessions(loop, Service::make(tests::test_config()), factory);
  auto [client, service] = transport::MemoryStream::make_pair(loop);
  loop.spawn(sessions.serve(std::move(service)));
  Client peer(loop, std::move(client));
  EXPECT_EQ(peer.receive(), "421 mx.test Internal error, closing connection\r\n");
  peer.hang_up();
  EXPECT_EQ(sessions.size(), 0U);
}

}  // namespace
}  // namespace postrider::server
