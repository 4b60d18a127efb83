#include "postrider/transport/memory_network.h"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "postrider/tests/support/run_task.h"

namespace postrider::transport {
namespace {

using tests::run_task;
using tests::settle;

class MemoryNetworkTest : public testing::Test {
 protected:
  ManualClock clock_;
  Loop loop_{clock_};
  MemoryNetwork network_{loop_};
  Endpoint there_ = *Endpoint::parse("192.0.2.1:25");
};

TEST_F(MemoryNetworkTest, ConnectsToAListener) {
  auto listener = network_.listen(there_, {});
  ASSERT_TRUE(listener);
  EXPECT_EQ((*listener)->local(), there_);
  ConnectOptions options;
  options.source = Endpoint::parse("192.0.2.9:0");
  StreamResult client = run_task(loop_, network_.connect(there_, options));
  ASSERT_TRUE(client);
  StreamResult server = run_task(loop_, (*listener)->accept());
  ASSERT_TRUE(server);
  EXPECT_EQ((*server)->peer().address_to_string(), "192.0.2.9");
  EXPECT_EQ((*client)->peer(), there_);
  std::string_view text = "hello";
  (*client)->try_write(std::span(&text, 1));
  std::array<char, 16> buffer;
  EXPECT_EQ((*server)->try_read(buffer).octets, 5U);
}

TEST_F(MemoryNetworkTest, RefusesWhereNobodyListens) {
  const StreamResult client = run_task(loop_, network_.connect(there_, {}));
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error(), error::connection_refused);
}

TEST_F(MemoryNetworkTest, AnAddressIsTakenOnce) {
  auto listener = network_.listen(there_, {});
  const auto second = network_.listen(there_, {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), error::address_in_use);
  listener->reset();
  EXPECT_TRUE(network_.listen(there_, {}));
}

TEST_F(MemoryNetworkTest, PortZeroMeansAnyPort) {
  auto one = network_.listen(there_.with_port(0), {});
  auto two = network_.listen(there_.with_port(0), {});
  EXPECT_NE((*one)->local().port(), 0);
  EXPECT_NE((*one)->local().port(), (*two)->local().port());
}

TEST_F(MemoryNetworkTest, TheQueueIsBounded) {
  ListenOptions options;
  options.backlog = 1;
  auto listener = network_.listen(there_, options);
  const StreamResult first = run_task(loop_, network_.connect(there_, {}));
  const StreamResult second = run_task(loop_, network_.connect(there_, {}));
  EXPECT_TRUE(first);
  EXPECT_FALSE(second);
}

TEST_F(MemoryNetworkTest, AcceptWaitsAndEndsWithClose) {
  auto listener = network_.listen(there_, {});
  std::optional<StreamResult> accepted;
  loop_.spawn(tests::keep_result((*listener)->accept(), accepted));
  settle(loop_);
  EXPECT_FALSE(accepted);
  const StreamResult client = run_task(loop_, network_.connect(there_, {}));
  settle(loop_);
  ASSERT_TRUE(accepted);
  EXPECT_TRUE(*accepted);
  accepted.reset();
  loop_.spawn(tests::keep_result((*listener)->accept(), accepted));
  settle(loop_);
  (*listener)->close();
  settle(loop_);
  ASSERT_TRUE(accepted);
  EXPECT_EQ(accepted->error(), error::operation_aborted);
}

TEST_F(MemoryNetworkTest, ConnectionsCanBeScripted) {
  MemoryScript script;
  script.fail_at = 1;
  network_.on_connect([&](MemoryStream&, MemoryStream& server) { server.follow(script); });
  auto listener = network_.listen(there_, {});
  const StreamResult client = run_task(loop_, network_.connect(there_, {}));
  StreamResult server = run_task(loop_, (*listener)->accept());
  std::array<char, 16> buffer;
  EXPECT_EQ((*server)->try_read(buffer).error, error::connection_reset);
}

}  // namespace
}  // namespace postrider::transport
