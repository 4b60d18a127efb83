#include "postrider/agent/serve/xclient.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/agent/serve/running_agent.h"

namespace postrider::agent {
namespace {

using transport::Endpoint;

// ---- The attributes of one command ----

std::string refusal(std::string_view argument) {
  const auto parsed = parse_xclient(argument);
  return parsed ? std::string() : protocol::to_log_line(parsed.error().view());
}

TEST(XclientAttributesTest, ReadsAllOfThem) {
  const auto read = parse_xclient(
      "NAME=spike.example ADDR=192.0.2.1 PORT=4711 PROTO=SMTP HELO=[192.0.2.1] LOGIN=Fred@Example.org "
      "DESTADDR=IPv6:2001:db8::25 DESTPORT=587 REVERSE_NAME=a_b.example");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->name, "spike.example");
  EXPECT_EQ(read->address, Endpoint::parse_address("192.0.2.1", 0));
  EXPECT_EQ(read->port, 4711);
  EXPECT_EQ(read->extended, false);
  EXPECT_EQ(read->hello, "[192.0.2.1]");
  EXPECT_EQ(read->login, "fred@example.org");
  EXPECT_EQ(read->destination, Endpoint::parse_address("2001:db8::25", 0));
  EXPECT_EQ(read->destination_port, 587);
  EXPECT_EQ(read->reverse_name, "a_b.example");
}

TEST(XclientAttributesTest, LeavesOpenWhatIsNotSaid) {
  const auto read = parse_xclient("proto=esmtp");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->extended, true);
  EXPECT_FALSE(read->name || read->reverse_name || read->address || read->port || read->destination ||
               read->destination_port || read->hello || read->login);
}

TEST(XclientAttributesTest, KnowsWhatIsUnavailable) {
  const auto read = parse_xclient(
      "NAME=[TEMPUNAVAIL] REVERSE_NAME=[unavailable] ADDR=[UNAVAILABLE] PORT=[UNAVAILABLE] "
      "HELO=[UNAVAILABLE] LOGIN=[Unavailable] DESTADDR=[UNAVAILABLE] DESTPORT=[UNAVAILABLE]");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->name, "");
  EXPECT_EQ(read->reverse_name, "");
  EXPECT_EQ(read->address, Endpoint());
  EXPECT_EQ(read->port, 0);
  EXPECT_EQ(read->hello, "");
  EXPECT_EQ(read->login, "");
  EXPECT_EQ(read->destination, Endpoint());
  EXPECT_EQ(read->destination_port, 0);
}

TEST(XclientAttributesTest, ValuesAreXtext) {
  const auto read = parse_xclient("LOGIN=fred+40example.org HELO=a+2Eexample");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->login, "fred@example.org");
  EXPECT_EQ(read->hello, "a.example");
  EXPECT_EQ(refusal("LOGIN=fred+4"), "501 5.5.4 Bad LOGIN value");
  EXPECT_EQ(refusal("LOGIN=fred+0D+0A250"), "501 5.5.4 Bad LOGIN value");
  EXPECT_EQ(refusal("NAME=a+00b"), "501 5.5.4 Bad NAME value");
}

TEST(XclientAttributesTest, WhatIsNoHostNameIsNotRepeated) {
  const auto read = parse_xclient("HELO=two+20words+0D+0A");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->hello, "");
}

TEST(XclientAttributesTest, RefusesWhatIsNoValue) {
  for (const std::string_view bad :
       {"ADDR=2001:db8::1", "ADDR=IPV6:192.0.2.1", "ADDR=[192.0.2.1]", "ADDR=IPV6:fe80::1%2", "ADDR=192.0.2",
        "ADDR=spike.example", "ADDR=IPV6:"}) {
    EXPECT_EQ(refusal(bad), "501 5.5.4 Bad ADDR value") << bad;
  }
  for (const std::string_view bad : {"PORT=0", "PORT=65536", "PORT=-1", "PORT=25x", "PORT=+2B25"}) {
    EXPECT_EQ(refusal(bad), "501 5.5.4 Bad PORT value") << bad;
  }
  EXPECT_EQ(refusal("PROTO=LMTP"), "501 5.5.4 Bad PROTO value");
  EXPECT_EQ(refusal("NAME=..x"), "501 5.5.4 Bad NAME value");
  EXPECT_EQ(refusal("LOGIN=" + std::string(255, 'a')), "501 5.5.4 Bad LOGIN value");
  EXPECT_EQ(refusal("HELO=" + std::string(256, 'a')), "501 5.5.4 Bad HELO value");
}

TEST(XclientAttributesTest, RefusesWhatIsNoAttribute) {
  EXPECT_EQ(refusal("COLOUR=red"), "501 5.5.4 Bad XCLIENT attribute name");
  for (const std::string_view bad :
       {"", "NAME", "NAME=", "=x", "ADDR=192.0.2.1 ", "ADDR=192.0.2.1  PORT=1", " ADDR=192.0.2.1"}) {
    EXPECT_EQ(refusal(bad), "501 5.5.4 Error: attribute=value expected") << bad;
  }
}

// Cut or changed anywhere it is read or refused, and whatever is read can stand in a header.
TEST(XclientAttributesTest, NothingThatIsReadBreaksALine) {
  const std::string whole =
      "NAME=spike.example ADDR=IPV6:2001:db8::1 PORT=4711 HELO=c.example LOGIN=fr+65d DESTADDR=192.0.2.2";
  const auto look = [](const std::string& argument) {
    const auto read = parse_xclient(argument);
    if (!read) {
      EXPECT_EQ(read.error().code(), protocol::code::bad_arguments) << argument;
      return;
    }
    for (const auto& text : {read->name, read->reverse_name, read->hello, read->login}) {
      for (const char c : text.value_or("")) EXPECT_GT(static_cast<unsigned char>(c), 0x20) << argument;
    }
  };
  for (std::size_t size = 0; size <= whole.size(); ++size) look(whole.substr(0, size));
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const char other : {' ', '=', '+', '\t', '\x7f', '\xff', '\x01', '0', '['}) {
      std::string changed = whole;
      changed[at] = other;
      look(changed);
    }
  }
}

TEST(XclientAttributesTest, MakeTheEndsOfAConnection) {
  const Endpoint real = *Endpoint::parse("127.0.0.1:999");
  XclientAttributes told;
  EXPECT_EQ(told.peer(real), real);
  EXPECT_EQ(told.local(real), std::nullopt);
  told.update(*parse_xclient("PORT=4711"));
  EXPECT_EQ(told.peer(real).to_string(), "127.0.0.1:4711");
  told.update(*parse_xclient("ADDR=192.0.2.1 DESTPORT=25"));
  EXPECT_EQ(told.peer(real).to_string(), "192.0.2.1:4711");
  EXPECT_EQ(told.local(real)->to_string(), "127.0.0.1:25");
  told.update(*parse_xclient("ADDR=[UNAVAILABLE] PORT=[UNAVAILABLE] DESTADDR=IPV6:::1"));
  EXPECT_EQ(told.peer(real), Endpoint());
  EXPECT_EQ(told.local(real)->to_string(), "[::1]:25");
}

// RFC 3207 4.2
TEST(XclientAttributesTest, TheClientItselfIsForgottenAtTls) {
  XclientAttributes told =
      *parse_xclient("NAME=a.example ADDR=192.0.2.1 HELO=b.example LOGIN=fred PROTO=SMTP");
  told.forget_at_tls();
  EXPECT_FALSE(told.name || told.hello || told.login || told.extended);
  EXPECT_TRUE(told.address);
}

// ---- An agent ----

constexpr std::string_view kRoutes = R"(
[[route]]
domains = ["here.example"]
deliver = "maildir:mail/{local}"
[[route]]
domains = ["*"]
deliver = "maildir:other/{local}"
)";

std::string with_listener(std::string_view keys, std::string_view rest = "") {
  return "hostname = \"mx.here.example\"\n[[listen]]\naddress = \"127.0.0.1:0\"\ntls = \"none\"\n" +
         std::string(keys) + std::string(kRoutes) + std::string(rest);
}

constexpr std::string_view kGateway = "xclient = [\"127.0.0.1/32\"]\nrelay_from = [\"192.0.2.0/24\"]\n";

class XclientTest : public AgentTest {
 protected:
  static std::string send(Dialogue& client, std::string_view to) {
    client.say("MAIL FROM:<alice@example.net>");
    const std::string answer = client.say("RCPT TO:<" + std::string(to) + ">");
    if (answer.substr(0, 3) != "250") return answer;
    client.say("DATA");
    return client.say("Subject: x\r\n\r\nbody\r\n.");
  }
};

TEST_F(XclientTest, IsOfferedToGatewaysAlone) {
  RunningAgent running(root_, with_listener(kGateway));
  Dialogue gateway(running.address());
  gateway.reply();
  EXPECT_NE(gateway.say("EHLO g.example")
                .find("250 XCLIENT NAME ADDR PROTO HELO REVERSE_NAME PORT LOGIN DESTADDR DESTPORT"),
            std::string::npos);
  for (const std::string_view keys : {"xclient = [\"192.0.2.0/24\"]\n", ""}) {
    RunningAgent others(root_, with_listener(keys));
    Dialogue stranger(others.address());
    stranger.reply();
    EXPECT_EQ(stranger.say("EHLO s.example").find("XCLIENT"), std::string::npos);
    EXPECT_EQ(stranger.say("XCLIENT ADDR=192.0.2.1"), "550 5.7.0 Insufficient authorization");
    EXPECT_EQ(send(stranger, "x@elsewhere.example"), "550 5.7.1 We do not relay mail to this domain");
  }
}

TEST_F(XclientTest, TheClientOfAGatewayCountsForAccessLogAndTrace) {
  RunningAgent running(root_, with_listener(kGateway));
  Dialogue gateway(running.address());
  gateway.open();
  EXPECT_EQ(send(gateway, "x@elsewhere.example"), "550 5.7.1 We do not relay mail to this domain");
  gateway.say("RSET");
  EXPECT_EQ(gateway.say("XCLIENT NAME=spike.example ADDR=192.0.2.9 PORT=4711 HELO=c.example PROTO=SMTP"),
            "220 mx.here.example ESMTP");
  EXPECT_EQ(gateway.say("MAIL FROM:<>").substr(0, 9), "503 5.5.1");
  gateway.say("EHLO g.example");
  EXPECT_EQ(send(gateway, "x@elsewhere.example").substr(0, 3), "250");
  const std::vector<std::string> found = contents("other/x/new");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NE(found[0].find(
                "Received: from c.example (spike.example [192.0.2.9])\r\n\tby mx.here.example with SMTP id"),
            std::string::npos)
      << found[0];
  const std::string change = running.logged("client of a gateway", "gateway=127.0.0.1:");
  EXPECT_NE(change.find("peer=192.0.2.9:4711 name=spike.example hello=c.example"), std::string::npos)
      << change;
  EXPECT_NE(running.logged("info message ", "peer=192.0.2.9:4711 hello=c.example"), "");
}

TEST_F(XclientTest, ALoginAtTheGatewayIsOneHere) {
  RunningAgent running(root_, with_listener("xclient = [\"127.0.0.0/8\"]\n"));
  Dialogue gateway(running.address());
  gateway.open();
  EXPECT_EQ(gateway.say("XCLIENT ADDR=198.51.100.1 LOGIN=fred").substr(0, 3), "220");
  gateway.say("EHLO g.example");
  EXPECT_EQ(send(gateway, "x@elsewhere.example").substr(0, 3), "250");
  EXPECT_NE(running.logged("info message ", "user=fred"), "");
  const std::vector<std::string> found = contents("other/x/new");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NE(found[0].find("with ESMTPA id"), std::string::npos) << found[0];
  // The next client of the same connection.
  EXPECT_EQ(gateway.say("XCLIENT LOGIN=[UNAVAILABLE]").substr(0, 3), "220");
  gateway.say("EHLO g.example");
  EXPECT_EQ(send(gateway, "x@elsewhere.example").substr(0, 9), "550 5.7.1");
}

TEST_F(XclientTest, AnUnknownAddressMayNothing) {
  RunningAgent running(root_, with_listener("xclient = [\"127.0.0.0/8\"]\nrelay_from = [\"127.0.0.0/8\"]\n"));
  Dialogue gateway(running.address());
  gateway.open();
  EXPECT_EQ(gateway.say("XCLIENT ADDR=[UNAVAILABLE]").substr(0, 3), "220");
  gateway.say("EHLO g.example");
  EXPECT_EQ(send(gateway, "x@elsewhere.example").substr(0, 9), "550 5.7.1");
}

TEST_F(XclientTest, IsRefusedWithoutSenseAndInATransaction) {
  RunningAgent running(root_, with_listener(kGateway));
  Dialogue gateway(running.address());
  gateway.open();
  EXPECT_EQ(gateway.say("XCLIENT").substr(0, 9), "501 5.5.4");
  EXPECT_EQ(gateway.say("XCLIENT COLOUR=red"), "501 5.5.4 Bad XCLIENT attribute name");
  gateway.say("MAIL FROM:<>");
  EXPECT_EQ(gateway.say("XCLIENT ADDR=192.0.2.1").substr(0, 9), "503 5.5.1");
  gateway.say("RSET");
  EXPECT_EQ(gateway.say("XCLIENT ADDR=192.0.2.1").substr(0, 3), "220");
  EXPECT_EQ(gateway.say("XCLIENT HELO=c.example").substr(0, 3), "220") << "also before the next EHLO";
}

TEST_F(XclientTest, TheLimitsCountTheClientAndNotTheGateway) {
  RunningAgent running(root_, with_listener(kGateway, "[limits]\nconnections_per_address = 1\n"));
  std::vector<std::unique_ptr<Dialogue>> gateways;
  for (int i = 0; i < 3; ++i) {
    gateways.push_back(std::make_unique<Dialogue>(running.address()));
    gateways.back()->open();
  }
  EXPECT_EQ(gateways[0]->say("XCLIENT ADDR=192.0.2.1").substr(0, 3), "220");
  EXPECT_EQ(gateways[1]->say("XCLIENT ADDR=192.0.2.1"),
            "421 4.7.0 mx.here.example Too many connections from your address");
  EXPECT_EQ(gateways[1]->reply(), "") << "and the connection is closed";
  EXPECT_EQ(gateways[2]->say("XCLIENT ADDR=192.0.2.2").substr(0, 3), "220");
}

}  // namespace
}  // namespace postrider::agent
