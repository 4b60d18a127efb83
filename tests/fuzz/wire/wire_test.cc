#include "postrider/fuzz/wire/wire.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "postrider/fuzz/wire/unverified_tls.h"
#include "postrider/tests/support/run_task.h"
#include "postrider/transport/memory_network.h"
#include "postrider/transport/tls/backends/backends.h"

namespace postrider::fuzz {
namespace {

using std::chrono::seconds;
using tests::settle;
using transport::Endpoint;

// Both ends of a connection in memory: the wire under test, and a wire in the server's role.
class WireTest : public testing::Test {
 protected:
  void SetUp() override {
    listener_ = std::move(network_.listen(at_, {}).value());
    options_.tls = unverified_tls().value();
    client_ = std::make_unique<Wire>(loop_, network_, options_);
  }

  template <class T>
  T run(Task<T> task) {
    std::optional<T> result;
    begin(std::move(task), result);
    EXPECT_TRUE(result.has_value());
    return result ? std::move(*result) : T();
  }
  template <class T>
  void begin(Task<T> task, std::optional<T>& result) {
    loop_.spawn(tests::keep_result(std::move(task), result));
    settle(loop_);
  }
  void pass(seconds time) {
    clock_.advance(time);
    loop_.expire();
    settle(loop_);
  }

  void connect() {
    ASSERT_TRUE(run(client_->connect(at_, soon())).ok());
    auto accepted = listener_->try_accept();
    ASSERT_TRUE(accepted);
    server_ = std::make_unique<Wire>(loop_, std::move(*accepted), WireRole::server, options_);
  }
  void say(std::string octets) { EXPECT_TRUE(run(server_->send(std::move(octets), soon())).ok()); }
  transport::SteadyTime soon() { return client_->in(seconds(10)); }
  WireReply reply() { return run(client_->read_reply(soon())); }

  transport::ManualClock clock_;
  transport::Loop loop_{clock_};
  transport::MemoryNetwork network_{loop_};
  Endpoint at_ = *Endpoint::parse("127.0.0.1:25");
  std::unique_ptr<transport::Listener> listener_;
  WireOptions options_;
  std::unique_ptr<Wire> client_;
  std::unique_ptr<Wire> server_;
};

TEST_F(WireTest, ReadsOneReplyAfterTheOther) {
  connect();
  say("220 a\r\n250-b\r\n250");
  EXPECT_EQ(reply().text(), "220 a");
  say(" c\r\n");
  EXPECT_EQ(reply().text(), "250 b / c");
  EXPECT_EQ(client_->unread(), "");
}

TEST_F(WireTest, WritesDownWhatBothSaidAndHowItWasCut) {
  connect();
  say("220 a\r\n");
  (void)reply();
  EXPECT_TRUE(run(client_->send("EHLO b\r", soon())).ok());
  clock_.advance(std::chrono::milliseconds(2500));
  EXPECT_TRUE(run(client_->send("\n", soon())).ok());
  server_->close();
  EXPECT_EQ(reply().outcome, WireOutcome::reset) << "the server had not read";
  EXPECT_EQ(write_transcript(client_->transcript()),
            "postrider-transcript 1\n"
            "0.000000 connected 127.0.0.1:25\n"
            "0.000000 S: 220 a\\r\\n\n"
            "0.000000 C: EHLO b\\r\n"
            "2.500000 C: \\n\n"
            "2.500000 reset\n");
}

TEST_F(WireTest, TheServersSideIsWrittenDownTheSameWay) {
  connect();
  say("220 a\r\n");
  EXPECT_TRUE(run(client_->send("QUIT\r\nNOOP", soon())).ok());
  EXPECT_EQ(run(server_->read_line(soon())).octets, "QUIT\r\n");
  client_->half_close();
  const WireOctets rest = run(server_->read_line(soon()));
  EXPECT_EQ(rest.outcome, WireOutcome::closed);
  EXPECT_EQ(rest.octets, "NOOP");
  say("221 b\r\n");
  server_->close();
  EXPECT_EQ(run(client_->read_to_end(soon())).octets, "220 a\r\n221 b\r\n");
  const std::string text = write_transcript(server_->transcript());
  EXPECT_NE(text.find("C: QUIT\\r\\n\n  + NOOP\n0.000000 client-closed\n0.000000 S: 221 b"), text.npos)
      << text;
  EXPECT_NE(text.find("server-closed"), text.npos) << text;
}

TEST_F(WireTest, ADeadlineIsAValueAndTheConnectionGoesOn) {
  connect();
  std::optional<WireReply> late;
  begin(client_->read_reply(soon()), late);
  EXPECT_FALSE(late);
  say("250-never ");
  pass(seconds(11));
  ASSERT_TRUE(late);
  EXPECT_EQ(late->outcome, WireOutcome::timeout);
  EXPECT_EQ(late->raw, "250-never ");
  EXPECT_EQ(client_->transcript().events.back().kind, TranscriptKind::timeout);
  say("220 now\r\n");
  EXPECT_EQ(reply().text(), "220 now");
}

TEST_F(WireTest, AReplyCanBeWaitedForWithoutTakingIt) {
  connect();
  std::optional<bool> comes;
  begin(client_->reply_comes(soon()), comes);
  say("250-a\r\n");
  EXPECT_FALSE(comes);
  pass(seconds(11));
  ASSERT_TRUE(comes);
  EXPECT_FALSE(*comes);
  EXPECT_NE(client_->transcript().events.back().kind, TranscriptKind::timeout);
  say("250 b\r\n220 c\r\n");
  EXPECT_TRUE(run(client_->reply_comes(soon())));
  EXPECT_EQ(reply().text(), "250 a / b");
  EXPECT_EQ(reply().text(), "220 c");
  server_->close();
  EXPECT_TRUE(run(client_->reply_comes(soon()))) << "that there is none any more is an answer";
  EXPECT_EQ(reply().outcome, WireOutcome::closed);
}

TEST_F(WireTest, SilenceIsNoticed) {
  connect();
  std::optional<WireOctets> quiet;
  begin(client_->quiet(seconds(2)), quiet);
  pass(seconds(3));
  ASSERT_TRUE(quiet);
  EXPECT_EQ(quiet->outcome, WireOutcome::timeout);
  EXPECT_EQ(quiet->octets, "");
  begin(client_->quiet(seconds(2)), quiet);
  say("421 a");
  say("nd on\r\n");
  pass(seconds(3));
  EXPECT_EQ(quiet->octets, "421 and on\r\n");
}

TEST_F(WireTest, WhatIsThereIsReadAtOnce) {
  connect();
  say("220 a\r\n220 b\r\n");
  (void)reply();
  EXPECT_EQ(run(client_->read_available(soon())).octets, "220 b\r\n");
  server_->close();
  EXPECT_EQ(run(client_->read_available(soon())).outcome, WireOutcome::closed);
  EXPECT_EQ(run(client_->read_available(soon())).outcome, WireOutcome::closed) << "and stays so";
}

TEST_F(WireTest, ARefusedConnectionIsAValue) {
  const WireResult result = run(client_->connect(*Endpoint::parse("127.0.0.1:26"), soon()));
  EXPECT_EQ(result.outcome, WireOutcome::refused);
  EXPECT_FALSE(result.detail.empty());
  EXPECT_EQ(run(client_->send("x", soon())).outcome, WireOutcome::not_connected);
  EXPECT_EQ(reply().outcome, WireOutcome::not_connected);
  client_->half_close();
  client_->close();
  client_->reset();
}

TEST_F(WireTest, ConnectsAgainInTheSameTranscript) {
  connect();
  say("220 a\r\nstale");
  (void)reply();
  connect();
  EXPECT_EQ(client_->unread(), "");
  EXPECT_EQ(sent_by(TranscriptKind::server, client_->transcript()), "220 a\r\nstale");
  say("220 b\r\n");
  EXPECT_EQ(reply().text(), "220 b");
  EXPECT_EQ(sent_by(TranscriptKind::server, client_->transcript(), 1), "220 b\r\n");
}

TEST_F(WireTest, AResetIsSeenByThePeer) {
  connect();
  client_->reset();
  EXPECT_EQ(run(server_->read_line(soon())).outcome, WireOutcome::reset);
  EXPECT_EQ(server_->transcript().events.back().kind, TranscriptKind::reset);
  EXPECT_FALSE(client_->connected());
}

TEST_F(WireTest, AReaderThatDoesNotReadEndsASendAtTheDeadline) {
  connect();
  std::optional<WireResult> sent;
  begin(client_->send(std::string(1'000'000, 'x'), soon()), sent);
  EXPECT_FALSE(sent);
  pass(seconds(11));
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->outcome, WireOutcome::timeout);
}

TEST_F(WireTest, HearsNoMoreThanItsBounds) {
  options_.most_received = 1000;
  options_.most_recorded = 100;
  options_.longest_line = 50;
  client_ = std::make_unique<Wire>(loop_, network_, options_);
  connect();
  say(std::string(60, 'x'));
  EXPECT_EQ(reply().outcome, WireOutcome::too_much) << "no line is that long";
  for (int at = 0; at < 20; ++at) say("250-" + std::string(46, 'x') + "\r\n");
  EXPECT_EQ(reply().outcome, WireOutcome::too_much) << "no reply is that long";
  std::size_t recorded = 0;
  for (const TranscriptEvent& event : client_->transcript().events) recorded += event.octets.size();
  EXPECT_LE(recorded, 100U);
}

TEST_F(WireTest, ATranscriptThatWasTakenBeginsEmpty) {
  connect();
  const Transcript first = client_->take_transcript();
  EXPECT_EQ(first.events.size(), 1U);
  EXPECT_TRUE(client_->transcript().events.empty());
  clock_.advance(seconds(1));
  say("220 a\r\n");
  (void)reply();
  EXPECT_EQ(client_->transcript().events.front().at, seconds(1));
}

class WireTlsTest : public WireTest {
 protected:
  void SetUp() override {
    WireTest::SetUp();
    const transport::TlsProvider& provider = *transport::tls_providers().front();
    const auto made = provider.self_signed({"mx.example", transport::RealClock::instance().system_now()});
    transport::TlsServerConfig config;
    config.certificates.emplace_back(transport::PemSource::text(made->certificate_pem),
                                     transport::PemSource::text(made->key_pem));
    context_ = provider.server(config).value();
  }

  void encrypt() {
    std::optional<WireResult> there;
    std::optional<WireResult> here;
    begin(server_->start_tls(context_->engine(), soon()), there);
    begin(client_->start_tls(soon()), here);
    ASSERT_TRUE(there && here);
    EXPECT_TRUE(there->ok()) << there->detail;
    EXPECT_TRUE(here->ok()) << here->detail;
  }

  std::shared_ptr<const transport::TlsServerContext> context_;
};

TEST_F(WireTlsTest, WritesDownWhenTlsBeginsAndWhatIsSaidInside) {
  connect();
  say("220 go\r\n");
  (void)reply();
  encrypt();
  say("250 inside\r\n");
  EXPECT_EQ(reply().text(), "250 inside");
  ASSERT_NE(client_->tls(), nullptr);
  const std::string text = write_transcript(client_->transcript());
  EXPECT_NE(text.find(" tls TLSv1.3 TLS_"), text.npos) << text;
  EXPECT_NE(text.find("S: 250 inside"), text.npos) << text;
}

TEST_F(WireTlsTest, WhatCameInClearIsNotReadUnderTls) {
  connect();
  say("220 go\r\n250 injected\r\n");
  (void)reply();
  EXPECT_EQ(client_->unread(), "250 injected\r\n");
  encrypt();
  EXPECT_EQ(client_->unread(), "");
  say("250 true\r\n");
  EXPECT_EQ(reply().text(), "250 true");
}

TEST_F(WireTlsTest, AnEndWithoutCloseNotifyIsToldApart) {
  connect();
  encrypt();
  server_->close();
  EXPECT_EQ(reply().outcome, WireOutcome::closed);
  connect();
  encrypt();
  server_->reset();
  EXPECT_EQ(reply().outcome, WireOutcome::reset);
}

TEST_F(WireTlsTest, APeerThatSpeaksNoTlsIsAValue) {
  connect();
  say("250 no\r\n");
  EXPECT_EQ(run(client_->start_tls(soon())).outcome, WireOutcome::tls_failed);
  EXPECT_EQ(run(client_->send("x", soon())).outcome, WireOutcome::not_connected);
}

}  // namespace
}  // namespace postrider::fuzz
