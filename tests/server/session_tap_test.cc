#include <array>
#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "postrider/server/server.h"
#include "postrider/tests/server/fixture.h"
#include "postrider/transport/memory_network.h"
#include "postrider/transport/stream_tap.h"

namespace postrider::server {
namespace {

using transport::Endpoint;
using transport::Stream;

// Keeps what a session said and heard.
struct KeepingTap final : transport::StreamTap {
  void on_received(std::string_view octets) override { heard += octets; }
  void on_sent(std::string_view octets) override { said += octets; }
  void on_encrypted(const transport::TlsInfo&) override {}
  void on_end(const transport::error_code&) override {}
  void on_finished() override { finished = true; }

  std::string heard;
  std::string said;
  bool finished = false;
};

std::unique_ptr<Stream> connect(transport::Loop& loop, transport::Network& network, const Endpoint& at,
                                std::string_view from) {
  transport::ConnectOptions options;
  options.source = Endpoint::parse(from);
  auto stream = tests::run_task(loop, network.connect(at, options));
  tests::settle(loop);
  return std::move(stream.value());
}

std::string read(transport::Loop& loop, Stream& stream) {
  tests::settle(loop);
  std::array<char, 4096> buffer;
  return std::string(buffer.data(), stream.try_read(buffer).octets);
}

TEST(SessionTap, SeesTheSessionOfThePeerThatItWasMadeFor) {
  transport::ManualClock clock;
  transport::Loop loop(clock);
  transport::MemoryNetwork network(loop);
  tests::Record record;
  const tests::Behaviour behaviour;
  tests::TestFactory<> factory(record, behaviour);
  Admission admission({});
  const auto tap = std::make_shared<KeepingTap>();
  ServerConfig config = tests::test_config();
  config.tap = [&tap](const Endpoint& peer) -> std::shared_ptr<transport::StreamTap> {
    if (peer.address_to_string() == "192.0.2.7") return tap;
    return nullptr;
  };
  const Endpoint at = *Endpoint::parse("192.0.2.25:25");
  Server server(loop, network, std::move(config), factory, admission);
  ASSERT_TRUE(server.listen(at));
  tests::settle(loop);

  const auto other = connect(loop, network, at, "192.0.2.1:1");
  const auto watched = connect(loop, network, at, "192.0.2.7:1");
  const std::string_view quit = "QUIT\r\n";
  watched->try_write(std::span(&quit, 1));
  const std::string replies = read(loop, *watched);
  EXPECT_EQ(replies, "220 mx.test ESMTP\r\n221 2.0.0 Bye\r\n");
  EXPECT_EQ(tap->said, replies);
  EXPECT_EQ(tap->heard, quit);
  EXPECT_TRUE(tap->finished);
  EXPECT_EQ(read(loop, *other), "220 mx.test ESMTP\r\n");

  server.stop(std::chrono::seconds(0));
  tests::settle(loop);
  server.stop(std::chrono::seconds(0));
  clock.advance(std::chrono::minutes(1));
  loop.expire();
  tests::settle(loop);
}

}  // namespace
}  // namespace postrider::server
