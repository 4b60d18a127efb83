// A client that ends TLS, or the connection under it, at every octet of what it has to say: the session ends,
// half a message is no message, and nothing that comes behind close_notify is read. CVE-2026-45185

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/server/fixture.h"
#include "postrider/tests/support/tls_peer.h"
#include "postrider/transport/tls/backends/backends.h"
#include "postrider/transport/tls/tls_stream.h"

namespace postrider::server {
namespace {

using tests::Client;
using tests::TlsEnding;
using tests::TlsPeer;
using transport::TlsProvider;

class TlsHandler final : public tests::TestHandler {
 public:
  using TestHandler::TestHandler;
  Task<transport::StreamResult> upgrade(std::unique_ptr<transport::Stream> plain) override {
    auto engine = behaviour().tls->engine();
    transport::TlsStart started =
        co_await transport::start_tls(info().loop(), std::move(plain), std::move(engine), transport::kNever);
    if (!started) co_return std::unexpected(started.error().error);
    std::unique_ptr<transport::Stream> encrypted = std::move(*started);
    co_return transport::StreamResult(std::move(encrypted));
  }
};

struct Content {
  std::string name;
  std::string before;  // what is answered before the content begins
  std::string octets;
  std::string message;
};

const std::vector<Content> kContents{
    {"BDAT", "", "BDAT 5\r\nabcdeBDAT 0\r\nBDAT 4 LAST\r\nwxyz", "abcdewxyz"},
    {"DATA", "DATA\r\n", "..a\r\nbc\r\n\r\n.\r\n", ".a\r\nbc\r\n\r\n"},
};

class TlsEndingTest : public tests::SessionFixture<TlsHandler>,
                      public testing::WithParamInterface<const TlsProvider*> {
 protected:
  TlsEndingTest() { behaviour_.tls = contexts_.server; }

  ServerConfig config(bool implicit) const {
    ServerConfig config = tests::test_config();
    config.protocol.capabilities_after_tls = config.protocol.capabilities;
    config.encrypted = implicit;
    if (!implicit) config.protocol.capabilities.offer(protocol::Extension::starttls);
    return config;
  }

  // Back and forth until nobody has more to say.
  static void exchange(Client& client, TlsPeer& peer, std::string ciphertext) {
    for (;;) {
      client.send(ciphertext);
      const std::string answer = client.receive();
      if (answer.empty()) return;
      ciphertext = peer.hear(answer);
    }
  }

  // Up to the 220 for STARTTLS.
  Client asking_for_tls() {
    Client client = connect(config(false));
    client.receive();
    client.say("EHLO client.test\r\n");
    EXPECT_TRUE(client.say("STARTTLS\r\n").starts_with("220 "));
    return client;
  }

  void part(Client& client, TlsEnding ending) {
    if (!tests::is_lawful(ending)) client.stream().finish_writing();
    client.receive();
    EXPECT_TRUE(client.closed());
  }

  // What one session has left behind. Counters are sums over all sessions.
  void expect_end(bool taken, int sinks, bool lost) {
    tests::settle(loop_);
    EXPECT_EQ(sessions_.size(), 0U);
    EXPECT_EQ(loop_.tasks(), 0U);
    EXPECT_EQ(loop_.buffers().borrowed(), 0U);
    EXPECT_EQ(record_.sinks, 0);
    EXPECT_EQ(record_.handlers, 0);
    EXPECT_EQ(record_.messages.size(), taken ? 1U : 0U);
    EXPECT_EQ(record_.abandoned, sinks - (taken ? 1 : 0));
    EXPECT_EQ(record_.ends, std::vector<std::string>{lost ? "lost" : "end_of_input"});
    const LoopCounters& counters = sessions_.counters();
    expected_.connections += 1;
    expected_.messages += taken ? 1 : 0;
    expected_.messages_refused += static_cast<std::uint64_t>(sinks - (taken ? 1 : 0));
    expected_.lost += lost ? 1 : 0;
    EXPECT_EQ(counters.connections.value(), expected_.connections);
    EXPECT_EQ(counters.ended.value(), expected_.connections);
    EXPECT_EQ(counters.messages.value(), expected_.messages);
    EXPECT_EQ(counters.messages_refused.value(), expected_.messages_refused);
    EXPECT_EQ(counters.lost.value(), expected_.lost);
    EXPECT_EQ(counters.failures.value(), 0U);
    EXPECT_EQ(counters.timeouts.value(), 0U);
    record_ = {};
  }

  // Says `octets` of the content, and leaves.
  void leave(const Content& content, std::size_t octets, TlsEnding ending, bool together) {
    Client client = connect(config(true));
    TlsPeer peer(contexts_.client_engine());
    exchange(client, peer, peer.hear(""));
    ASSERT_TRUE(peer.established());
    exchange(client, peer, peer.say("EHLO client.test\r\n"));
    exchange(client, peer, peer.say("MAIL FROM:<a@client.test>\r\nRCPT TO:<b@mx.test>\r\n"));
    exchange(client, peer, peer.say(content.before));
    std::string begun;
    if (octets != 0) begun = peer.say(content.octets.substr(0, octets));
    if (!together) {
      exchange(client, peer, begun);
      begun.clear();
    }
    const bool taken = octets == content.octets.size();
    const int sinks = record_.sinks + record_.abandoned + static_cast<int>(record_.messages.size());
    client.send(begun + octets_of(ending, peer, std::string_view(content.octets).substr(octets)));
    part(client, ending);
    // Octets that leave with the ending open a sink or not, as they would without it.
    const bool opens = !content.before.empty() || octets >= content.octets.find('\n') + 1;
    EXPECT_TRUE(together || sinks == (opens ? 1 : 0));
    if (taken) {
      ASSERT_EQ(record_.messages.size(), 1U);
      EXPECT_EQ(record_.messages[0].content, content.message);
    }
    expect_end(taken, opens ? 1 : 0, !tests::is_lawful(ending));
  }

  tests::TlsContexts contexts_{*GetParam()};
  Counters expected_;
};

std::string provider_name(const testing::TestParamInfo<const TlsProvider*>& info) {
  return std::string(info.param->name());
}
INSTANTIATE_TEST_SUITE_P(Tls, TlsEndingTest,
                         testing::ValuesIn(std::vector<const TlsProvider*>(transport::tls_providers().begin(),
                                                                           transport::tls_providers().end())),
                         provider_name);

TEST_P(TlsEndingTest, AtEveryOctetOfContentDeliversNothing) {
  for (const Content& content : kContents) {
    for (const TlsEnding ending : tests::kTlsEndings) {
      for (const bool at_once : {true, false}) {
        behaviour_.later = at_once;  // and by answers that come from tasks
        for (std::size_t octets = 0; octets <= content.octets.size(); ++octets) {
          SCOPED_TRACE(content.name + ", " + std::string(to_string(ending)) + " after " +
                       std::to_string(octets) + " octets" + (at_once ? ", in one write" : ""));
          leave(content, octets, ending, at_once);
          if (HasFailure()) return;
        }
      }
    }
  }
}

TEST_P(TlsEndingTest, AtEveryOctetOfTheHandshakeEndsTheSession) {
  const std::size_t hello = TlsPeer(contexts_.client_engine()).hear("").size();
  for (std::size_t octets = 0; octets < hello; ++octets) {
    SCOPED_TRACE("after " + std::to_string(octets) + " octets of the ClientHello");
    Client client = asking_for_tls();
    client.send(TlsPeer(contexts_.client_engine()).hear("").substr(0, octets));
    part(client, TlsEnding::cut);
    expect_end(false, 0, true);
    if (HasFailure()) return;
  }
  std::size_t finished = 1;
  for (std::size_t octets = 0; octets < finished; ++octets) {
    SCOPED_TRACE("after " + std::to_string(octets) + " octets of the client's last flight");
    Client client = asking_for_tls();
    TlsPeer peer(contexts_.client_engine());
    client.send(peer.hear(""));
    const std::string flight = peer.hear(client.receive());
    finished = flight.size();
    ASSERT_TRUE(peer.established());
    client.send(flight.substr(0, octets));
    part(client, TlsEnding::cut);
    expect_end(false, 0, true);
    if (HasFailure()) return;
  }
  EXPECT_GT(finished, 10U);
}

// An alert in clear, as nobody can have sent whom the server has keys with.
TEST_P(TlsEndingTest, InClearDuringTheHandshakeEndsTheSession) {
  const std::string close_notify("\x15\x03\x03\x00\x02\x01\x00", 7);
  for (const bool hello : {false, true}) {
    Client client = asking_for_tls();
    TlsPeer peer(contexts_.client_engine());
    client.send((hello ? peer.hear("") : "") + close_notify + "MAIL FROM:<a@client.test>\r\n");
    client.receive();
    EXPECT_TRUE(client.closed());
    expect_end(false, 0, true);
  }
}

TEST_P(TlsEndingTest, BetweenCommandsEndsTheSession) {
  for (const TlsEnding ending : tests::kTlsEndings) {
    SCOPED_TRACE(to_string(ending));
    Client client = asking_for_tls();
    TlsPeer peer(contexts_.client_engine());
    exchange(client, peer, peer.hear(""));
    ASSERT_TRUE(peer.established());
    client.send(octets_of(ending, peer, "EHLO client.test"));
    part(client, ending);
    expect_end(false, 0, !tests::is_lawful(ending));
  }
}

}  // namespace
}  // namespace postrider::server
