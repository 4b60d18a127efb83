#include "postrider/transport/socket_network.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "postrider/tests/support/run_task.h"

namespace postrider::transport {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using tests::run_task;
using tests::run_until;

// A folder for Unix sockets that goes with the test.
class Folder {
 public:
  Folder() {
    std::array<char, 32> name{"/tmp/postrider-test-XXXXXX"};
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() { ::rmdir(path_.c_str()); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  Endpoint socket(std::string_view name) const { return Endpoint::local(path_ + "/" + std::string(name)); }

 private:
  std::string path_;
};

Task<std::string> read_until_end(Stream& stream) {
  std::string text;
  std::array<char, 4096> buffer;
  for (;;) {
    const IoResult result = co_await stream.read_some(buffer);
    if (!result.done()) break;
    text.append(buffer.data(), result.octets);
  }
  co_return text;
}

class SocketNetworkTest : public testing::Test {
 protected:
  void listen(const Endpoint& at) {
    ListenResult result = network_.listen(at, {});
    ASSERT_TRUE(result) << result.error().message();
    listener_ = std::move(*result);
  }

  void connect() {
    StreamResult client = run_task(loop_, network_.connect(listener_->local(), {}));
    ASSERT_TRUE(client) << client.error().message();
    client_ = std::move(*client);
    StreamResult server = run_task(loop_, listener_->accept());
    ASSERT_TRUE(server) << server.error().message();
    server_ = std::move(*server);
  }

  Loop loop_;
  SocketNetwork network_{loop_};
  Folder folder_;
  Endpoint any_port_ = *Endpoint::parse("127.0.0.1:0");
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<Stream> client_;
  std::unique_ptr<Stream> server_;
};

class SocketNetworkEverywhereTest : public SocketNetworkTest,
                                    public testing::WithParamInterface<std::string> {
 protected:
  void SetUp() override {
    listen(GetParam() == "unix" ? folder_.socket("s") : *Endpoint::parse(GetParam()));
    connect();
  }
};

INSTANTIATE_TEST_SUITE_P(Families, SocketNetworkEverywhereTest,
                         testing::Values("127.0.0.1:0", "[::1]:0", "unix"));

TEST_P(SocketNetworkEverywhereTest, CarriesOctetsAndHalfCloses) {
  const std::array<std::string_view, 3> pieces = {"EHLO ", "", "there\r\n"};
  EXPECT_FALSE(run_task(loop_, client_->write_all(pieces)));
  std::array<char, 64> buffer;
  const IoResult got = run_task(loop_, server_->read_some(buffer));
  EXPECT_EQ(std::string_view(buffer.data(), got.octets), "EHLO there\r\n");
  EXPECT_EQ(server_->try_read(buffer).status, IoStatus::would_block);

  // The client closes politely: its side first, then it waits for ours.
  bool closed = false;
  loop_.spawn(tests::note_end(client_->close(Closing::after_peer), closed));
  EXPECT_EQ(run_task(loop_, server_->read_some(buffer)).status, IoStatus::end);
  EXPECT_FALSE(closed);
  EXPECT_FALSE(run_task(loop_, server_->write_all("bye")));
  server_.reset();
  run_until(loop_, [&] { return closed; });
}

TEST_P(SocketNetworkEverywhereTest, OneSideMayFinishWritingAndReadOn) {
  std::array<char, 64> buffer;
  EXPECT_FALSE(run_task(loop_, client_->write_all("QUIT\r\n")));
  client_->finish_writing();
  EXPECT_EQ(run_task(loop_, server_->read_some(buffer)).octets, 6U);
  EXPECT_EQ(run_task(loop_, server_->read_some(buffer)).status, IoStatus::end);
  EXPECT_FALSE(run_task(loop_, server_->write_all("221 bye")));
  EXPECT_EQ(run_task(loop_, client_->read_some(buffer)).octets, 7U);
}

TEST_P(SocketNetworkEverywhereTest, MovesMuchMoreThanTheBuffersHold) {
  std::string sent(8'000'000, 'x');
  for (std::size_t index = 0; index < sent.size(); index += 997) sent[index] = static_cast<char>(index % 251);
  std::optional<error_code> written;
  std::optional<std::string> received;
  loop_.spawn(tests::keep_result(client_->write_all(sent), written));
  loop_.spawn(tests::keep_result(read_until_end(*server_), received));
  run_until(loop_, [&] { return written.has_value(); });
  EXPECT_EQ(*written, error_code());
  client_->abort();
  run_until(loop_, [&] { return received.has_value(); });
  EXPECT_TRUE(*received == sent);
}

TEST_P(SocketNetworkEverywhereTest, TheDeadlineEndsAWaitForInput) {
  const SteadyTime start = loop_.now();
  client_->expires_at(later(start, milliseconds(100)));
  std::array<char, 64> buffer;
  const IoResult result = run_task(loop_, client_->read_some(buffer));
  EXPECT_EQ(result.error, error::timed_out);
  EXPECT_GE(loop_.now() - start, milliseconds(100));
  EXPECT_TRUE(client_->expired());
  EXPECT_EQ(run_task(loop_, client_->wait_readable()), error::timed_out);

  client_->expires_at(later(loop_.now(), seconds(10)));
  EXPECT_FALSE(run_task(loop_, server_->write_all("x")));
  EXPECT_EQ(run_task(loop_, client_->read_some(buffer)).octets, 1U);
}

TEST_P(SocketNetworkEverywhereTest, TheDeadlineEndsAWaitForOutput) {
  client_->expires_at(later(loop_.now(), milliseconds(100)));
  const std::string much(64'000'000, 'x');
  EXPECT_EQ(run_task(loop_, client_->write_all(much)), error::timed_out);
}

TEST_P(SocketNetworkEverywhereTest, CancelAndAbortEndWaits) {
  std::optional<error_code> waited;
  loop_.spawn(tests::keep_result(client_->wait_readable(), waited));
  loop_.post([&] { client_->cancel(); });
  run_until(loop_, [&] { return waited.has_value(); });
  EXPECT_EQ(*waited, error::operation_aborted);

  waited.reset();
  loop_.spawn(tests::keep_result(client_->wait_readable(), waited));
  loop_.post([&] { client_->abort(); });
  run_until(loop_, [&] { return waited.has_value(); });
  EXPECT_EQ(*waited, error::operation_aborted);
  std::array<char, 8> buffer;
  EXPECT_EQ(client_->try_read(buffer).status, IoStatus::failed);
  EXPECT_EQ(run_task(loop_, server_->read_some(buffer)).status, IoStatus::end);
}

TEST_P(SocketNetworkEverywhereTest, WritingToAClosedPeerIsAnErrorAndNoSignal) {
  server_.reset();
  error_code failure;
  for (int round = 0; round < 1000 && !failure; ++round) {
    failure = run_task(loop_, client_->write_all("some text"));
  }
  EXPECT_TRUE(failure == error::broken_pipe || failure == error::connection_reset) << failure.message();
}

TEST_F(SocketNetworkTest, AResetIsSeenByThePeer) {
  listen(any_port_);
  connect();
  client_->reset();
  std::array<char, 64> buffer;
  EXPECT_EQ(run_task(loop_, server_->read_some(buffer)).error, error::connection_reset);
}

TEST_F(SocketNetworkTest, KnowsBothEnds) {
  listen(any_port_);
  connect();
  EXPECT_NE(listener_->local().port(), 0);
  EXPECT_EQ(client_->peer(), listener_->local());
  EXPECT_EQ(server_->local(), listener_->local());
  EXPECT_EQ(server_->peer(), client_->local());
}

TEST_F(SocketNetworkTest, ConnectsFromTheSourceAddress) {
  listen(any_port_);
  ConnectOptions options;
  options.source = Endpoint::parse("127.0.0.9:0");
  StreamResult client = run_task(loop_, network_.connect(listener_->local(), options));
  ASSERT_TRUE(client);
  EXPECT_EQ((*client)->local().address_to_string(), "127.0.0.9");
  options.source = Endpoint::parse("192.0.2.1:0");
  const StreamResult foreign = run_task(loop_, network_.connect(listener_->local(), options));
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().value(), EADDRNOTAVAIL);
}

// On an address of its own, so that no test beside it is given the port that becomes free.
TEST_F(SocketNetworkTest, RefusedConnectionsAreErrors) {
  listen(*Endpoint::parse("127.0.0.6:0"));
  const Endpoint gone = listener_->local();
  listener_.reset();
  EXPECT_EQ(run_task(loop_, network_.connect(gone, {})).error(), error::connection_refused);
  EXPECT_EQ(run_task(loop_, network_.connect(folder_.socket("nobody"), {})).error().value(), ENOENT);
  EXPECT_EQ(run_task(loop_, network_.connect(Endpoint(), {})).error().value(), EAFNOSUPPORT);
}

// A listener whose queue is full answers nothing on Linux: the connection hangs.
TEST_F(SocketNetworkTest, TheDeadlineEndsAConnect) {
  ListenOptions options;
  options.backlog = 0;
  auto listener = network_.listen(any_port_, options);
  ASSERT_TRUE(listener);
  std::vector<std::unique_ptr<Stream>> queued;
  error_code failure;
  for (int round = 0; round < 5 && !failure; ++round) {
    ConnectOptions connect_options;
    connect_options.deadline = later(loop_.now(), milliseconds(150));
    StreamResult client = run_task(loop_, network_.connect((*listener)->local(), connect_options));
    if (client) {
      queued.push_back(std::move(*client));
    } else {
      failure = client.error();
    }
  }
  EXPECT_EQ(failure, error::timed_out);
}

TEST_F(SocketNetworkTest, AnAddressInUseIsAnError) {
  listen(any_port_);
  const ListenResult second = network_.listen(listener_->local(), {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), error::address_in_use);
}

TEST_F(SocketNetworkTest, SeveralListenersShareAPort) {
  ListenOptions options;
  options.reuse_port = true;
  auto one = network_.listen(any_port_, options);
  ASSERT_TRUE(one);
  auto two = network_.listen((*one)->local(), options);
  ASSERT_TRUE(two) << two.error().message();
  EXPECT_EQ((*one)->local(), (*two)->local());
}

TEST_F(SocketNetworkTest, AStaleUnixSocketIsReplacedALiveOneIsNot) {
  const Endpoint at = folder_.socket("lmtp");
  const int stale = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ::sockaddr_storage address{};
  const std::size_t length = at.to_sockaddr(&address);
  ASSERT_EQ(::bind(stale, reinterpret_cast<::sockaddr*>(&address), static_cast<::socklen_t>(length)), 0);
  ::close(stale);

  listen(at);
  EXPECT_EQ(network_.listen(at, {}).error(), error::address_in_use);
  listener_.reset();
  struct ::stat status{};
  EXPECT_NE(::stat(at.path().c_str(), &status), 0) << "the file goes with the listener";
}

// The kernel's own view of every socket of this process that talks to `port`.
int sockets_without_delay(std::uint16_t port) {
  int count = 0;
  for (int descriptor = 3; descriptor < 256; ++descriptor) {
    ::sockaddr_storage storage{};
    ::socklen_t length = sizeof storage;
    auto* address = reinterpret_cast<::sockaddr*>(&storage);
    if (::getpeername(descriptor, address, &length) != 0) continue;
    const bool to = Endpoint::from_sockaddr(address, length).port() == port;
    length = sizeof storage;
    if (::getsockname(descriptor, address, &length) != 0) continue;
    const bool from = Endpoint::from_sockaddr(address, length).port() == port;
    int no_delay = 0;
    length = sizeof no_delay;
    ::getsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &no_delay, &length);
    if ((to || from) && no_delay != 0) ++count;
  }
  return count;
}

TEST_F(SocketNetworkTest, AUnixSocketHasTheModeThatIsAskedFor) {
  ListenOptions options;
  options.mode = 0600;
  const Endpoint at = folder_.socket("s");
  listener_ = network_.listen(at, options).value();
  struct ::stat status{};
  ASSERT_EQ(::stat(at.path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777u, 0600u);
  connect();
}

TEST_F(SocketNetworkTest, NagleIsOffAtBothEnds) {
  listen(any_port_);
  connect();
  EXPECT_EQ(sockets_without_delay(listener_->local().port()), 2);
}

Task<void> accept_many(Listener& listener, std::size_t count, std::vector<std::unique_ptr<Stream>>& into) {
  while (into.size() < count) {
    StreamResult accepted = co_await listener.accept();
    if (!accepted) co_return;
    into.push_back(std::move(*accepted));
  }
}

Task<void> connect_many(Network& network, Endpoint to, std::size_t count,
                        std::vector<std::unique_ptr<Stream>>& into) {
  for (std::size_t index = 0; index < count; ++index) {
    StreamResult client = co_await network.connect(to, ConnectOptions());
    if (!client) co_return;
    into.push_back(std::move(*client));
  }
}

TEST_F(SocketNetworkTest, AnAcceptStormLosesNobody) {
  listen(any_port_);
  constexpr std::size_t kCount = 300;
  std::vector<std::unique_ptr<Stream>> clients;
  std::vector<std::unique_ptr<Stream>> servers;
  // All arrive before the first is accepted.
  run_task(loop_, connect_many(network_, listener_->local(), kCount, clients));
  ASSERT_EQ(clients.size(), kCount);
  run_task(loop_, accept_many(*listener_, kCount, servers));
  ASSERT_EQ(servers.size(), kCount);
  for (auto& client : clients) EXPECT_FALSE(run_task(loop_, client->write_all("x")));
  std::array<char, 4> buffer;
  for (auto& server : servers) EXPECT_EQ(run_task(loop_, server->read_some(buffer)).octets, 1U);
}

// Takes all descriptors of the process while it lives.
class NoDescriptors {
 public:
  explicit NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    ::rlimit few = before_;
    const int next = ::dup(0);
    ::close(next);
    few.rlim_cur = static_cast<::rlim_t>(next);
    ::setrlimit(RLIMIT_NOFILE, &few);
  }
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  ::rlimit before_{};
};

// UBSan needs descriptors to look at the type of an object, the first time that it meets one of its kind.
void meet_signals(Loop& loop) {
  Signal signal(loop);
  EXPECT_EQ(run_task(loop, signal.wait(loop.now())), error::timed_out);
}

TEST_F(SocketNetworkTest, WithoutDescriptorsAcceptingRestsAndGoesOn) {
  listen(any_port_);
  meet_signals(loop_);
  StreamResult client = run_task(loop_, network_.connect(listener_->local(), {}));
  ASSERT_TRUE(client);
  std::optional<StreamResult> accepted;
  {
    const NoDescriptors none;
    loop_.spawn(tests::keep_result(listener_->accept(), accepted));
    const SteadyTime start = loop_.now();
    run_until(loop_, [&] { return listener_->exhausted() == 4; });
    EXPECT_FALSE(accepted);
    EXPECT_GE(loop_.now() - start, milliseconds(300)) << "it must not spin";
  }
  run_until(loop_, [&] { return accepted.has_value(); });
  EXPECT_TRUE(*accepted);
}

TEST_F(SocketNetworkTest, CloseEndsARestingAccept) {
  listen(any_port_);
  meet_signals(loop_);
  StreamResult client = run_task(loop_, network_.connect(listener_->local(), {}));
  std::optional<StreamResult> accepted;
  const NoDescriptors none;
  loop_.spawn(tests::keep_result(listener_->accept(), accepted));
  run_until(loop_, [&] { return listener_->exhausted() != 0; });
  listener_->close();
  run_until(loop_, [&] { return accepted.has_value(); });
  ASSERT_FALSE(*accepted);
  EXPECT_EQ(accepted->error(), error::operation_aborted);
}

TEST_F(SocketNetworkTest, CloseEndsAWaitingAccept) {
  listen(any_port_);
  std::optional<StreamResult> accepted;
  loop_.spawn(tests::keep_result(listener_->accept(), accepted));
  loop_.post([&] { listener_->close(); });
  run_until(loop_, [&] { return accepted.has_value(); });
  EXPECT_EQ(accepted->error(), error::operation_aborted);
}

TEST_F(SocketNetworkTest, APeerThatResetsIsNotMistakenForAnEnd) {
  listen(any_port_);
  connect();
  EXPECT_FALSE(run_task(loop_, client_->write_all("unread")));
  std::array<char, 4> buffer;
  run_task(loop_, server_->wait_readable());
  server_.reset();  // with input unread: the kernel sends a reset
  const IoResult result = run_task(loop_, client_->read_some(buffer));
  EXPECT_EQ(result.error, error::connection_reset);
}

Task<void> hold(std::unique_ptr<Stream> stream) {
  std::array<char, 4> buffer;
  [[maybe_unused]] const IoResult result = co_await stream->read_some(buffer);
}

TEST_F(SocketNetworkTest, StreamsOfSuspendedTasksAreClosedWithTheLoop) {
  std::unique_ptr<Stream> client;
  {
    Loop inner;
    SocketNetwork network(inner);
    auto listener = network.listen(any_port_, {});
    StreamResult connected = run_task(loop_, network_.connect((*listener)->local(), {}));
    ASSERT_TRUE(connected);
    client = std::move(*connected);
    StreamResult accepted = run_task(inner, (*listener)->accept());
    ASSERT_TRUE(accepted);
    (*accepted)->expires_at(later(inner.now(), seconds(60)));
    inner.spawn(hold(std::move(*accepted)));
    tests::settle(inner);
    EXPECT_EQ(inner.tasks(), 1U);
  }
  std::array<char, 4> buffer;
  EXPECT_EQ(run_task(loop_, client->read_some(buffer)).status, IoStatus::end);
}

}  // namespace
}  // namespace postrider::transport
