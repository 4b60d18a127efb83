#include "postrider/client/pool.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/client/client_fixture.h"
#include "postrider/tests/client/fake_host.h"
#include "postrider/transport/signal.h"

namespace postrider::client::testing {
namespace {

using namespace std::chrono_literals;
using transport::Duration;
using transport::Endpoint;
using transport::SteadyTime;
namespace error = transport::error;

using Seat = ConnectionPool::Seat;
using Result = ConnectionPool::Result;

Task<void> keep(Task<Result> task, Result& result, bool& done) {
  result = co_await std::move(task);
  done = true;
}

Task<void> note_end(Task<void> task, bool& done) {
  co_await std::move(task);
  done = true;
}

class PoolTest : public ::testing::Test {
 protected:
  ~PoolTest() override {
    pool.reset();
    hosts.clear();
    settle();
  }

  void settle() {
    while (loop.poll()) {
    }
  }

  FakeHost& host(const std::string& address, FakeHost::Setup setup = {}) {
    hosts.push_back(std::make_unique<FakeHost>(loop, network, address, std::move(setup)));
    return *hosts.back();
  }

  void make(PoolLimits limits = {}) { pool = std::make_unique<ConnectionPool>(loop, limits); }

  PoolKey key(const std::string& address, const std::string& way = "clear") {
    return PoolKey(address + ":25", way);
  }

  Result take(const PoolKey& which, Duration patience = 10s,
              ConnectionPool::Reuse reuse = ConnectionPool::Reuse::allowed) {
    Result result = std::unexpected(transport::error_code());
    bool done = false;
    const SteadyTime deadline = transport::later(clock.steady_now(), patience);
    loop.spawn(keep(pool->take(which, deadline, {}, reuse), result, done));
    EXPECT_TRUE(run_until(loop, clock, done)) << "stuck";
    return result;
  }

  // Connects where the seat has no connection.
  void connect(Seat& seat, const std::string& address) {
    if (seat.client() != nullptr) return;
    auto client = std::make_unique<Client>(loop, config);
    const Endpoint to = *Endpoint::parse_address(address, 25);
    bool done = false;
    loop.spawn(start(*client, to, done));
    EXPECT_TRUE(run_until(loop, clock, done)) << "stuck";
    EXPECT_TRUE(client->usable());
    seat.adopt(std::move(client), to);
  }
  Task<void> start(Client& client, Endpoint to, bool& done) {
    const Outcome<void> started = co_await client.connect(network, to);
    EXPECT_TRUE(started) << started.error().text();
    done = true;
  }

  // One message over a seat, as everybody would do it.
  DeliveryReport send(Seat& seat) {
    DeliveryReport report;
    bool done = false;
    loop.spawn(send_one(*seat.client(), report, done));
    EXPECT_TRUE(run_until(loop, clock, done)) << "stuck";
    return report;
  }
  Task<void> send_one(Client& client, DeliveryReport& report, bool& done) {
    MemoryMessage message("Subject: x\r\n\r\nhello\r\n");
    report = co_await client.send(envelope, message);
    done = true;
  }

  // A message from end to end.
  void deliver(const std::string& address) {
    Result seat = take(key(address));
    ASSERT_TRUE(seat);
    connect(*seat, address);
    EXPECT_TRUE(send(*seat).all_delivered());
    seat->give_back();
    settle();
  }

  // Has a seat for a second, and looks how many there are.
  Task<void> hold(PoolKey which, std::string address, std::size_t& most) {
    Result seat = co_await pool->take(which, transport::kNever);
    EXPECT_TRUE(seat);
    most = std::max(most, pool->connections());
    if (seat->client() == nullptr) {
      auto client = std::make_unique<Client>(loop, config);
      const Endpoint to = *Endpoint::parse_address(address, 25);
      const Outcome<void> started = co_await client->connect(network, to);
      EXPECT_TRUE(started);
      seat->adopt(std::move(client), to);
    }
    co_await transport::sleep_until(loop, transport::later(loop.now(), 1s));
    seat->give_back();
    most = std::max(most, pool->connections());
  }

  void advance(Duration by) {
    clock.advance(by);
    loop.expire();
    settle();
  }

  bool close(Duration patience = 60s) {
    bool done = false;
    loop.spawn(note_end(pool->close(transport::later(clock.steady_now(), patience)), done));
    return run_until(loop, clock, done);
  }

  transport::ManualClock clock;
  transport::Loop loop{clock};
  transport::MemoryNetwork network{loop};
  ClientConfig config;
  Envelope envelope = make_envelope("a@example.org", {"b@example.net"});
  std::vector<std::unique_ptr<FakeHost>> hosts;
  std::unique_ptr<ConnectionPool> pool;
};

constexpr const char* kOne = "192.0.2.1";
constexpr const char* kTwo = "192.0.2.2";

TEST_F(PoolTest, KeepsAConnectionForTheNextMessage) {
  FakeHost& mx = host(kOne);
  make();
  deliver(kOne);
  EXPECT_EQ(pool->idle(), 1U);
  EXPECT_EQ(pool->connections(), 1U);
  deliver(kOne);
  EXPECT_EQ(mx.connections(), 1U);
  EXPECT_EQ(mx.messages().size(), 2U);
  EXPECT_EQ(pool->counters().opened, 1U);
  EXPECT_EQ(pool->counters().reused, 1U);
  EXPECT_EQ(std::ranges::count(mx.lines(), "RSET"), 0) << "it was used a moment ago";
}

TEST_F(PoolTest, AsksAnIdleConnectionWhetherItStillWorks) {
  FakeHost& mx = host(kOne);
  make();
  deliver(kOne);
  advance(2s);
  deliver(kOne);
  EXPECT_EQ(mx.connections(), 1U);
  EXPECT_EQ(std::ranges::count(mx.lines(), "RSET"), 1);
}

TEST_F(PoolTest, GivesNoConnectionToWhomItWasNotMadeFor) {
  host(kOne);
  host(kTwo);
  make();
  deliver(kOne);
  Result other = take(key(kOne, "tls"));
  ASSERT_TRUE(other);
  EXPECT_EQ(other->client(), nullptr) << "secured in another way";
  Result elsewhere = take(key(kTwo));
  ASSERT_TRUE(elsewhere);
  EXPECT_EQ(elsewhere->client(), nullptr);
  EXPECT_EQ(pool->idle(), 1U);
  EXPECT_EQ(pool->connections(), 3U);
}

TEST_F(PoolTest, ReplacesADeadConnectionBeforeItsUse) {
  FakeHost& mx = host(kOne, [](FakeServer& server) { server.answer("RSET", {"421 4.4.2 Idle<close>"}); });
  make();
  deliver(kOne);
  advance(5s);
  Result seat = take(key(kOne));
  ASSERT_TRUE(seat);
  EXPECT_EQ(seat->client(), nullptr);
  EXPECT_FALSE(seat->reused());
  EXPECT_EQ(pool->counters().found_dead, 1U);
  EXPECT_EQ(pool->connections(), 1U) << "the seat of the dead one is used again";
  connect(*seat, kOne);
  EXPECT_TRUE(send(*seat).all_delivered());
  EXPECT_EQ(mx.connections(), 2U);
}

TEST_F(PoolTest, QuitsAfterTheIdleTime) {
  FakeHost& mx = host(kOne);
  make();
  deliver(kOne);
  advance(20s);
  EXPECT_EQ(pool->idle(), 1U);
  advance(11s);
  EXPECT_EQ(pool->idle(), 0U);
  EXPECT_EQ(pool->connections(), 0U);
  EXPECT_EQ(mx.lines().back(), "QUIT");
  EXPECT_EQ(pool->counters().expired, 1U);
  EXPECT_EQ(loop.tasks(), 1U) << "only the host is left: an empty pool keeps no task";
}

TEST_F(PoolTest, UseKeepsAConnectionFromExpiring) {
  FakeHost& mx = host(kOne);
  make();
  for (int time = 0; time < 4; ++time) {
    deliver(kOne);
    advance(20s);
  }
  EXPECT_EQ(mx.connections(), 1U);
  EXPECT_EQ(pool->idle(), 1U);
}

TEST_F(PoolTest, QuitsAfterAsManyMessagesAsAConnectionMayCarry) {
  FakeHost& mx = host(kOne);
  PoolLimits limits;
  limits.messages = 3;
  make(limits);
  for (int time = 0; time < 7; ++time) deliver(kOne);
  EXPECT_EQ(mx.connections(), 3U);
  EXPECT_EQ(mx.messages().size(), 7U);
  EXPECT_EQ(pool->counters().worn_out, 2U);
}

TEST_F(PoolTest, HeedsMailmax) {
  FakeHost& mx = host(kOne, [](FakeServer& server) { server.offer({"PIPELINING", "LIMITS MAILMAX=2"}); });
  make();
  for (int time = 0; time < 4; ++time) deliver(kOne);
  EXPECT_EQ(mx.connections(), 2U) << "RFC 9422 4";
  EXPECT_EQ(std::ranges::count(mx.lines(), "QUIT"), 2);
}

TEST_F(PoolTest, KeepsNoConnectionThatBroke) {
  FakeHost& mx = host(kOne, [](FakeServer& server) { server.answer(".", {"250 2.0.0 Ok<close>"}); });
  make();
  deliver(kOne);
  advance(2s);
  deliver(kOne);
  EXPECT_EQ(mx.connections(), 2U);
  EXPECT_EQ(mx.messages().size(), 2U);
}

// ---- Limits ----

TEST_F(PoolTest, LetsWaitWhomADestinationHasNoRoomFor) {
  host(kOne);
  host(kTwo);
  PoolLimits limits;
  limits.per_destination = 2;
  make(limits);
  Result first = take(key(kOne));
  Result second = take(key(kOne));
  ASSERT_TRUE(first);
  ASSERT_TRUE(second);
  const SteadyTime begin = clock.steady_now();
  const Result third = take(key(kOne), 5s);
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error(), error::timed_out);
  EXPECT_EQ(clock.steady_now() - begin, 5s);
  EXPECT_TRUE(take(key(kTwo))) << "others are not held up";
  EXPECT_EQ(pool->waiting(), 0U);
  EXPECT_EQ(pool->counters().waited, 1U);
  EXPECT_EQ(pool->counters().in_vain, 1U);
}

TEST_F(PoolTest, ServesThoseWhoWaitInTheirOrder) {
  host(kOne);
  PoolLimits limits;
  limits.per_destination = 1;
  make(limits);
  Result holder = take(key(kOne));
  ASSERT_TRUE(holder);
  std::vector<Result> results(3);
  for (Result& each : results) each = std::unexpected(transport::error_code());
  bool done[3] = {false, false, false};
  for (std::size_t index = 0; index < 3; ++index) {
    loop.spawn(keep(pool->take(key(kOne), transport::kNever), results[index], done[index]));
    settle();
  }
  EXPECT_EQ(pool->waiting(), 3U);
  holder = std::unexpected(transport::error_code());
  for (std::size_t index = 0; index < 3; ++index) {
    ASSERT_TRUE(run_until(loop, clock, done[index]));
    for (std::size_t later = index + 1; later < 3; ++later) EXPECT_FALSE(done[later]);
    results[index] = std::unexpected(transport::error_code());
  }
}

TEST_F(PoolTest, HandsAConnectionOnToWhoeverWaitsForIt) {
  FakeHost& mx = host(kOne);
  PoolLimits limits;
  limits.per_destination = 1;
  make(limits);
  Result holder = take(key(kOne));
  connect(*holder, kOne);
  Result waiter = std::unexpected(transport::error_code());
  bool done = false;
  loop.spawn(keep(pool->take(key(kOne), transport::kNever), waiter, done));
  settle();
  EXPECT_TRUE(send(*holder).all_delivered());
  holder->give_back();
  ASSERT_TRUE(run_until(loop, clock, done));
  ASSERT_NE(waiter->client(), nullptr);
  EXPECT_TRUE(waiter->reused());
  EXPECT_TRUE(send(*waiter).all_delivered());
  EXPECT_EQ(mx.connections(), 1U);
}

TEST_F(PoolTest, ClosesAnIdleConnectionThatIsInTheWay) {
  FakeHost& one = host(kOne);
  host(kTwo);
  PoolLimits limits;
  limits.in_all = 1;
  make(limits);
  deliver(kOne);
  const Result other = take(key(kTwo));
  ASSERT_TRUE(other);
  EXPECT_EQ(one.lines().back(), "QUIT");
  EXPECT_EQ(pool->connections(), 1U);
  EXPECT_EQ(pool->counters().displaced, 1U);
}

TEST_F(PoolTest, NeverHoldsMoreThanItsLimits) {
  host(kOne);
  host(kTwo);
  PoolLimits limits;
  limits.per_destination = 2;
  limits.in_all = 3;
  make(limits);
  // Twenty takers, of whom each holds its seat for a second.
  bool done[20] = {};
  std::size_t most = 0;
  for (int n = 0; n < 20; ++n) {
    loop.spawn(note_end(
        hold(key(n % 2 == 0 ? kOne : kTwo, n % 3 == 0 ? "tls" : "clear"), n % 2 == 0 ? kOne : kTwo, most),
        done[n]));
  }
  for (bool& each : done) ASSERT_TRUE(run_until(loop, clock, each)) << "stuck";
  EXPECT_EQ(most, 3U);
  EXPECT_EQ(pool->waiting(), 0U);
}

TEST_F(PoolTest, TurnsAwayWhoComesToAFullQueue) {
  PoolLimits limits;
  limits.per_destination = 1;
  limits.waiting = 1;
  make(limits);
  Result holder = take(key(kOne));
  Result waiter = std::unexpected(transport::error_code());
  bool done = false;
  loop.spawn(keep(pool->take(key(kOne), transport::later(clock.steady_now(), 1h)), waiter, done));
  settle();
  const Result late = take(key(kOne));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error(), error::no_buffer_space);
  holder = std::unexpected(transport::error_code());
  ASSERT_TRUE(run_until(loop, clock, done));
  EXPECT_TRUE(waiter);
}

TEST_F(PoolTest, CanBeStoppedWhileItWaits) {
  PoolLimits limits;
  limits.per_destination = 1;
  make(limits);
  const Result holder = take(key(kOne));
  std::stop_source stop;
  Result waiter = std::unexpected(transport::error_code());
  bool done = false;
  loop.spawn(keep(pool->take(key(kOne), transport::kNever, stop.get_token()), waiter, done));
  settle();
  EXPECT_FALSE(done);
  stop.request_stop();
  settle();
  ASSERT_TRUE(done);
  EXPECT_EQ(waiter.error(), error::operation_aborted);
  EXPECT_EQ(pool->waiting(), 0U);
}

TEST_F(PoolTest, DistrustsWhatIsIdleWhenItIsTold) {
  FakeHost& mx = host(kOne);
  make();
  deliver(kOne);
  const Result seat = take(key(kOne), 10s, ConnectionPool::Reuse::fresh);
  settle();
  ASSERT_TRUE(seat);
  EXPECT_EQ(seat->client(), nullptr);
  EXPECT_EQ(mx.lines().back(), "QUIT");
  EXPECT_EQ(pool->idle(), 0U);
}

// ---- The end ----

TEST_F(PoolTest, QuitsEverywhereWhenItCloses) {
  FakeHost& one = host(kOne);
  FakeHost& two = host(kTwo);
  make();
  deliver(kOne);
  deliver(kTwo);
  Result busy = take(key(kOne, "tls"));
  connect(*busy, kOne);
  bool done = false;
  loop.spawn(note_end(pool->close(transport::later(clock.steady_now(), 60s)), done));
  settle();
  EXPECT_FALSE(done) << "one is in use";
  EXPECT_EQ(take(key(kOne)).error(), error::operation_aborted);
  EXPECT_TRUE(send(*busy).all_delivered());
  busy->give_back();
  ASSERT_TRUE(run_until(loop, clock, done));
  EXPECT_EQ(std::ranges::count(one.lines(), "QUIT"), 2);
  EXPECT_EQ(two.lines().back(), "QUIT");
  EXPECT_EQ(pool->connections(), 0U);
}

TEST_F(PoolTest, DoesNotWaitForeverForAServerThatDoesNotLetGo) {
  host(kOne, [](FakeServer& server) { server.answer("QUIT", {std::string(kSilence)}); });
  make();
  deliver(kOne);
  const SteadyTime begin = clock.steady_now();
  EXPECT_TRUE(close(5s));
  EXPECT_EQ(clock.steady_now() - begin, 5s);
  settle();
  EXPECT_EQ(pool->connections(), 0U);
}

TEST_F(PoolTest, MayGoBeforeItsSeatsAndWaiters) {
  host(kOne);
  PoolLimits limits;
  limits.per_destination = 1;
  make(limits);
  Result seat = take(key(kOne));
  connect(*seat, kOne);
  Result waiter = std::unexpected(transport::error_code());
  bool done = false;
  loop.spawn(keep(pool->take(key(kOne), transport::kNever), waiter, done));
  settle();
  pool.reset();
  settle();
  EXPECT_TRUE(done);
  EXPECT_FALSE(waiter);
  EXPECT_TRUE(send(*seat).all_delivered());
  seat->give_back();
  settle();
}

TEST(PoolKeyTest, TellsApartWhatTheServerWouldTellApart) {
  ClientConfig config;
  const PoolKey plain = pool_key("mx.example.org", 25, config);
  EXPECT_EQ(plain.destination, "mx.example.org:25");
  EXPECT_EQ(plain, pool_key("mx.example.org", 25, config));
  EXPECT_NE(plain, pool_key("mx.example.org", 26, config));
  EXPECT_NE(plain, pool_key("mx2.example.org", 25, config));
  ClientConfig encrypted = config;
  encrypted.tls.use = TlsUse::required;
  encrypted.tls.target.name = "mx.example.org";
  EXPECT_NE(plain, pool_key("mx.example.org", 25, encrypted));
  ClientConfig verified = encrypted;
  verified.tls.target.policy = transport::TlsPolicy::dane;
  EXPECT_NE(pool_key("mx.example.org", 25, verified).way, pool_key("mx.example.org", 25, encrypted).way);
  ClientConfig logged_in = config;
  auto login = std::make_shared<ClientLogin>();
  login->credentials.user = "fred";
  logged_in.login = login;
  EXPECT_NE(plain, pool_key("mx.example.org", 25, logged_in));
  ClientConfig lmtp = config;
  lmtp.flavor = protocol::Flavor::lmtp;
  EXPECT_NE(plain, pool_key("mx.example.org", 25, lmtp));
}

}  // namespace
}  // namespace postrider::client::testing
