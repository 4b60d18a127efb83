// Deliveries with a pool, and with an I/O failure at every step.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/client/mx_fixture.h"
#include "postrider/tests/client/session_server.h"
#include "postrider/transport/signal.h"

namespace postrider::client::testing {
namespace {

using namespace std::chrono_literals;
using protocol::Decision;
using transport::MemoryScript;
using transport::MemoryStream;

Task<void> close_pool(ConnectionPool& pool, transport::SteadyTime deadline, bool& done) {
  co_await pool.close(deadline);
  done = true;
}

Task<void> hold(Task<ConnectionPool::Result> from, std::vector<ConnectionPool::Seat>& held) {
  ConnectionPool::Result seat = co_await std::move(from);
  held.push_back(std::move(*seat));
}

class MxPoolTest : public MxTest {
 protected:
  MxPoolTest() { options.pool = &pool; }

  void advance(transport::Duration by) {
    clock.advance(by);
    loop.expire();
    settle();
  }

  ConnectionPool pool{loop};
};

// ---- With a pool ----

TEST_F(MxPoolTest, UsesTheConnectionOfTheMessageBefore) {
  FakeHost& first = host(kFirst);
  for (int time = 0; time < 3; ++time) EXPECT_TRUE(deliver().all_delivered());
  EXPECT_EQ(first.connections(), 1U);
  EXPECT_EQ(first.messages().size(), 3U);
  EXPECT_EQ(pool.counters().reused, 2U);
  const MxReport report = deliver();
  EXPECT_TRUE(report.attempts[0].reused);
  EXPECT_EQ(report.recipients[0].endpoint->address_to_string(), kFirst);
}

TEST_F(MxPoolTest, TellsOfTheTlsOfAConnectionThatItReuses) {
  use_tls();
  host_with_tls(kFirst, "mx1.example.net");
  deliver();
  const MxReport report = deliver();
  EXPECT_TRUE(report.attempts[0].reused);
  EXPECT_TRUE(report.recipients[0].tls.encrypted);
  EXPECT_EQ(report.attempts[0].tls_result, TlsFailureType::none);
}

TEST_F(MxPoolTest, GoesOnAfterARefusalOverTheSameConnection) {
  FakeHost& first = host(kFirst, [](FakeServer& server) {
    server.answer("RCPT", {"550 5.1.1 No", "550 5.1.1 No", "250 Ok"}).answer("DATA", {"554 No", "354 Go"});
  });
  EXPECT_EQ(deliver().recipients[0].decision, Decision::fail_recipient);
  EXPECT_TRUE(deliver().all_delivered());
  EXPECT_EQ(first.connections(), 1U);
}

// The server closed meanwhile; RSET finds it out.
TEST_F(MxPoolTest, ReplacesAConnectionThatDiedWhileItWasIdle) {
  FakeHost& first = host_that_says(kFirst, "RSET", std::string(kClose));
  FakeHost& second = host(kSecond);
  EXPECT_TRUE(deliver().all_delivered());
  advance(5s);
  const MxReport report = deliver();
  EXPECT_TRUE(report.all_delivered());
  EXPECT_EQ(report.attempts.size(), 1U);
  EXPECT_EQ(first.connections(), 2U);
  EXPECT_EQ(second.connections(), 0U);
}

// The same within the time in which nobody asks: MAIL finds it out.
TEST_F(MxPoolTest, ReplacesAConnectionThatDiesAtMail) {
  for (const std::string how : {"<close>", "421 4.4.2 Timeout<close>", "421 4.3.2 Restarting<close>"}) {
    SCOPED_TRACE(how);
    FakeHost& first = host(kFirst, [how](FakeServer& server) { server.answer("MAIL", {"250 Ok", how}); });
    FakeHost& second = host(kSecond);
    EXPECT_TRUE(deliver().all_delivered());
    const MxReport report = deliver();
    EXPECT_TRUE(report.all_delivered());
    EXPECT_EQ(report.attempts.size(), 2U);
    EXPECT_EQ(first.connections(), 2U);
    EXPECT_EQ(first.messages().size(), 2U);
    EXPECT_EQ(second.connections(), 0U);
    advance(60s);
    forget_hosts();
  }
}

TEST_F(MxPoolTest, RetriesLaterWhenNoSeatBecomesFree) {
  PoolLimits limits;
  limits.in_all = 1;
  ConnectionPool small(loop, limits);
  options.pool = &small;
  options.total = 1min;
  host(kFirst);
  auto holder = small.take(PoolKey("elsewhere:25", ""), transport::kNever);
  std::vector<ConnectionPool::Seat> held;
  loop.spawn(hold(std::move(holder), held));
  settle();
  ASSERT_EQ(held.size(), 1U);
  const MxReport report = deliver();
  EXPECT_EQ(report.recipients[0].decision, Decision::retry_later);
  EXPECT_EQ(report.recipients[0].reached, MxStage::seat);
  EXPECT_LE(took, 61s);
  held.clear();
  options.pool = &pool;
}

// All connections that a destination may have are somebody else's.
class MxFullTest : public MxTest {
 protected:
  MxFullTest() {
    options.pool = &pool;
    for (const char* each : {"mx1.example.net:25", "mx2.example.net:25", "mx3.example.net:25"}) {
      std::vector<ConnectionPool::Seat> taken;
      loop.spawn(hold(pool.take(PoolKey(each, ""), transport::kNever), taken));
      settle();
      EXPECT_EQ(taken.size(), 1U);
      held.push_back(std::move(taken.front()));
    }
  }
  ~MxFullTest() override { held.clear(); }

  void free_seat(std::size_t of) { held[of] = ConnectionPool::Seat(); }
  static Task<void> free_seat_at(transport::Loop& loop, transport::SteadyTime at,
                                 ConnectionPool::Seat& seat) {
    co_await transport::sleep_until(loop, at);
    seat = ConnectionPool::Seat();
  }
  static PoolLimits limits() {
    PoolLimits out;
    out.per_destination = 1;
    return out;
  }

  ConnectionPool pool{loop, limits()};
  std::vector<ConnectionPool::Seat> held;
};

TEST_F(MxFullTest, TakesTheNextHostWhileTheFirstHasNoSeat) {
  FakeHost& first = host(kFirst);
  FakeHost& second = host(kSecond);
  free_seat(1);
  const MxReport report = deliver();
  EXPECT_TRUE(report.all_delivered());
  EXPECT_EQ(first.connections(), 0U);
  EXPECT_EQ(second.messages().size(), 1U);
  EXPECT_LE(took, options.seat + 1s) << "and not until no time is left";
  EXPECT_EQ(report.attempts[0].reached, MxStage::seat);
}

TEST_F(MxFullTest, WaitsForTheFirstWhenTheOthersFail) {
  FakeHost& first = host(kFirst);
  free_seat(1);
  free_seat(2);
  loop.spawn(free_seat_at(loop, transport::later(clock.steady_now(), 1min), held[0]));
  const MxReport report = deliver();
  EXPECT_TRUE(report.all_delivered()) << report.recipients[0].text;
  EXPECT_EQ(first.messages().size(), 1U);
  EXPECT_GE(took, 1min);
}

TEST_F(MxFullTest, GoesRoundWhereAllAreFullAndSeldomerEachTime) {
  options.total = 10min;
  FakeHost& third = host(kThird);
  loop.spawn(free_seat_at(loop, transport::later(clock.steady_now(), 5min), held[2]));
  const MxReport report = deliver();
  EXPECT_TRUE(report.all_delivered()) << report.recipients[0].text;
  EXPECT_EQ(third.messages().size(), 1U);
  EXPECT_LE(took, 10min);
  EXPECT_LE(report.attempts.size(), 18U);
}

TEST_F(MxFullTest, RetriesLaterWhereAllStayFull) {
  options.total = 1min;
  const MxReport report = deliver();
  EXPECT_EQ(report.recipients[0].decision, Decision::retry_later);
  EXPECT_EQ(report.recipients[0].reached, MxStage::seat);
  EXPECT_LE(took, 61s);
}

TEST_F(MxPoolTest, QuitsWhenThePoolCloses) {
  FakeHost& first = host(kFirst);
  deliver();
  EXPECT_NE(first.lines().back(), "QUIT");
  bool done = false;
  loop.spawn(close_pool(pool, transport::later(clock.steady_now(), 10s), done));
  ASSERT_TRUE(run_until(loop, clock, done));
  EXPECT_EQ(first.lines().back(), "QUIT");
  const MxReport late = deliver();
  EXPECT_EQ(late.recipients[0].decision, Decision::retry_later);
}

// ---- An honest server ----

Task<void> serve_sessions(transport::Loop& loop, transport::Listener& listener, SessionServer& server) {
  for (;;) {
    transport::StreamResult stream = co_await listener.accept();
    if (!stream) co_return;
    std::unique_ptr<MemoryStream> memory(static_cast<MemoryStream*>(stream->release()));
    co_await server.serve(loop, std::move(memory));
  }
}

TEST_F(MxTest, DeliversToTheProjectsOwnServer) {
  SessionServer server;
  server.refusals["c@example.net"] =
      protocol::Reply(protocol::code::mailbox_unavailable, protocol::status::bad_mailbox, "Nobody");
  auto listener = network.listen(*transport::Endpoint::parse("192.0.2.1:25"), {});
  ASSERT_TRUE(listener);
  loop.spawn(serve_sessions(loop, **listener, server));
  const MxReport report = deliver();
  EXPECT_TRUE(report.recipients[0].delivered());
  EXPECT_EQ(report.recipients[1].decision, Decision::fail_recipient);
  ASSERT_EQ(server.messages.size(), 1U);
  EXPECT_EQ(server.messages[0].recipients, std::vector<std::string>{"b@example.net"});
  EXPECT_EQ(server.messages[0].content, text);
  (*listener)->close();
  settle();
}

// ---- Failures at every step ----

struct FailureCase {
  std::string name;
  bool with_pool = false;
  bool with_tls = false;
  bool at_the_server = false;  // its end fails, or ours
  bool pipelining = true;
};

class MxFailureTest : public MxTest, public ::testing::WithParamInterface<FailureCase> {};

// Fails the n-th operation of the first connection, for every n, with a second host in reserve.
TEST_P(MxFailureTest, NeverLosesADecisionAndNeverDeliversTwice) {
  const FailureCase& with = GetParam();
  std::uint64_t steps = 0;
  std::size_t doubtful = 0;
  std::size_t delivered = 0;
  for (std::uint64_t at = 1;; ++at) {
    SCOPED_TRACE("operation " + std::to_string(at));
    // The internet outlives the streams, and they their script.
    auto script = std::make_unique<MemoryScript>();
    script->fail_at = at;
    bool first_connection = true;
    network.on_connect([&](MemoryStream& client, MemoryStream& server) {
      if (!std::exchange(first_connection, false)) return;
      (with.at_the_server ? server : client).follow(*script);
    });
    std::vector<FakeHost*> there;
    for (const std::string address : {kFirst, kSecond}) {
      there.push_back(with.with_tls ? &host_with_tls(address, "mx1.example.net") : &host(address));
    }
    if (with.with_tls) use_tls();
    options.client.pipelining = with.pipelining;
    auto pool = std::make_unique<ConnectionPool>(loop);
    options.pool = with.with_pool ? pool.get() : nullptr;
    const MxReport report = deliver();
    std::size_t taken = 0;
    std::size_t acknowledged = 0;
    for (const FakeHost* const each : there) {
      taken += each->messages().size();
      acknowledged += each->delivered();
    }
    EXPECT_LE(taken, 1U) << "delivered twice";
    for (const MxRecipient& recipient : report.recipients) {
      EXPECT_NE(recipient.decision, Decision::try_next_host);
      EXPECT_NE(recipient.decision, Decision::retry_same_host);
      EXPECT_FALSE(recipient.text.empty());
      EXPECT_NE(recipient.reply.code().value(), 0);
      if (recipient.delivered()) {
        EXPECT_EQ(acknowledged, 1U);
      } else if (!recipient.may_have_been_delivered) {
        EXPECT_EQ(acknowledged, 0U) << "the server was told that it is its own now";
      }
    }
    if (report.all_delivered()) ++delivered;
    if (report.recipients[0].may_have_been_delivered) ++doubtful;
    pool.reset();
    forget_hosts();
    network.on_connect({});
    options.pool = nullptr;
    if (script->operations < at) break;
    steps = at;
  }
  EXPECT_GT(steps, 10U) << "the script was followed";
  EXPECT_GT(delivered, steps / 2) << "most failures are made up for by the second host";
  EXPECT_GT(doubtful, 0U);
}

INSTANTIATE_TEST_SUITE_P(EveryStep, MxFailureTest,
                         ::testing::Values(FailureCase{"Client", false, false, false, true},
                                           FailureCase{"ClientWithoutPipelining", false, false, false, false},
                                           FailureCase{"ClientWithTls", false, true, false, true},
                                           FailureCase{"ClientWithPool", true, false, false, true},
                                           FailureCase{"ClientWithPoolAndTls", true, true, false, true},
                                           FailureCase{"Server", false, false, true, true},
                                           FailureCase{"ServerWithTlsAndPool", true, true, true, true}),
                         [](const ::testing::TestParamInfo<FailureCase>& each) { return each.param.name; });

}  // namespace
}  // namespace postrider::client::testing
