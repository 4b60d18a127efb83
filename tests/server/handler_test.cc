// A handler that overrides nothing refuses mail politely and is otherwise a sound server.

#include "postrider/server/handler.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "postrider/tests/server/fixture.h"

namespace postrider::server {
namespace {

class Plain final : public Handler {
 public:
  Plain(const ConnectionInfo&, tests::Record&, const tests::Behaviour&) {}
};

class AcceptsRecipients final : public Handler {
 public:
  AcceptsRecipients(const ConnectionInfo&, tests::Record&, const tests::Behaviour&) {}
  Answer on_rcpt(const protocol::ev::Rcpt&) override { return kOk; }
};

class PlainHandlerTest : public tests::SessionFixture<Plain> {};
class AcceptingHandlerTest : public tests::SessionFixture<AcceptsRecipients> {};

TEST_F(PlainHandlerTest, RefusesEveryRecipient) {
  tests::Client client = connect();
  EXPECT_EQ(client.receive(), "220 mx.test ESMTP\r\n");
  EXPECT_TRUE(client.say("EHLO client.test\r\n").starts_with("250-mx.test"));
  EXPECT_EQ(client.say("MAIL FROM:<a@client.test>\r\n"), "250 2.0.0 Ok\r\n");
  EXPECT_EQ(client.say("RCPT TO:<b@mx.test>\r\n"), "550 5.1.1 No such user here\r\n");
}

TEST_F(PlainHandlerTest, AnswersQueries) {
  tests::Client client = connect();
  client.receive();
  client.say("EHLO client.test\r\n");
  EXPECT_TRUE(client.say("VRFY someone\r\n").starts_with("252 2.0.0"));
  EXPECT_TRUE(client.say("HELP\r\n").starts_with("214 2.0.0"));
  EXPECT_TRUE(client.say("EXPN list\r\n").starts_with("502 5.5.1"));
}

TEST_F(PlainHandlerTest, RefusesWhatWasOfferedAndNotOverridden) {
  ServerConfig config = tests::test_config();
  config.protocol.capabilities.offer(protocol::Extension::starttls)
      .offer_mechanism(protocol::Mechanism::plain);
  tests::Client client = connect(config);
  client.receive();
  client.say("EHLO client.test\r\n");
  EXPECT_TRUE(client.say("STARTTLS\r\n").starts_with("454 4.7.0"));
  EXPECT_TRUE(client.say("AUTH PLAIN AGEAYg==\r\n").starts_with("454 4.7.0"));
}

TEST_F(AcceptingHandlerTest, RefusesContent) {
  tests::Client client = connect();
  client.receive();
  client.say("EHLO client.test\r\n");
  client.say("MAIL FROM:<a@client.test>\r\nRCPT TO:<b@mx.test>\r\n");
  EXPECT_EQ(client.say("DATA\r\n"), "451 4.3.0 This server keeps no mail\r\n");
  EXPECT_EQ(client.say("BDAT 4 LAST\r\ntext"), "451 4.3.0 This server keeps no mail\r\n");
}

}  // namespace
}  // namespace postrider::server
