#include "postrider/agent/load/load_session.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/transport/memory_network.h"
#include "postrider/transport/tls/backends/backends.h"
#include "postrider/transport/tls/tls_stream.h"

namespace postrider::agent {
namespace {

using transport::Task;

// Answers line by line; what is not named here is accepted.
struct Script {
  std::string greeting = "220 mx.example.org ESMTP";
  std::string ehlo = "250-mx.example.org\r\n250 PIPELINING";
  std::string mail = "250 2.1.0 Ok";
  std::string rcpt = "250 2.1.5 Ok";
  std::string data = "354 Go on";
  std::string end = "250 2.0.0 Taken";
  std::string start_tls = "220 2.0.0 Go ahead";
  std::size_t close_after = std::string::npos;  // messages on one connection
  std::shared_ptr<const transport::TlsServerContext> tls;
  bool implicit = false;

  std::vector<std::string> reads;
  std::vector<std::string> messages;
  std::vector<std::string> lines;
  std::size_t connections = 0;
};

std::string answer(Script& script, const std::string& line) {
  script.lines.push_back(line);
  if (line.starts_with("EHLO")) return script.ehlo;
  if (line.starts_with("MAIL")) return script.mail;
  if (line.starts_with("RCPT")) return script.rcpt;
  if (line.starts_with("DATA")) return script.data;
  if (line.starts_with("STARTTLS")) return script.start_tls;
  if (line.starts_with("QUIT")) return "221 2.0.0 Bye";
  return "250 2.0.0 Ok";
}

// nullptr: the client did not like it.
Task<std::unique_ptr<transport::Stream>> encrypted(transport::Loop& loop,
                                                   std::unique_ptr<transport::Stream> stream,
                                                   Script& script) {
  auto engine = script.tls->engine();
  transport::TlsStart started =
      co_await transport::start_tls(loop, std::move(stream), std::move(engine), transport::kNever);
  std::unique_ptr<transport::Stream> out;
  if (started) out = std::move(*started);
  co_return out;
}

Task<void> serve_connection(transport::Loop& loop, std::unique_ptr<transport::Stream> stream,
                            Script& script) {
  if (script.implicit) stream = co_await encrypted(loop, std::move(stream), script);
  if (!stream) co_return;
  std::string out = script.greeting + "\r\n";
  std::string in;
  bool content = false;
  std::size_t taken = 0;
  std::array<char, 4096> buffer;
  for (;;) {
    const transport::error_code failure = co_await stream->write_all(out);
    out.clear();
    if (failure || taken == script.close_after) co_return;
    if (!script.lines.empty() && script.lines.back() == "STARTTLS" && script.start_tls.starts_with("220")) {
      script.lines.emplace_back("(TLS)");
      stream = co_await encrypted(loop, std::move(stream), script);
      if (!stream) co_return;
    }
    const transport::IoResult result = co_await stream->read_some(buffer);
    if (!result.done()) co_return;
    script.reads.emplace_back(buffer.data(), result.octets);
    in.append(buffer.data(), result.octets);
    for (;;) {
      const std::string end_mark = content ? "\r\n.\r\n" : "\r\n";
      std::size_t end = in.find(end_mark);
      std::size_t length = end_mark.size();
      if (content && in.starts_with(".\r\n")) {
        end = 0;
        length = 3;
      }
      if (end == std::string::npos) break;
      const std::string part = in.substr(0, end);
      in.erase(0, end + length);
      std::string reply = script.end;
      if (content) {
        script.messages.push_back(part);
        ++taken;
      } else {
        reply = answer(script, part);
      }
      content = !content && reply.starts_with("354");
      out.append(reply).append("\r\n");
    }
  }
}

Task<void> serve(transport::Loop& loop, transport::Listener& listener, Script& script) {
  for (;;) {
    transport::StreamResult stream = co_await listener.accept();
    if (!stream) co_return;
    ++script.connections;
    loop.spawn(serve_connection(loop, std::move(*stream), script));
  }
}

Task<void> run_session(LoadSession& session, bool& done) {
  co_await session.run();
  done = true;
}

class LoadSessionTest : public ::testing::Test {
 protected:
  void run() {
    options.messages = messages;
    auto job = LoadJob::make(options, address, tls);
    ASSERT_TRUE(job);
    const auto listener = network.listen(address, {});
    if (listening) loop.spawn(serve(loop, **listener, script));
    if (!listening) (*listener)->close();
    LoadSession session(loop, network, *job, counts);
    bool done = false;
    loop.spawn(run_session(session, done));
    for (int turns = 0; turns < 1'000'000 && !done; ++turns) {
      if (loop.poll()) continue;
      const transport::SteadyTime next = loop.deadlines().next();
      ASSERT_NE(next, transport::kNever) << "stuck";
      clock.advance(std::max(next - clock.steady_now(), transport::Duration(0)) +
                    std::chrono::milliseconds(1));
      loop.expire();
    }
    EXPECT_TRUE(done);
    (*listener)->close();
    while (loop.poll()) {
    }
  }
  // A server with a certificate that nobody signed, and a client that does not mind.
  void with_tls(const transport::TlsProvider& provider, client::TlsUse use) {
    const auto made = provider
                          .self_signed(transport::SelfSignedOptions(
                              "mx.example.org", transport::RealClock::instance().system_now()))
                          .value();
    transport::TlsServerConfig server;
    server.certificates.emplace_back(transport::PemSource::text(made.certificate_pem),
                                     transport::PemSource::text(made.key_pem));
    script.tls = provider.server(server).value();
    script.implicit = use == client::TlsUse::implicit;
    script.ehlo = "250-mx.example.org\r\n250-STARTTLS\r\n250 PIPELINING";
    options.tls = use;
    tls.context = provider.client(transport::TlsClientConfig()).value();
    tls.target.name = "mx.example.org";
    tls.target.policy = transport::TlsPolicy::none;
  }

  std::uint64_t delivered() const { return counts.delivered.value(); }
  std::uint64_t failed() const { return counts.failed.value(); }

  transport::ManualClock clock;
  transport::Loop loop{clock};
  transport::MemoryNetwork network{loop};
  const transport::Endpoint address = *transport::Endpoint::parse("192.0.2.1:25");
  Script script;
  LoadOptions options;
  LoadTls tls;
  LoadCounts counts;
  std::uint64_t messages = 5;
  bool listening = true;
};

TEST_F(LoadSessionTest, NeedsOneWriteAndOneReadForAMessage) {
  run();
  EXPECT_EQ(delivered(), 5U);
  EXPECT_EQ(failed(), 0U);
  EXPECT_EQ(script.messages.size(), 5U);
  EXPECT_EQ(counts.latency.count(), 5U);
  // EHLO, the first envelope, and a read for each message; QUIT leaves with the last one.
  ASSERT_EQ(script.reads.size(), 7U);
  EXPECT_TRUE(script.reads[2].ends_with(
      "X\r\n.\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n"));
  EXPECT_TRUE(script.reads[6].ends_with("X\r\n.\r\nQUIT\r\n"));
}

TEST_F(LoadSessionTest, SaysOneCommandATurnWhenAskedToOrWhenNoMoreIsOffered) {
  options.pipelining = false;
  run();
  EXPECT_EQ(delivered(), 5U);
  EXPECT_EQ(script.reads.size(), 1 + 5 * 4 + 1U);
  script.reads.clear();
  options.pipelining = true;
  script.ehlo = "250 mx.example.org";
  run();
  EXPECT_EQ(delivered(), 10U);
  EXPECT_EQ(script.reads.size(), 1 + 5 * 4 + 1U);
}

TEST_F(LoadSessionTest, FallsBackToHelo) {
  script.ehlo = "502 5.5.1 What?";
  run();
  EXPECT_EQ(delivered(), 5U);
  EXPECT_EQ(script.lines[1], "HELO localhost");
}

TEST_F(LoadSessionTest, ConnectsAnewAfterItsShare) {
  options.per_connection = 2;
  run();
  EXPECT_EQ(delivered(), 5U);
  EXPECT_EQ(script.connections, 3U);
  EXPECT_EQ(counts.connections.value(), 3U);
  EXPECT_EQ(std::ranges::count(script.lines, "QUIT"), 3);
}

TEST_F(LoadSessionTest, CountsRefusalsByTheirCode) {
  for (const bool pipelining : {true, false}) {
    options.pipelining = pipelining;
    for (const std::string at : {"mail", "rcpt", "data", "end"}) {
      script = Script();
      counts.errors.clear();
      if (at == "mail") script.mail = "550 5.7.1 No";
      if (at == "rcpt") script.rcpt = "550 5.1.1 No";
      if (at == "data" || at == "mail") script.data = "451 4.3.0 No";
      if (at == "end") script.end = "452 4.3.1 Full";
      const std::uint64_t before = failed();
      run();
      EXPECT_EQ(failed(), before + 5) << at;
      const std::string code = at == "data" ? "451" : at == "end" ? "452" : "550";
      EXPECT_EQ(counts.errors, (std::map<std::string, std::uint64_t, std::less<>>{{code, 5}})) << at;
      EXPECT_EQ(script.connections, 1U);
    }
  }
  EXPECT_EQ(delivered(), 0U);
}

TEST_F(LoadSessionTest, SendsNoContentToWhomWasRefused) {
  script.rcpt = "550 5.1.1 No";  // and 354 all the same
  run();
  EXPECT_EQ(script.messages, std::vector<std::string>(5, ""));
  EXPECT_EQ(failed(), 5U);
}

TEST_F(LoadSessionTest, CallsNothingAcceptedBecauseDataWasAnsweredBy250) {
  script.data = "250 2.0.0 Ok";
  run();
  EXPECT_EQ(delivered(), 0U);
  EXPECT_EQ(failed(), 5U);
  EXPECT_EQ(counts.errors["250"], 5U);
}

TEST_F(LoadSessionTest, GoesOnAfterALostConnection) {
  script.close_after = 2;
  run();
  // The envelope of the third message had left already.
  EXPECT_EQ(delivered() + failed(), 5U);
  EXPECT_GE(delivered(), 3U);
  EXPECT_GE(counts.errors["connection closed"], 1U);
}

TEST_F(LoadSessionTest, GivesUpWhereThereIsNoServer) {
  listening = false;
  run();
  EXPECT_EQ(delivered(), 0U);
  EXPECT_EQ(failed(), 0U);
  EXPECT_EQ(counts.errors["Connection refused"], 10U);
}

TEST_F(LoadSessionTest, GivesUpWhereItIsTurnedAway) {
  script.greeting = "554 5.7.1 Go away";
  run();
  EXPECT_EQ(delivered(), 0U);
  EXPECT_EQ(counts.errors["554"], 10U);
}

TEST_F(LoadSessionTest, EncryptsEachConnectionAndCountsHandshakes) {
  for (const transport::TlsProvider* provider : transport::tls_providers()) {
    for (const client::TlsUse use : {client::TlsUse::required, client::TlsUse::implicit}) {
      SCOPED_TRACE(std::string(provider->name()) +
                   (use == client::TlsUse::implicit ? " implicit" : " starttls"));
      script = Script();
      const std::uint64_t before = counts.handshakes.count();
      const std::uint64_t resumed = counts.resumptions;
      with_tls(*provider, use);
      options.per_connection = 2;
      run();
      EXPECT_EQ(script.messages.size(), 5U);
      EXPECT_EQ(script.connections, 3U);
      EXPECT_EQ(counts.handshakes.count() - before, 3U);
      EXPECT_EQ(counts.resumptions - resumed, 2U);
      const bool in_clear_first = use == client::TlsUse::required;
      EXPECT_EQ(std::ranges::count(script.lines, "EHLO localhost"), in_clear_first ? 6 : 3);
      EXPECT_EQ(std::ranges::count(script.lines, "(TLS)"), in_clear_first ? 3 : 0);
      EXPECT_TRUE(counts.errors.empty());
    }
  }
  EXPECT_EQ(delivered(), 5 * counts.handshakes.count() / 3);
  EXPECT_EQ(counts.connections.value(), counts.handshakes.count());
}

TEST_F(LoadSessionTest, SendsNoMailInClearWhenItIsToEncrypt) {
  with_tls(*transport::tls_providers().front(), client::TlsUse::required);
  const std::vector<std::pair<std::string, std::string>> table{
      {"250 mx.example.org", "STARTTLS is not offered"}, {"502 5.5.1 What?", "STARTTLS is not offered"}};
  for (const auto& [ehlo, error] : table) {
    script.ehlo = ehlo;
    counts.errors.clear();
    run();
    EXPECT_EQ(counts.errors, (std::map<std::string, std::uint64_t, std::less<>>{{error, 10}})) << ehlo;
  }
  EXPECT_EQ(std::ranges::count_if(script.lines, [](auto& line) { return line.starts_with("MAIL"); }), 0);
  EXPECT_EQ(counts.connections.value(), 0U);
}

TEST_F(LoadSessionTest, EndsWhereStartTlsIsRefusedOrFollowedByClearText) {
  const auto broken = std::string(to_string(protocol::Errc::plaintext_after_starttls));
  const std::vector<std::pair<std::string, std::string>> table{
      {"454 4.7.0 Not now", "454"}, {"421 4.3.2 Bye", "421"}, {"220 Go\r\n250 Injected", broken}};
  for (const auto& [reply, error] : table) {
    script = Script();
    with_tls(*transport::tls_providers().front(), client::TlsUse::required);
    script.start_tls = reply;
    counts.errors.clear();
    run();
    EXPECT_EQ(counts.errors, (std::map<std::string, std::uint64_t, std::less<>>{{error, 10}})) << reply;
  }
  EXPECT_EQ(delivered(), 0U);
  EXPECT_EQ(counts.handshakes.count(), 0U);
}

TEST_F(LoadSessionTest, BelievesNoCertificateThatNobodySigned) {
  for (const transport::TlsProvider* provider : transport::tls_providers()) {
    for (const client::TlsUse use : {client::TlsUse::required, client::TlsUse::implicit}) {
      with_tls(*provider, use);
      tls.target.policy = transport::TlsPolicy::pkix;
      counts.errors.clear();
      run();
      ASSERT_EQ(counts.errors.size(), 1U);
      EXPECT_TRUE(counts.errors.begin()->first.starts_with("TLS: ")) << counts.errors.begin()->first;
      EXPECT_EQ(counts.errors.begin()->second, 10U);
    }
  }
  EXPECT_EQ(delivered(), 0U);
}

TEST_F(LoadSessionTest, MeasuresFromMailToTheVerdict) {
  messages = 1;
  options.pipelining = false;
  run();
  EXPECT_EQ(counts.latency.count(), 1U);
  EXPECT_EQ(counts.latency.max(), std::chrono::nanoseconds(0)) << "nothing takes time here";
}

}  // namespace
}  // namespace postrider::agent
