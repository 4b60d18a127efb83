// Clients that end TLS, or the connection under it, where a mail agent does not expect it: over real sockets,
// with the agent's own listeners and mailboxes. Octet by octet this is tried in tests/server. CVE-2026-45185
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/agent/serve/listener_tls.h"
#include "postrider/tests/agent/serve/running_agent.h"
#include "postrider/tests/support/tls_peer.h"

namespace postrider::agent {
namespace {

using tests::TlsEnding;
using tests::TlsPeer;

struct Point {
  std::string_view name;
  std::vector<std::string_view> answered;  // after RCPT, each in turn
  std::string_view begun;                  // what is said of the message
  std::string_view rest;                   // what would have made it whole
};

const std::vector<Point>& points() {
  static const std::vector<Point> kPoints{
      {"before DATA", {}, "", "DATA\r\nSubject: x\r\n"},
      {"inside DATA", {"DATA\r\n"}, "Subject: x\r\n\r\nhal", "f\r\n.\r\n"},
      {"before the last dot", {"DATA\r\n"}, "Subject: x\r\n\r\nhalf\r\n", ".\r\n"},
      {"inside BDAT", {}, "BDAT 20 LAST\r\nSubject: x\r\n\r\nha", "lf\r\n"},
      {"between chunks", {"BDAT 14\r\nSubject: x\r\n\r\n"}, "", "BDAT 6 LAST\r\nhalf\r\n"},
  };
  return kPoints;
}

std::string agent_toml(TlsBackend backend) {
  return "hostname = \"localhost\"\nstate = \"state\"\n[tls]\nbackend = \"" +
         std::string(backend == TlsBackend::openssl ? "openssl" : "wolfssl") +
         "\"\n[[listen]]\naddress = \"127.0.0.1:0\"\nrole = \"mx\"\ntls = \"starttls\"\n"
         "[[route]]\ndomains = [\"here.example\"]\ndeliver = \"maildir:mail/{local}\"\n";
}

class AgentTlsEndingTest : public AgentTest {
 protected:
  void begin(TlsBackend backend) {
    std::filesystem::remove_all(root_ / "state");
    std::filesystem::remove_all(root_ / "mail");
    contexts_.emplace(**tls_provider(backend));
    running_.emplace(root_, agent_toml(backend));
    connections_ = lost_ = others_ = 0;
  }

  static void ask_for_tls(Dialogue& client) {
    client.open();
    EXPECT_EQ(client.say("STARTTLS").substr(0, 3), "220");
  }

  static void shake_hands(Dialogue& client, TlsPeer& peer) {
    client.send(peer.hear(""));
    while (!peer.established()) {
      const std::string answer = client.receive();
      ASSERT_FALSE(answer.empty());
      client.send(peer.hear(answer));
    }
  }

  // The first digit of the reply, whose last line it waits for.
  static char say(Dialogue& client, TlsPeer& peer, std::string_view command) {
    const std::size_t before = peer.heard().size();
    client.send(peer.say(command));
    for (;;) {
      const std::string_view reply = std::string_view(peer.heard()).substr(before);
      const std::size_t line = reply.size() < 2 ? 0 : reply.rfind('\n', reply.size() - 2) + 1;
      if (reply.ends_with("\r\n") && reply.substr(line).substr(3, 1) != "-") return reply[0];
      const std::string answer = client.receive();
      if (answer.empty()) return '\0';
      client.send(peer.hear(answer));
    }
  }

  // The agent ends as well, and goes on with others.
  void part(Dialogue& client, bool lawful) {
    if (!lawful) client.finish();
    while (!client.receive().empty()) {
    }
    ++connections_;
    lost_ += lawful ? 0 : 1;
    Dialogue other(running_->address());
    other.open();
    EXPECT_EQ(other.say("MAIL FROM:<a@client.example>").substr(0, 3), "250");
    EXPECT_EQ(other.say("RCPT TO:<bob@here.example>").substr(0, 3), "250");
    EXPECT_EQ(other.say("DATA").substr(0, 3), "354");
    other.send("Subject: whole\r\n\r\nwhole\r\n.\r\n");
    EXPECT_EQ(other.reply().substr(0, 3), "250");
    EXPECT_EQ(other.say("QUIT").substr(0, 3), "221");
    EXPECT_EQ(other.reply(), "");
    ++connections_;
    ++others_;
  }

  // Only the others were served.
  void expect_end() {
    // A client sees the connection end a little before the session is counted.
    for (int round = 0; round < 1000 && running_->agent().counters().ended < connections_; ++round) {
      running_->settle();
    }
    const server::Counters counters = running_->agent().counters();
    EXPECT_EQ(counters.connections, connections_);
    EXPECT_EQ(counters.ended, connections_);
    EXPECT_EQ(counters.messages, others_);
    EXPECT_EQ(counters.lost, lost_);
    EXPECT_EQ(counters.failures, 0U);
    EXPECT_EQ(counters.timeouts, 0U);
    running_.reset();
    EXPECT_TRUE(contents("mail/bob/tmp").empty());
    const std::vector<std::string> delivered = contents("mail/bob/new");
    EXPECT_EQ(delivered.size(), others_);
    for (const std::string& message : delivered)
      EXPECT_TRUE(message.ends_with("\r\n\r\nwhole\r\n")) << message;
  }

  std::optional<tests::TlsContexts> contexts_;
  std::optional<RunningAgent> running_;
  std::uint64_t connections_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t others_ = 0;
};

TEST_F(AgentTlsEndingTest, InsideAMessageDeliversNothing) {
  for (const TlsBackend backend : {TlsBackend::openssl, TlsBackend::wolfssl}) {
    begin(backend);
    for (const Point& point : points()) {
      for (const TlsEnding ending : tests::kTlsEndings) {
        SCOPED_TRACE(std::string(point.name) + ", " + std::string(to_string(ending)));
        Dialogue client(running_->address());
        ask_for_tls(client);
        TlsPeer peer(contexts_->client_engine());
        shake_hands(client, peer);
        EXPECT_EQ(say(client, peer, "EHLO client.example\r\n"), '2');
        EXPECT_EQ(say(client, peer, "MAIL FROM:<a@client.example>\r\n"), '2');
        EXPECT_EQ(say(client, peer, "RCPT TO:<bob@here.example>\r\n"), '2');
        for (const std::string_view command : point.answered) EXPECT_NE(say(client, peer, command), '5');
        if (!point.begun.empty()) client.send(peer.say(point.begun));
        client.send(octets_of(ending, peer, point.rest));
        part(client, tests::is_lawful(ending));
        if (HasFailure()) return;
      }
    }
    expect_end();
  }
}

TEST_F(AgentTlsEndingTest, BeforeAndInsideTheHandshakeDeliversNothing) {
  const std::string close_in_clear("\x15\x03\x03\x00\x02\x01\x00", 7);
  for (const TlsBackend backend : {TlsBackend::openssl, TlsBackend::wolfssl}) {
    begin(backend);
    for (const std::size_t octets : {0U, 1U, 60U}) {  // of the ClientHello
      for (const bool cut : {true, false}) {
        if (!cut && octets != 0) continue;  // an alert is but a part of what it interrupts
        SCOPED_TRACE("after " + std::to_string(octets) + " octets" + (cut ? "" : ", in clear"));
        Dialogue client(running_->address());
        ask_for_tls(client);
        client.send(TlsPeer(contexts_->client_engine()).hear("").substr(0, octets));
        if (!cut) client.send(close_in_clear + "MAIL FROM:<a@client.example>\r\n");
        part(client, false);
      }
    }
    Dialogue client(running_->address());
    ask_for_tls(client);
    TlsPeer peer(contexts_->client_engine());
    client.send(peer.hear(""));
    const std::string last_flight = peer.hear(client.receive());
    client.send(last_flight.substr(0, last_flight.size() / 2));
    part(client, false);
    expect_end();
  }
}

}  // namespace
}  // namespace postrider::agent
