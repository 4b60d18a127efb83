#include "postrider/client/connector.h"

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/client/client_fixture.h"
#include "postrider/transport/memory_network.h"
#include "postrider/transport/signal.h"
#include "postrider/transport/socket_network.h"

namespace postrider::client::testing {
namespace {

using namespace std::chrono_literals;
using transport::Duration;
using transport::Endpoint;
using transport::MemoryDial;
namespace error = transport::error;

constexpr Duration kNoAnswer = Duration::max();

Task<void> keep(Task<ConnectResult> task, ConnectResult& result, bool& done) {
  result = co_await std::move(task);
  done = true;
}

Task<void> request_at(transport::Loop& loop, transport::SteadyTime at, std::stop_source& stop) {
  co_await transport::sleep_until(loop, at);
  stop.request_stop();
}

class ConnectorTest : public ::testing::Test {
 protected:
  struct Dialled {
    std::string to;
    Duration at;
    bool operator==(const Dialled&) const = default;
  };

  ConnectorTest() {
    network.on_dial([this](const Endpoint& to) {
      dialled.push_back(Dialled{to.address_to_string(), clock.steady_now() - begin});
      return dials[to.address_to_string()];
    });
  }

  // Who answers, and how.
  void address(const std::string& text, MemoryDial dial) {
    const Endpoint at = *Endpoint::parse_address(text, 25);
    endpoints.push_back(at);
    dials[text] = dial;
    auto listener = network.listen(at, {});
    ASSERT_TRUE(listener);
    listeners.push_back(std::move(*listener));
  }

  ConnectResult connect() {
    ConnectResult result;
    bool done = false;
    begin = clock.steady_now();
    loop.spawn(keep(connect_any(loop, network, endpoints, options), result, done));
    EXPECT_TRUE(run_until(loop, clock, done)) << "stuck";
    took = clock.steady_now() - begin;
    while (loop.poll()) {
    }
    EXPECT_EQ(loop.tasks(), 0U) << "an attempt goes on";
    return result;
  }

  transport::ManualClock clock;
  transport::Loop loop{clock};
  transport::MemoryNetwork network{loop};
  std::map<std::string, MemoryDial> dials;
  std::vector<std::unique_ptr<transport::Listener>> listeners;
  std::vector<Endpoint> endpoints;
  ConnectAnyOptions options;
  std::vector<Dialled> dialled;
  transport::SteadyTime begin;
  Duration took{};
};

TEST_F(ConnectorTest, TakesTheFirstAddressThatAnswersAtOnce) {
  address("192.0.2.1", {});
  address("192.0.2.2", {});
  const ConnectResult result = connect();
  ASSERT_TRUE(result.stream);
  EXPECT_EQ(result.to, endpoints[0]);
  EXPECT_TRUE(result.failed.empty());
  EXPECT_FALSE(result.error);
  EXPECT_EQ(dialled.size(), 1U) << "nobody else is bothered";
  EXPECT_EQ(took, 0s);
}

TEST_F(ConnectorTest, BeginsTheNextAttemptAQuarterOfASecondLater) {
  address("2001:db8::1", {kNoAnswer});
  address("192.0.2.1", {kNoAnswer});
  address("192.0.2.2", {1s});
  const ConnectResult result = connect();
  ASSERT_TRUE(result.stream);
  EXPECT_EQ(result.to, endpoints[2]);
  EXPECT_TRUE(result.failed.empty()) << "who was stopped has not failed";
  EXPECT_EQ(dialled, (std::vector<Dialled>{{"2001:db8::1", 0s}, {"192.0.2.1", 250ms}, {"192.0.2.2", 500ms}}));
  EXPECT_EQ(took, 1500ms);
}

TEST_F(ConnectorTest, BeginsTheNextAttemptAtOnceWhenOneFails) {
  address("192.0.2.1", {Duration::zero(), error::connection_refused});
  address("192.0.2.2", {125ms, error::host_unreachable});
  address("192.0.2.3", {});
  const ConnectResult result = connect();
  ASSERT_TRUE(result.stream);
  EXPECT_EQ(dialled, (std::vector<Dialled>{{"192.0.2.1", 0s}, {"192.0.2.2", 0s}, {"192.0.2.3", 125ms}}));
  ASSERT_EQ(result.failed.size(), 2U);
  EXPECT_EQ(result.text(), "192.0.2.1:25: Connection refused, 192.0.2.2:25: No route to host");
}

TEST_F(ConnectorTest, LetsASlowFirstAddressWinOverASlowerSecondOne) {
  address("2001:db8::1", {375ms});
  address("192.0.2.1", {1s});
  const ConnectResult result = connect();
  ASSERT_TRUE(result.stream);
  EXPECT_EQ(result.to, endpoints[0]);
  EXPECT_EQ(dialled.size(), 2U);
  EXPECT_EQ(took, 375ms);
}

TEST_F(ConnectorTest, TellsOfEveryAddressWhenNoneAnswers) {
  address("192.0.2.1", {Duration::zero(), error::connection_refused});
  address("192.0.2.2", {1s, error::connection_reset});
  const ConnectResult result = connect();
  EXPECT_FALSE(result.stream);
  EXPECT_EQ(result.error, error::connection_reset);
  ASSERT_EQ(result.failed.size(), 2U);
  EXPECT_EQ(result.failed[0].error, error::connection_refused);
  EXPECT_EQ(result.failed[1].to, endpoints[1]);
}

TEST_F(ConnectorTest, HasNothingToConnectTo) {
  const ConnectResult result = connect();
  EXPECT_FALSE(result.stream);
  EXPECT_EQ(result.error, error::host_not_found);
  EXPECT_FALSE(result.text().empty());
}

TEST_F(ConnectorTest, GivesEachAddressItsTime) {
  address("192.0.2.1", {kNoAnswer});
  options.each = 10s;
  const ConnectResult result = connect();
  EXPECT_EQ(result.error, error::timed_out);
  EXPECT_EQ(took, 10s);
  EXPECT_EQ(result.text(), "192.0.2.1:25: timed out");
}

TEST_F(ConnectorTest, EndsByTheDeadlineHoweverManyAddressesThereAre) {
  for (int n = 1; n <= 20; ++n) address("192.0.2." + std::to_string(n), {kNoAnswer});
  options.deadline = transport::later(clock.steady_now(), 2s);
  const ConnectResult result = connect();
  EXPECT_FALSE(result.stream);
  EXPECT_EQ(result.error, error::timed_out);
  EXPECT_EQ(took, 2s);
  EXPECT_EQ(result.failed.size(), dialled.size()) << "those that had their turn";
}

TEST_F(ConnectorTest, CanBeStopped) {
  address("192.0.2.1", {kNoAnswer});
  address("192.0.2.2", {kNoAnswer});
  std::stop_source stop;
  options.stop = stop.get_token();
  loop.spawn(request_at(loop, transport::later(clock.steady_now(), 1s), stop));
  const ConnectResult result = connect();
  EXPECT_FALSE(result.stream);
  EXPECT_EQ(result.error, error::operation_aborted);
  EXPECT_EQ(result.failed.size(), 2U);
  EXPECT_EQ(took, 1s);
  dialled.clear();
  EXPECT_EQ(connect().error, error::operation_aborted) << "before it begins";
  EXPECT_TRUE(dialled.empty());
}

TEST_F(ConnectorTest, LeavesNothingBehindWhenTheLoopEndsInTheMiddle) {
  auto own = std::make_unique<transport::Loop>(clock);
  transport::MemoryNetwork there(*own);
  there.on_dial([](const Endpoint&) { return MemoryDial{kNoAnswer, {}}; });
  ConnectResult result;
  bool done = false;
  const std::vector<Endpoint> two = {*Endpoint::parse("192.0.2.1:25"), *Endpoint::parse("192.0.2.2:25")};
  own->spawn(keep(connect_any(*own, there, two, options), result, done));
  while (own->poll()) {
  }
  clock.advance(250ms);
  own->expire();
  while (own->poll()) {
  }
  EXPECT_EQ(own->tasks(), 3U);
  own.reset();
  EXPECT_FALSE(done);
}

TEST_F(ConnectorTest, ConnectsFromTheAddressOfTheFamily) {
  address("2001:db8::1", {Duration::zero(), error::host_unreachable});
  address("192.0.2.1", {});
  options.source_ipv4 = Endpoint::parse("198.51.100.7:0");
  options.source_ipv6 = Endpoint::parse("[2001:db8::7]:0");
  const ConnectResult result = connect();
  ASSERT_TRUE(result.stream);
  EXPECT_EQ(result.stream->local().address_to_string(), "198.51.100.7");
}

// ---- Real sockets ----

TEST(ConnectorSocketTest, FallsBackToTheAddressWhereSomebodyListens) {
  transport::Loop loop;
  transport::SocketNetwork network(loop);
  const auto listener = network.listen(*Endpoint::parse("127.0.0.1:0"), {});
  ASSERT_TRUE(listener);
  const Endpoint there = (*listener)->local();
  // The same port of another address of this machine: nobody listens there.
  const std::vector<Endpoint> endpoints = {*Endpoint::parse_address("127.0.0.9", there.port()), there};
  ConnectResult result;
  bool done = false;
  loop.spawn(keep(connect_any(loop, network, endpoints, ConnectAnyOptions()), result, done));
  while (!done) loop.context().run_one();
  ASSERT_TRUE(result.stream) << result.text();
  EXPECT_EQ(result.to, there);
  ASSERT_EQ(result.failed.size(), 1U);
  EXPECT_EQ(result.failed[0].error, error::connection_refused);
}

}  // namespace
}  // namespace postrider::client::testing
