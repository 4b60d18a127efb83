// The whole server: on a network in memory for what must be exact, on real sockets and threads for what must
// be real.

#include "postrider/server/server.h"

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "postrider/tests/server/fixture.h"
#include "postrider/transport/memory_network.h"
#include "postrider/transport/socket_network.h"

namespace postrider::server {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using transport::Endpoint;
using transport::IoResult;
using transport::Loop;
using transport::Loops;
using transport::MemoryNetwork;
using transport::SocketNetwork;
using transport::Stream;
using transport::StreamResult;

// Notes where connections come from.
class NotingFactory final : public HandlerFactory {
 public:
  NotingFactory(tests::Record& record, const tests::Behaviour& behaviour) : factory_(record, behaviour) {}

  std::unique_ptr<Handler> make(const ConnectionInfo& info) override {
    peers.push_back(info.peer().to_string());
    locals.push_back(info.local().to_string());
    return factory_.make(info);
  }
  void on_bad_proxy_header(const Endpoint&, const transport::error_code&) noexcept override {
    ++bad_proxy_headers;
  }

  std::vector<std::string> peers;
  std::vector<std::string> locals;
  int bad_proxy_headers = 0;

 private:
  tests::TestFactory<> factory_;
};

class ServerInMemoryTest : public testing::Test {
 protected:
  void TearDown() override {
    server_->stop(seconds(0));
    tests::settle(loop_);
    server_->stop(seconds(0));
    clock_.advance(minutes(1));
    loop_.expire();
    tests::settle(loop_);
    EXPECT_EQ(server_->sessions(), 0U);
    EXPECT_EQ(loop_.tasks(), 0U);
  }

  void start(AdmissionLimits limits = {}, ServerConfig config = tests::test_config(),
             HandlerFactory* factory = nullptr) {
    admission_ = std::make_unique<Admission>(limits);
    server_ = std::make_unique<Server>(loop_, network_, std::move(config),
                                       factory == nullptr ? factory_ : *factory, *admission_);
    ASSERT_TRUE(server_->listen(at_));
    tests::settle(loop_);
  }

  std::unique_ptr<Stream> connect(std::string_view from = "192.0.2.1:0") {
    transport::ConnectOptions options;
    options.source = Endpoint::parse(from);
    StreamResult stream = tests::run_task(loop_, network_.connect(at_, options));
    tests::settle(loop_);
    return stream ? std::move(*stream) : nullptr;
  }

  std::string read(Stream& stream) {
    tests::settle(loop_);
    std::array<char, 4096> buffer;
    const IoResult result = stream.try_read(buffer);
    return std::string(buffer.data(), result.octets);
  }

  bool ended(Stream& stream) {
    tests::settle(loop_);
    std::array<char, 1> buffer;
    return stream.try_read(buffer).status == transport::IoStatus::end;
  }

  // Closed, or reset since there was input that nobody read.
  bool gone(Stream& stream) {
    tests::settle(loop_);
    std::array<char, 1> buffer;
    const transport::IoStatus status = stream.try_read(buffer).status;
    return status == transport::IoStatus::end || status == transport::IoStatus::failed;
  }

  void say(Stream& stream, std::string_view text) {
    stream.try_write(std::span(&text, 1));
    tests::settle(loop_);
  }

  transport::ManualClock clock_;
  Loop loop_{clock_};
  MemoryNetwork network_{loop_};
  tests::Record record_;
  tests::Behaviour behaviour_;
  NotingFactory factory_{record_, behaviour_};
  std::unique_ptr<Admission> admission_;
  std::unique_ptr<Server> server_;
  Endpoint at_ = *Endpoint::parse("192.0.2.25:25");
};

TEST_F(ServerInMemoryTest, ServesConnections) {
  start();
  auto one = connect();
  auto two = connect();
  EXPECT_EQ(read(*one), "220 mx.test ESMTP\r\n");
  EXPECT_EQ(read(*two), "220 mx.test ESMTP\r\n");
  EXPECT_EQ(server_->sessions(), 2U);
  say(*one, "QUIT\r\n");
  EXPECT_EQ(read(*one), "221 2.0.0 Bye\r\n");
  EXPECT_EQ(server_->sessions(), 1U);
  EXPECT_EQ(server_->counters().connections, 2U);
}

// ---- Behind a proxy ----

ServerConfig behind_proxy() {
  ServerConfig config = tests::test_config();
  config.is_proxy = [](const Endpoint& peer) { return peer.address_to_string() == "198.51.100.7"; };
  return config;
}

TEST_F(ServerInMemoryTest, TakesTheClientsAddressFromTheProxy) {
  start({}, behind_proxy());
  auto proxied = connect("198.51.100.7:0");
  EXPECT_EQ(read(*proxied), "");  // it has to introduce its client first
  say(*proxied, "PROXY TCP4 192.0.2.77 192.0.2.25 4711 25\r\nEHLO client.example\r\n");
  EXPECT_TRUE(read(*proxied).starts_with("220 mx.test ESMTP\r\n250-mx.test"));
  EXPECT_EQ(factory_.peers.back(), "192.0.2.77:4711");
  auto another = connect("198.51.100.7:0");
  say(*another, "PROXY TCP4 192.0.2.78 192.0.2.25 4712 25\r\n");
  EXPECT_EQ(read(*another), "220 mx.test ESMTP\r\n");
  EXPECT_EQ(factory_.peers.back(), "192.0.2.78:4712");
  EXPECT_EQ(factory_.locals.back(), "192.0.2.25:25");
}

TEST_F(ServerInMemoryTest, LetsAProxySpeakForItself) {
  start({}, behind_proxy());
  auto check = connect("198.51.100.7:0");
  say(*check, "PROXY UNKNOWN\r\n");
  EXPECT_EQ(read(*check), "220 mx.test ESMTP\r\n");
  EXPECT_TRUE(factory_.peers.back().starts_with("198.51.100.7:"));
}

TEST_F(ServerInMemoryTest, ListensToProxiesAlone) {
  start({}, behind_proxy());
  auto client = connect("192.0.2.1:0");
  EXPECT_EQ(read(*client), "220 mx.test ESMTP\r\n");
  say(*client, "PROXY TCP4 192.0.2.77 192.0.2.25 4711 25\r\n");
  EXPECT_TRUE(read(*client).starts_with("500 5.5.1"));
}

TEST_F(ServerInMemoryTest, ClosesWithoutASoundProxyHeader) {
  start({}, behind_proxy());
  auto direct = connect("198.51.100.7:0");
  say(*direct, "EHLO client.example.org\r\n");
  EXPECT_TRUE(gone(*direct));
  auto silent = connect("198.51.100.7:0");
  say(*silent, "PROXY ");
  clock_.advance(seconds(9));
  loop_.expire();
  EXPECT_FALSE(gone(*silent));
  clock_.advance(seconds(2));
  loop_.expire();
  EXPECT_TRUE(gone(*silent));
  EXPECT_EQ(factory_.bad_proxy_headers, 2);
  EXPECT_EQ(server_->counters().refused, 2U);
  EXPECT_EQ(server_->counters().connections, 0U);
}

TEST_F(ServerInMemoryTest, CountsTheClientsOfAProxyEachForItself) {
  start({.connections = 3, .connections_per_address = 1}, behind_proxy());
  auto one = connect("198.51.100.7:0");
  say(*one, "PROXY TCP4 192.0.2.77 192.0.2.25 1 25\r\n");
  EXPECT_TRUE(read(*one).starts_with("220"));
  auto same = connect("198.51.100.7:0");
  say(*same, "PROXY TCP4 192.0.2.77 192.0.2.25 2 25\r\n");
  EXPECT_TRUE(read(*same).starts_with("421 4.7.0"));
  auto other = connect("198.51.100.7:0");
  say(*other, "PROXY TCP4 192.0.2.78 192.0.2.25 3 25\r\n");
  EXPECT_TRUE(read(*other).starts_with("220"));
  auto waiting = connect("198.51.100.7:0");
  auto too_many = connect("198.51.100.7:0");
  EXPECT_TRUE(read(*too_many).starts_with("421 4.7.0"));
}

// ---- Behind a gateway ----

// Stands for whomever XCLIENT names.
class GatewayHandler final : public tests::TestHandler {
 public:
  using TestHandler::TestHandler;
  Answer on_extended(const protocol::ev::Extended& command) override {
    if (!info().is_gateway()) return protocol::Reply(protocol::code::mailbox_unavailable, "No");
    const auto client = Endpoint::parse(command.argument.view());
    if (const auto refusal = info().stand_for(*client, std::nullopt)) {
      return protocol::Reply(protocol::code::service_not_available, std::string(to_string(*refusal)));
    }
    record().calls.push_back(info().peer().to_string() + " by " + info().real_peer().address_to_string() +
                             " to " + info().local().to_string());
    return protocol::Reply(protocol::code::service_ready, "again");
  }
};

const protocol::ExtensionTable& xclient() {
  static const protocol::ExtensionTable table = [] {
    protocol::ExtensionTable made;
    made.add_verb({.name = "XCLIENT",
                   .moment = protocol::VerbExtension::Moment::between_transactions,
                   .restarts_session = true});
    return made;
  }();
  return table;
}

ServerConfig behind_gateway() {
  ServerConfig config = tests::test_config();
  config.protocol.extensions = &xclient();
  config.is_gateway = [](const Endpoint& peer) { return peer.address_to_string() == "198.51.100.7"; };
  config.gateway_keyword = "XCLIENT";
  config.gateway_parameters = "ADDR";
  return config;
}

TEST_F(ServerInMemoryTest, OffersGatewaysALineMore) {
  start({}, behind_gateway());
  auto gateway = connect("198.51.100.7:0");
  say(*gateway, "EHLO g.example\r\n");
  EXPECT_TRUE(read(*gateway).ends_with("250 XCLIENT ADDR\r\n"));
  auto client = connect("192.0.2.1:0");
  say(*client, "EHLO c.example\r\n");
  EXPECT_EQ(read(*client).find("XCLIENT"), std::string::npos);
}

TEST_F(ServerInMemoryTest, CountsTheClientsOfAGatewayEachForItself) {
  tests::TestFactory<GatewayHandler> factory(record_, behaviour_);
  start({.connections = 4, .connections_per_address = 1}, behind_gateway(), &factory);
  auto one = connect("198.51.100.7:0");
  auto same = connect("198.51.100.7:0");
  auto other = connect("198.51.100.7:0");
  for (Stream* const each : {one.get(), same.get(), other.get()}) {
    EXPECT_TRUE(read(*each).starts_with("220")) << "the gateway itself is nobody's client";
  }
  say(*one, "XCLIENT 192.0.2.77:1\r\n");
  EXPECT_EQ(read(*one), "220 again\r\n");
  EXPECT_TRUE(record_.calls.back().starts_with("192.0.2.77:1 by 198.51.100.7 to ")) << record_.calls.back();
  say(*same, "XCLIENT 192.0.2.77:2\r\n");
  EXPECT_TRUE(read(*same).starts_with("421 "));
  EXPECT_TRUE(gone(*same));
  say(*other, "XCLIENT 192.0.2.78:1\r\n");
  EXPECT_EQ(read(*other), "220 again\r\n");
  say(*one, "XCLIENT 192.0.2.79:1\r\n");
  EXPECT_EQ(read(*one), "220 again\r\n");
  auto direct = connect("192.0.2.77:0");
  EXPECT_TRUE(read(*direct).starts_with("220")) << "its place is free again";
  say(*direct, "EHLO c.example\r\nXCLIENT 192.0.2.1:1\r\n");
  EXPECT_NE(read(*direct).find("\r\n550 "), std::string::npos);
}

TEST_F(ServerInMemoryTest, RefusesAboveTheLimitsWith421) {
  start({.connections = 3, .connections_per_address = 2});
  auto one = connect("192.0.2.1:0");
  auto two = connect("192.0.2.1:0");
  auto three = connect("192.0.2.1:0");
  EXPECT_EQ(read(*three), "421 4.7.0 mx.test Too many connections from your address\r\n");
  EXPECT_TRUE(ended(*three));
  auto other = connect("192.0.2.2:0");
  EXPECT_EQ(read(*other), "220 mx.test ESMTP\r\n");
  auto last = connect("192.0.2.3:0");
  EXPECT_EQ(read(*last), "421 4.7.0 mx.test Too many connections, try again later\r\n");
  EXPECT_EQ(server_->counters().refused, 2U);
  EXPECT_EQ(server_->counters().connections, 3U);
  one.reset();
  tests::settle(loop_);
  auto again = connect("192.0.2.1:0");
  EXPECT_EQ(read(*again), "220 mx.test ESMTP\r\n");
}

TEST_F(ServerInMemoryTest, RefusesHaste) {
  start({.new_per_minute = 1});
  auto one = connect();
  auto two = connect();
  EXPECT_EQ(read(*two), "421 4.7.0 mx.test Too many new connections from your address\r\n");
  clock_.advance(minutes(1));
  auto three = connect();
  EXPECT_EQ(read(*three), "220 mx.test ESMTP\r\n");
}

TEST_F(ServerInMemoryTest, StopsGracefully) {
  start();
  auto idle = connect();
  auto busy = connect();
  auto slow = connect();
  say(*busy, "EHLO client.test\r\nMAIL FROM:<a@client.test>\r\n");
  say(*busy, "MAIL FROM:<a@client.test>\r\nRCPT TO:<b@mx.test>\r\n");
  say(*slow, "EHLO client.test\r\n");
  say(*slow, "MAIL FROM:<a@client.test>\r\n");
  read(*idle);
  read(*busy);
  read(*slow);
  server_->stop(seconds(30));
  EXPECT_EQ(read(*idle), "421 4.3.2 mx.test Shutting down, try again later\r\n");
  EXPECT_TRUE(ended(*idle));
  EXPECT_EQ(connect(), nullptr) << "nobody listens any more";
  say(*busy, "DATA\r\n");
  EXPECT_TRUE(read(*busy).starts_with("354"));
  say(*busy, "text\r\n.\r\n");
  EXPECT_EQ(read(*busy), "250 2.0.0 Ok\r\n421 4.3.2 mx.test Shutting down, try again later\r\n");
  EXPECT_EQ(record_.messages.size(), 1U);
  EXPECT_EQ(read(*slow), "");
  clock_.advance(seconds(31));
  loop_.expire();
  EXPECT_EQ(read(*slow), "421 4.3.2 mx.test Shutting down, try again later\r\n");
}

TEST_F(ServerInMemoryTest, ASecondStopIsImpatient) {
  start();
  auto busy = connect();
  say(*busy, "EHLO client.test\r\n");
  say(*busy, "MAIL FROM:<a@client.test>\r\n");
  read(*busy);
  server_->stop(minutes(5));
  EXPECT_EQ(read(*busy), "");
  server_->stop(minutes(5));
  EXPECT_EQ(read(*busy), "421 4.3.2 mx.test Shutting down, try again later\r\n");
}

TEST_F(ServerInMemoryTest, ANewConfigurationIsForNewSessions) {
  start();
  auto before = connect();
  read(*before);
  ServerConfig config = tests::test_config();
  config.protocol.hostname = "new.test";
  server_->reconfigure(config);
  auto after = connect();
  EXPECT_EQ(read(*after), "220 new.test ESMTP\r\n");
  say(*before, "HELO client.test\r\n");
  EXPECT_EQ(read(*before), "250 mx.test\r\n");
}

TEST_F(ServerInMemoryTest, AnAddressInUseIsAnError) {
  start();
  EXPECT_EQ(server_->listen(at_).error(), transport::error::address_in_use);
}

// ---- Real sockets and threads ----

class Drain final : public MessageSink {
 public:
  explicit Drain(std::atomic<std::uint64_t>& octets) : octets_(octets) {}
  Soon<void> write(std::string_view octets) override {
    octets_ += octets.size();
    return {};
  }
  Answer finish(const protocol::ev::BodyEnd&, std::size_t) override { return kOk; }

 private:
  std::atomic<std::uint64_t>& octets_;
};

class DiscardFactory final : public HandlerFactory {
 public:
  class Discard final : public Handler {
   public:
    explicit Discard(std::atomic<std::uint64_t>& octets) : octets_(octets) {}
    Answer on_rcpt(const protocol::ev::Rcpt&) override { return kOk; }
    Soon<Opened> on_data() override { return Opened(std::make_unique<Drain>(octets_)); }

   private:
    std::atomic<std::uint64_t>& octets_;
  };

  std::unique_ptr<Handler> make(const ConnectionInfo& info) override {
    addresses_ += info.local().port() != 0 ? 1 : 0;
    const std::lock_guard lock(mutex_);
    ids_.insert(info.id().value);
    return std::make_unique<Discard>(octets_);
  }

  std::atomic<std::uint64_t> octets_ = 0;
  std::atomic<std::uint64_t> addresses_ = 0;
  std::mutex mutex_;
  std::set<std::uint64_t> ids_;
};

// Says everything at its turn and reads until the connection ends.
Task<std::string> talk(transport::Network& network, Endpoint to, int messages) {
  std::string replies;
  transport::ConnectOptions options;
  StreamResult connected = co_await network.connect(to, options);
  if (!connected) co_return "cannot connect";
  std::unique_ptr<Stream> stream = std::move(*connected);
  std::array<char, 4096> buffer;
  for (int turn = -2; turn <= 2 * messages; ++turn) {
    const IoResult result = co_await stream->read_some(buffer);
    if (!result.done()) co_return replies + "lost";
    replies.append(buffer.data(), result.octets);
    std::string_view text = "MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n";
    if (turn == -2) text = "EHLO client.test\r\n";
    if (turn >= 0 && turn % 2 == 0) text = "hello\r\n.\r\n";
    if (turn == 2 * messages) text = "";
    if (turn == 2 * messages - 1) text = "QUIT\r\n";
    const transport::error_code failure = co_await stream->write_all(text);
    if (failure) co_return replies + failure.message();
  }
  co_return replies;
}

class ServerOnSocketsTest : public testing::Test {
 protected:
  static constexpr int kClients = 40;
  static constexpr int kMessages = 5;

  // Every client has its say; all of it is answered.
  void expect_service(const Endpoint& at) {
    Loop loop;
    SocketNetwork network(loop);
    std::vector<std::optional<std::string>> outcomes(kClients);
    for (auto& outcome : outcomes) loop.spawn(tests::keep_result(talk(network, at, kMessages), outcome));
    tests::run_until(loop, [&] { return loop.tasks() == 0; });
    for (const auto& outcome : outcomes) {
      ASSERT_TRUE(outcome);
      EXPECT_TRUE(outcome->ends_with("221 2.0.0 Bye\r\n")) << *outcome;
    }
  }

  DiscardFactory factory_;
  Admission admission_{{}};
};

TEST_F(ServerOnSocketsTest, ServesOnSeveralThreads) {
  Loops loops(2);
  Server server(loops, tests::test_config(), factory_, admission_);
  const auto at = server.listen(*Endpoint::parse("127.0.0.1:0"));
  ASSERT_TRUE(at) << at.error().message();
  EXPECT_NE(at->port(), 0);
  const auto also = server.listen(*Endpoint::parse("[::1]:0"));
  ASSERT_TRUE(also) << also.error().message();
  std::jthread thread([&] { loops.run(); });
  expect_service(*at);
  expect_service(*also);
  server.stop(seconds(10));
  loops.stop();
  thread.join();
  const Counters sum = server.counters();
  EXPECT_EQ(sum.connections, 2U * kClients);
  EXPECT_EQ(sum.ended, 2U * kClients);
  EXPECT_EQ(sum.messages, 2U * kClients * kMessages);
  EXPECT_EQ(sum.octets, 2U * kClients * kMessages * 7U);
  EXPECT_EQ(factory_.octets_, sum.octets);
  EXPECT_EQ(factory_.addresses_, sum.connections);
  EXPECT_EQ(factory_.ids_.size(), sum.connections);
  EXPECT_EQ(admission_.connections(), 0U);
}

TEST_F(ServerOnSocketsTest, ServesAUnixSocket) {
  Loops loops(2);
  Server server(loops, tests::test_config(), factory_, admission_);
  const auto at = server.listen(Endpoint::local("/tmp/postrider-server-test-" + std::to_string(::getpid())));
  ASSERT_TRUE(at) << at.error().message();
  std::jthread thread([&] { loops.run(); });
  expect_service(*at);
  server.stop(seconds(10));
  loops.stop();
  thread.join();
  EXPECT_EQ(server.counters().messages, std::uint64_t{kClients} * kMessages);
}

TEST_F(ServerOnSocketsTest, ListensWhileItRunsAndStopsWithIdleSessions) {
  Loops loops(2);
  Server server(loops, tests::test_config(), factory_, admission_);
  std::jthread thread([&] { loops.run(); });
  const auto at = server.listen(*Endpoint::parse("127.0.0.1:0"));
  ASSERT_TRUE(at);
  Loop loop;
  SocketNetwork network(loop);
  std::vector<std::unique_ptr<Stream>> idle;
  for (int client = 0; client < kClients; ++client) {
    StreamResult stream = tests::run_task(loop, network.connect(*at, {}));
    ASSERT_TRUE(stream);
    idle.push_back(std::move(*stream));
  }
  std::array<char, 256> buffer;
  for (auto& stream : idle) EXPECT_TRUE(tests::run_task(loop, stream->read_some(buffer)).done());
  EXPECT_EQ(server.sessions(), std::uint64_t{kClients});
  server.stop(seconds(10));
  loops.stop();
  for (auto& stream : idle) {
    const IoResult result = tests::run_task(loop, stream->read_some(buffer));
    EXPECT_TRUE(std::string_view(buffer.data(), result.octets).starts_with("421 4.3.2"));
    stream.reset();
  }
  thread.join();
  EXPECT_EQ(server.sessions(), 0U);
}

TEST_F(ServerOnSocketsTest, SessionsOfHaltedLoopsGoWithTheLoops) {
  auto loops = std::make_unique<Loops>(2);
  auto server = std::make_unique<Server>(*loops, tests::test_config(), factory_, admission_);
  const auto at = server->listen(*Endpoint::parse("127.0.0.1:0"));
  ASSERT_TRUE(at);
  std::jthread thread([&] { loops->run(); });
  Loop loop;
  SocketNetwork network(loop);
  std::vector<std::unique_ptr<Stream>> clients;
  std::array<char, 256> buffer;
  for (int client = 0; client < 10; ++client) {
    StreamResult stream = tests::run_task(loop, network.connect(*at, {}));
    ASSERT_TRUE(stream);
    ASSERT_TRUE(tests::run_task(loop, (*stream)->read_some(buffer)).done());
    clients.push_back(std::move(*stream));
  }
  loops->halt();
  thread.join();
  server.reset();
  loops.reset();
  for (auto& client : clients) {
    EXPECT_EQ(tests::run_task(loop, client->read_some(buffer)).status, transport::IoStatus::end);
  }
  EXPECT_EQ(admission_.connections(), 0U);
}

// Sends content without an end, as fast as it goes, until told to stop.
Task<void> flood(transport::Network& network, Endpoint to, std::atomic<bool>& go_on,
                 std::atomic<bool>& flooding) {
  StreamResult connected = co_await network.connect(to, transport::ConnectOptions());
  if (!connected) co_return;
  std::unique_ptr<Stream> stream = std::move(*connected);
  std::array<char, 4096> buffer;
  for (const std::string_view text :
       {"EHLO client.test\r\n", "MAIL FROM:<a@b.test>\r\n", "RCPT TO:<c@d.test>\r\n", "DATA\r\n", ""}) {
    const IoResult result = co_await stream->read_some(buffer);
    if (!result.done()) co_return;
    const transport::error_code failure = co_await stream->write_all(text);
    if (failure) co_return;
  }
  std::string content;
  while (content.size() < 1'000'000) content += std::string(70, 'x') + "\r\n";
  flooding = true;
  flooding.notify_all();
  while (go_on) {
    const transport::error_code failure = co_await stream->write_all(content);
    if (failure) co_return;
  }
}

TEST_F(ServerOnSocketsTest, ASenderWithoutEndLeavesTimeForOthers) {
  Loops loops(1);
  Server server(loops, tests::test_config(), factory_, admission_);
  const auto at = server.listen(*Endpoint::parse("127.0.0.1:0"));
  ASSERT_TRUE(at);
  std::jthread thread([&] { loops.run(); });
  std::atomic<bool> go_on = true;
  std::atomic<bool> flooding = false;
  std::jthread flooder([&] {
    Loop loop;
    SocketNetwork network(loop);
    tests::run_task(loop, flood(network, *at, go_on, flooding));
    flooding = true;  // however it ended
    flooding.notify_all();
  });
  flooding.wait(false);
  expect_service(*at);
  go_on = false;
  flooder.join();
  server.stop(minutes(1));  // it has hung up: what it sent is still to be read
  loops.stop();
  thread.join();
  EXPECT_GT(server.counters().octets, 1'000'000U);
}

}  // namespace
}  // namespace postrider::server
