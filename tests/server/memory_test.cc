// What a session costs while it is idle: ten thousand of them must fit into a small machine.

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/socket.h>
#include <unistd.h>

#include "postrider/server/server.h"
#include "postrider/tests/server/fixture.h"
#include "postrider/transport/socket_network.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#include <sanitizer/allocator_interface.h>
#define POSTRIDER_SANITIZER_HEAP
#endif
#endif

namespace postrider::server {
namespace {

std::size_t heap_in_use() {
#ifdef POSTRIDER_SANITIZER_HEAP
  return ::__sanitizer_get_current_allocated_bytes();
#else
  return ::mallinfo2().uordblks;
#endif
}

// A client of which the process holds nothing but a descriptor.
class BareClient {
 public:
  explicit BareClient(const transport::Endpoint& to) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    ::sockaddr_storage address{};
    const std::size_t length = to.to_sockaddr(&address);
    connected_ =
        ::connect(socket_, reinterpret_cast<::sockaddr*>(&address), static_cast<::socklen_t>(length)) == 0;
  }
  BareClient(BareClient&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)), connected_(other.connected_) {}
  ~BareClient() {
    if (socket_ >= 0) ::close(socket_);
  }

  bool connected() const { return connected_; }
  bool say(std::string_view text) {
    return ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<::ssize_t>(text.size());
  }
  bool has_reply() {
    std::array<char, 512> buffer;
    return ::recv(socket_, buffer.data(), buffer.size(), MSG_DONTWAIT) > 0;
  }

 private:
  int socket_;
  bool connected_ = false;
};

TEST(MemoryTest, AnIdleSessionAfterEhloHoldsLittle) {
  constexpr std::size_t kSessions = 200;
  transport::Loop loop;
  transport::SocketNetwork network(loop);
  tests::Record record;
  tests::Behaviour behaviour;
  tests::TestFactory<> factory(record, behaviour);
  Admission admission({});
  Server server(loop, network, tests::test_config(), factory, admission);
  const auto at = server.listen(*transport::Endpoint::parse("127.0.0.1:0"));
  ASSERT_TRUE(at);
  record.calls.reserve(10 * kSessions);

  std::vector<BareClient> clients;
  clients.reserve(2 * kSessions);
  const auto add = [&](std::size_t count) {
    for (std::size_t index = 0; index < count; ++index) {
      clients.emplace_back(*at);
      ASSERT_TRUE(clients.back().connected());
      ASSERT_TRUE(clients.back().say("EHLO client.test\r\n"));
      tests::run_until(loop, [&] { return clients.back().has_reply(); });
      tests::run_until(loop, [&] { return record.calls.size() == 2 * clients.size(); });
      tests::settle(loop);
    }
  };
  add(10);  // whatever is set up once
  const std::size_t before = heap_in_use();
  add(kSessions);
  const std::size_t each = (heap_in_use() - before) / kSessions;
  RecordProperty("octets_per_idle_session", static_cast<int>(each));
  EXPECT_EQ(server.sessions(), kSessions + 10);
  EXPECT_EQ(loop.buffers().borrowed(), 0U);
  EXPECT_LE(each, 4096U);
  EXPECT_GT(each, sizeof(protocol::ServerSession)) << "the measure is not broken";

  clients.clear();
  server.stop(std::chrono::seconds(1));
  tests::run_until(loop, [&] { return loop.tasks() == 0; });
  EXPECT_EQ(server.sessions(), 0U);
}

TEST(MemoryTest, TheParts) {
  EXPECT_LE(sizeof(protocol::ServerSession), 2048U);
  RecordProperty("session", static_cast<int>(sizeof(protocol::ServerSession)));
}

}  // namespace
}  // namespace postrider::server
