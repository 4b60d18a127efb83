// The client against every behaviour of the catalogue: it ends in time, and calls nothing delivered that the
// server did not take.
#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/fuzz/hostile/hostile_server.h"
#include "postrider/tests/client/mx_fixture.h"
#include "postrider/transport/memory_network.h"
#include "postrider/transport/tls/backends/backends.h"

namespace postrider::client::testing {
namespace {

using namespace std::chrono_literals;
using fuzz::Behaviour;
using fuzz::HostileMessage;
using fuzz::HostileOptions;
using fuzz::HostileOutcome;
using fuzz::HostileServer;
using protocol::Decision;
using transport::Endpoint;

const std::vector<std::string> kRecipients = {"b@example.net", "c@example.net", "d@example.net"};

std::shared_ptr<const transport::TlsServerContext> certificate() {
  const transport::TlsProvider& provider = *transport::tls_providers().front();
  const auto made = provider
                        .self_signed(transport::SelfSignedOptions(
                            "mx1.example.net", transport::RealClock::instance().system_now()))
                        .value();
  transport::TlsServerConfig config;
  config.certificates.emplace_back(transport::PemSource::text(made.certificate_pem),
                                   transport::PemSource::text(made.key_pem));
  return provider.server(config).value();
}

// How often each recipient was taken, by all sessions.
std::size_t times_taken(const std::vector<HostileOutcome>& outcomes, const std::string& recipient) {
  std::size_t count = 0;
  for (const HostileOutcome& outcome : outcomes) {
    for (const HostileMessage& message : outcome.messages) {
      const auto same = [&recipient](const std::string& each) {
        return each.find("<" + recipient + ">") == 0;
      };
      if (message.taken() && std::ranges::any_of(message.recipients, same)) ++count;
    }
  }
  return count;
}

Task<void> send_once(Client& client, transport::Network& network, Envelope envelope, MessageSource& message,
                     std::optional<DeliveryReport>& report, Outcome<void>& started, bool& done) {
  const Endpoint at = *Endpoint::parse("192.0.2.1:25");
  started = co_await client.connect(network, at);
  if (started) {
    DeliveryReport sent = co_await client.send(envelope, message);
    report = std::move(sent);
  }
  co_await client.quit();
  done = true;
}

class HostileServersTest : public ::testing::Test {
 protected:
  // What the client needs at most: its longest waits one after the other, and what waits for the first octet
  // of a reply that comes an octet at a time.
  static constexpr transport::Duration kMost = 2h;

  void play(const Behaviour& behaviour, std::size_t octets, TlsUse use) {
    SCOPED_TRACE(behaviour.name + ", " + std::to_string(octets) + " octets" +
                 (use == TlsUse::none ? "" : ", with TLS"));
    transport::ManualClock clock;
    transport::Loop loop(clock);
    transport::MemoryNetwork network(loop);
    HostileOptions options;
    options.behaviour = &behaviour;
    options.tls = use == TlsUse::none ? nullptr : server_context;
    options.limits.flood = std::size_t{2} << 20;
    HostileServer server(loop, network, options);
    ASSERT_TRUE(server.listen(*Endpoint::parse("192.0.2.1:25")));
    ClientConfig config;
    config.tls.use = use;
    config.tls.context = client_context;
    config.tls.target.name = "mx1.example.net";
    config.tls.target.policy = transport::TlsPolicy::none;
    std::optional<Client> client;
    client.emplace(loop, config);
    MemoryMessage message(text_of(octets));
    std::optional<DeliveryReport> report;
    Outcome<void> started;
    bool done = false;
    const transport::SteadyTime begin = clock.steady_now();
    loop.spawn(send_once(*client, network, make_envelope("a@example.org", kRecipients), message, report,
                         started, done));
    EXPECT_TRUE(run_until(loop, clock, done)) << "stuck";
    EXPECT_LE(clock.steady_now() - begin, kMost);
    client.reset();
    // The server notices that nobody is there any more.
    while (server.open() != 0 && clock.steady_now() - begin < 10h) {
      if (!loop.poll()) {
        clock.advance(1min);
        loop.expire();
      }
    }
    EXPECT_EQ(server.open(), 0U);
    server.stop();
    while (loop.poll()) {
    }
    if (behaviour.name == "polite") {
      EXPECT_TRUE(report && report->all_delivered());
    }
    check(server.outcomes(), started, report);
  }

  const std::string& text_of(std::size_t octets) {
    std::string& text = octets < 1000 ? small_ : large_;
    if (text.empty()) text = make_text(octets);
    return text;
  }

  void check(const std::vector<HostileOutcome>& outcomes, const Outcome<void>& started,
             const std::optional<DeliveryReport>& report) {
    if (!started) {
      EXPECT_FALSE(report);
      EXPECT_FALSE(started.error().text().empty());
      return;
    }
    ASSERT_TRUE(report);
    ASSERT_EQ(report->recipients.size(), kRecipients.size());
    for (std::size_t at = 0; at < kRecipients.size(); ++at) {
      const RecipientResult& result = report->recipients[at];
      if (result.delivered()) {
        EXPECT_GE(times_taken(outcomes, kRecipients[at]), 1U) << kRecipients[at] << " is called delivered";
      }
      // Whoever is not delivered has a reason that can be shown.
      EXPECT_FALSE(report->text(at).empty()) << kRecipients[at];
    }
  }

  std::shared_ptr<const transport::TlsServerContext> server_context = certificate();
  std::shared_ptr<const transport::TlsClientContext> client_context =
      transport::tls_providers().front()->client(transport::TlsClientConfig()).value();

 private:
  std::string small_;
  std::string large_;
};

// More than a connection holds: what is said in the middle of it is heard before its end is sent.
constexpr std::size_t kLarge = 300'000;

TEST_F(HostileServersTest, EndInTimeAndWithTheTruthForASmallMessage) {
  for (const Behaviour& each : fuzz::behaviours()) {
    // 250 before the end is not to be told from 250 behind it when the end is on its way already.
    const bool early = each.name.starts_with("early-250") || each.name == "talks-first" ||
                       each.name == "floods-content" || each.name == "eight-bit-content";
    if (!each.needs_tls && !early) play(each, 100, TlsUse::none);
  }
}

TEST_F(HostileServersTest, EndInTimeAndWithTheTruthForALargeMessage) {
  for (const Behaviour& each : fuzz::behaviours()) {
    if (!each.needs_tls) play(each, kLarge, TlsUse::none);
  }
}

TEST_F(HostileServersTest, EndInTimeAndWithTheTruthUnderTls) {
  for (const Behaviour& each : fuzz::behaviours()) {
    if (each.needs_tls) play(each, kLarge, TlsUse::opportunistic);
  }
}

TEST_F(HostileServersTest, EndInTimeAndWithTheTruthForWhatIsGenerated) {
  Behaviour generated = *fuzz::find_behaviour("generated");
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    generated.name = "generated " + std::to_string(seed);
    generated.script = [seed](std::uint64_t) { return fuzz::generated_script(seed); };
    play(generated, kLarge, TlsUse::opportunistic);
  }
}

// ---- By MX ----

class HostileExchangersTest : public MxTest {};

TEST_F(HostileExchangersTest, EndInTimeAndWithTheTruthWhereAnotherHostIsGood) {
  for (const Behaviour& each : fuzz::behaviours()) {
    if (each.needs_tls || each.name == "generated") continue;
    SCOPED_TRACE(each.name);
    HostileOptions hostile;
    hostile.behaviour = &each;
    hostile.limits.flood = std::size_t{2} << 20;
    HostileServer server(loop, network, hostile);
    ASSERT_TRUE(server.listen(*Endpoint::parse("192.0.2.1:25")));
    FakeHost& second = host(kSecond);
    text = make_text(kLarge);
    const MxReport report = deliver();
    EXPECT_LE(took, 2h);
    server.stop();
    const transport::SteadyTime begin = clock.steady_now();
    while (server.open() != 0 && clock.steady_now() - begin < 10h) {
      if (!loop.poll()) {
        clock.advance(1min);
        loop.expire();
      }
    }
    for (std::size_t at = 0; at < report.recipients.size(); ++at) {
      const std::string recipient = at == 0 ? "b@example.net" : "c@example.net";
      if (report.recipients[at].decision != Decision::delivered) continue;
      EXPECT_GE(times_taken(server.outcomes(), recipient) + second.messages().size(), 1U) << recipient;
    }
    forget_hosts();
  }
}

}  // namespace
}  // namespace postrider::client::testing
