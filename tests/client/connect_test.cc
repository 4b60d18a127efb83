// How a client gets its connection, and leaves it.
#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "postrider/client/client.h"
#include "postrider/tests/client/client_fixture.h"
#include "postrider/transport/memory_network.h"
#include "postrider/transport/signal.h"
#include "postrider/transport/socket_network.h"

namespace postrider::client::testing {
namespace {

using transport::Endpoint;

Task<void> serve_one(transport::Loop& loop, transport::Listener& listener, FakeServer& server) {
  transport::StreamResult stream = co_await listener.accept();
  if (!stream) co_return;
  co_await server.serve(loop, std::move(*stream));
}

Task<void> connect_to(Client& client, transport::Network& network, Endpoint to, Outcome<void>& outcome,
                      bool& done) {
  outcome = co_await client.connect(network, std::move(to));
  done = true;
}

Task<void> quit_after(Client& client, bool& done) {
  co_await client.quit();
  done = true;
}

Task<void> reset_after(Client& client, Outcome<void>& outcome, bool& done) {
  outcome = co_await client.reset();
  done = true;
}

// Connects to nothing, for ever.
class BlackHole final : public transport::Network {
 public:
  explicit BlackHole(transport::Loop& loop) : loop_(loop) {}
  Task<transport::StreamResult> connect(Endpoint, transport::ConnectOptions options) override {
    co_await transport::sleep_until(loop_, options.deadline);
    co_return std::unexpected(transport::error_code(transport::error::timed_out));
  }
  transport::ListenResult listen(const Endpoint&, const transport::ListenOptions&) override {
    return std::unexpected(transport::error_code(transport::error::operation_not_supported));
  }

 private:
  transport::Loop& loop_;
};

class ConnectTest : public ::testing::Test {
 protected:
  bool run(Task<void> task, const bool& done) {
    loop.spawn(std::move(task));
    return run_until(loop, clock, done);
  }

  transport::ManualClock clock;
  transport::Loop loop{clock};
  const Endpoint address = *Endpoint::parse("192.0.2.1:25");
};

TEST_F(ConnectTest, ConnectsThroughANetworkAndAgainAfterQuit) {
  transport::MemoryNetwork network(loop);
  const auto listener = network.listen(address, {});
  ASSERT_TRUE(listener);
  Client client(loop, {});
  for (int time = 0; time < 2; ++time) {
    FakeServer server;
    loop.spawn(serve_one(loop, **listener, server));
    Outcome<void> outcome;
    bool done = false;
    ASSERT_TRUE(run(connect_to(client, network, address, outcome, done), done));
    EXPECT_TRUE(outcome);
    EXPECT_TRUE(client.usable());
    EXPECT_TRUE(client.capabilities().has(protocol::Extension::pipelining));
    EXPECT_EQ(client.greeting()->text(), "mx.example.org ESMTP");
    EXPECT_EQ(loop.buffers().borrowed(), 0U) << "an idle client holds no buffer";
    bool reset = false;
    Outcome<void> alive;
    ASSERT_TRUE(run(reset_after(client, alive, reset), reset));
    EXPECT_TRUE(alive);
    bool left = false;
    ASSERT_TRUE(run(quit_after(client, left), left));
    EXPECT_FALSE(client.usable());
    EXPECT_EQ(server.lines.back(), "QUIT");
  }
}

TEST_F(ConnectTest, SaysWhyThereIsNoConnection) {
  transport::MemoryNetwork network(loop);
  Client client(loop, {});
  Outcome<void> outcome;
  bool done = false;
  ASSERT_TRUE(run(connect_to(client, network, address, outcome, done), done));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().phase, Phase::connect);
  EXPECT_EQ(outcome.error().error, transport::error::connection_refused);
  EXPECT_EQ(outcome.error().text(), "Connection refused while connecting");
}

TEST_F(ConnectTest, GivesConnectingItsTime) {
  using namespace std::chrono_literals;
  BlackHole network(loop);
  Client client(loop, {});
  Outcome<void> outcome;
  bool done = false;
  const transport::SteadyTime begin = clock.steady_now();
  ASSERT_TRUE(run(connect_to(client, network, address, outcome, done), done));
  EXPECT_EQ(outcome.error().error, transport::error::timed_out);
  EXPECT_GE(clock.steady_now() - begin, 30s);
  EXPECT_LE(clock.steady_now() - begin, 31s);
}

TEST_F(ConnectTest, CanBeCancelledWhileConnecting) {
  BlackHole network(loop);
  Client client(loop, {});
  Outcome<void> outcome;
  bool done = false;
  loop.spawn(connect_to(client, network, address, outcome, done));
  while (loop.poll()) {
  }
  EXPECT_FALSE(done);
  client.cancel();
  while (loop.poll()) {
  }
  ASSERT_TRUE(done);
  EXPECT_EQ(outcome.error().error, transport::error::operation_aborted);
}

TEST_F(ConnectTest, NoticesADeadIdleConnection) {
  Client client(loop, {});
  FakeServer server;
  server.answer("RSET", {"421 4.4.2 Idle for too long<close>"});
  transport::MemoryNetwork network(loop);
  const auto listener = network.listen(address, {});
  loop.spawn(serve_one(loop, **listener, server));
  Outcome<void> outcome;
  bool done = false;
  ASSERT_TRUE(run(connect_to(client, network, address, outcome, done), done));
  Outcome<void> alive;
  done = false;
  ASSERT_TRUE(run(reset_after(client, alive, done), done));
  ASSERT_FALSE(alive);
  EXPECT_EQ(alive.error().phase, Phase::reset);
  EXPECT_EQ(alive.error().reply->code().value(), 421);
  EXPECT_FALSE(client.usable());
}

TEST_F(ConnectTest, IsHarmlessBeforeItIsConnected) {
  Client client(loop, {});
  client.cancel();
  EXPECT_FALSE(client.usable());
  EXPECT_TRUE(client.capabilities().extensions().empty());
  bool done = false;
  ASSERT_TRUE(run(quit_after(client, done), done));
  Outcome<void> alive;
  done = false;
  ASSERT_TRUE(run(reset_after(client, alive, done), done));
  EXPECT_EQ(alive.error().error, transport::error::not_connected);
}

// ---- Real sockets ----

Task<void> converse(Client& client, transport::Network& network, Endpoint to, const Envelope& envelope,
                    MessageSource& message, Outcome<void>& started, DeliveryReport& report, bool& done) {
  started = co_await client.connect(network, std::move(to));
  if (started) report = co_await client.send(envelope, message);
  co_await client.quit();
  done = true;
}

class SocketTest : public ::testing::Test {
 protected:
  void deliver(FakeServer& server, std::string_view text) {
    transport::SocketNetwork network(loop);
    const auto listener = network.listen(*Endpoint::parse("127.0.0.1:0"), {});
    ASSERT_TRUE(listener);
    loop.spawn(serve_one(loop, **listener, server));
    Client client(loop, config);
    const Envelope envelope = make_envelope("a@example.org", {"b@example.net"});
    MemoryMessage message(text);
    Outcome<void> started;
    bool done = false;
    loop.spawn(converse(client, network, (*listener)->local(), envelope, message, started, report, done));
    while (!done) loop.context().run_one();
    ASSERT_TRUE(started) << started.error().text();
  }

  transport::Loop loop;
  ClientConfig config;
  DeliveryReport report;
};

TEST_F(SocketTest, SendsALargeMessage) {
  const std::string text = make_text(2'000'000);
  for (const Chunking chunking : {Chunking::when_needed, Chunking::always}) {
    config.chunking = chunking;
    FakeServer server;
    server.offer({"PIPELINING", "CHUNKING"});
    deliver(server, text);
    EXPECT_TRUE(report.all_delivered()) << report.text(0);
    ASSERT_EQ(server.messages.size(), 1U);
    EXPECT_TRUE(server.messages[0] == text);
  }
}

// The server says no, and reads no more: the client is in the middle of writing and must look up from it.
TEST_F(SocketTest, HearsARefusalWhileItCannotWrite) {
  FakeServer server;
  server.offer({"PIPELINING"});
  server.early_after = 100'000;
  server.early_reply = "552 5.3.4 Too big";
  server.deaf_after_early = true;
  deliver(server, make_text(20'000'000));
  EXPECT_EQ(report.text(0), "552 5.3.4 Too big");
  EXPECT_FALSE(report.recipients[0].may_have_been_delivered);
}

TEST_F(SocketTest, HearsARefusalOfAServerThatCloses) {
  FakeServer server;
  server.offer({"PIPELINING"});
  server.early_after = 100'000;
  server.early_reply = "552 5.3.4 Too big<close>";
  deliver(server, make_text(20'000'000));
  EXPECT_FALSE(report.recipients[0].may_have_been_delivered);
  EXPECT_EQ(report.text(0), "552 5.3.4 Too big");
}

}  // namespace
}  // namespace postrider::client::testing
