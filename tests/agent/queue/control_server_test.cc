#include "postrider/agent/queue/control_server.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "postrider/agent/queue/control_client.h"
#include "postrider/tests/agent/queue/queue_fixture.h"
#include "postrider/transport/memory_network.h"
#include "postrider/transport/socket_network.h"

namespace postrider::agent {
namespace {

using Kind = QueueFailure::Kind;
using std::chrono::seconds;
using transport::Task;

LogConfig everything() {
  LogConfig config;
  config.level = LogLevel::debug;
  return config;
}

class Collector final : public ContentSink {
 public:
  Task<bool> take(std::string_view octets) override {
    text += octets;
    co_return !stop;
  }
  std::string text;
  bool stop = false;
};

class ControlServerTest : public QueueFixture {
 protected:
  ControlServerTest() { EXPECT_TRUE(server_.start()); }
  ~ControlServerTest() override {
    server_.stop();
    tests::settle(loop_);
  }

  template <class T>
  T wait(Task<T> task) {
    return tests::run_task(loop_, std::move(task));
  }
  std::unique_ptr<transport::Stream> connect() {
    transport::StreamResult connected = wait(network_.connect(kEndpoint, transport::ConnectOptions()));
    EXPECT_TRUE(connected);
    return *std::move(connected);
  }
  // What a client hears that says `text`, as far as it is there.
  std::string hear(transport::Stream& stream, std::string_view text) {
    EXPECT_FALSE(wait(stream.write_all(text)));
    return hear(stream);
  }
  std::string hear(transport::Stream& stream) {
    tests::settle(loop_);
    std::string heard;
    std::array<char, 4096> room;
    for (;;) {
      const transport::IoResult in = stream.try_read(room);
      ended_ = in.status == transport::IoStatus::end;
      if (!in.done()) return heard;
      heard.append(room.data(), in.octets);
      tests::settle(loop_);
    }
  }
  void pass(std::chrono::nanoseconds time) {
    clock_.advance(time);
    loop_.expire();
    tests::settle(loop_);
  }

  inline static const std::filesystem::path kSocket = "/state/control.sock";
  inline static const transport::Endpoint kEndpoint = transport::Endpoint::local(kSocket.native());

  transport::MemoryNetwork network_{loop_};
  std::vector<std::string> logged_;
  Log log_{everything(), [this](std::string_view line) { logged_.emplace_back(line); }, clock_};
  ControlServer server_{loop_, network_, kSocket, agent_, log_};
  ControlClient client_{loop_, network_, kSocket};
  bool ended_ = false;
};

TEST_F(ControlServerTest, AListComesPageByPage) {
  fill(2'500);
  spool_.damage(MessageId{7}, "the checksum is wrong");
  std::uint64_t expected = 1;
  for (;;) {
    const auto page = wait(client_.list(MessageId{expected - 1}));
    ASSERT_TRUE(page);
    if (page->empty()) break;
    for (const QueueEntry& each : *page) {
      EXPECT_EQ(each.id.value, expected);
      EXPECT_EQ(each.state, expected == 7 ? EntryState::damaged : EntryState::deferred);
      ++expected;
    }
  }
  EXPECT_EQ(expected, 2'501u);
  EXPECT_EQ(server_.clients(), 1u);
}

TEST_F(ControlServerTest, AMessageWithManyRecipientsComesWhole) {
  auto message = message_to(1, std::vector<std::string>(5'000, "bob@example.org"));
  for (auto& each : message.recipients) defer(each, std::chrono::minutes(3));
  add(message);
  EXPECT_EQ(wait(client_.show(MessageId{1})).value(), entry_of(load(1), {}, kNow));
  EXPECT_EQ(wait(client_.list(MessageId{})).value(), std::vector<QueueEntry>{entry_of(load(1), {}, kNow)});
}

TEST_F(ControlServerTest, ActsAndSaysWhatCameOfIt) {
  fill(2);
  EXPECT_EQ(wait(client_.act(QueueAction::hold, MessageId{1})), true);
  EXPECT_EQ(wait(client_.act(QueueAction::hold, MessageId{1})), false);
  EXPECT_TRUE(load(1).held);
  EXPECT_EQ(wait(client_.act(QueueAction::retry, MessageId{1})).error().kind, Kind::held);
  EXPECT_EQ(wait(client_.act(QueueAction::release, MessageId{1})), true);
  EXPECT_EQ(wait(client_.act(QueueAction::retry, MessageId{1})), true);
  agent_.set_active(2, {"mx:example.org"});
  const auto busy = wait(client_.act(QueueAction::drop, MessageId{2}));
  EXPECT_EQ(busy.error().kind, Kind::delivered);
  EXPECT_EQ(busy.error().text, "is being delivered, try again");
  EXPECT_EQ(wait(client_.act(QueueAction::drop, MessageId{1})), true);
  EXPECT_FALSE(has(1));
  EXPECT_EQ(wait(client_.act(QueueAction::drop, MessageId{1})).error().kind, Kind::missing);
  ASSERT_EQ(logged_.size(), 5u);  // what was done
  EXPECT_NE(logged_.back().find("control action=drop id=0000000000001"), std::string::npos);
}

TEST_F(ControlServerTest, RetriesPageByPage) {
  fill(250);
  RetryScope scope;
  scope.domain = "EXAMPLE.org";
  const auto first = wait(client_.retry(scope));
  ASSERT_TRUE(first);
  EXPECT_EQ(*first, (RetryProgress{200, 200, MessageId{200}, MessageId{250}, false}));
  scope.after = first->last;
  scope.until = first->until;
  EXPECT_EQ(wait(client_.retry(scope)).value(),
            (RetryProgress{50, 50, MessageId{250}, MessageId{250}, true}));
  EXPECT_EQ(load(250).recipients[0].next_attempt, kNow);
  ASSERT_EQ(logged_.size(), 1u);
  EXPECT_NE(logged_[0].find("control action=retry domain=EXAMPLE.org"), std::string::npos);
}

TEST_F(ControlServerTest, ContentComesInPiecesAsItStands) {
  std::string content;
  for (int i = 0; i < 300'000; ++i) content += static_cast<char>(i * 7);
  add(message_to(1, {"bob@example.org"}), content);
  Collector whole;
  EXPECT_TRUE(wait(client_.content(MessageId{1}, content.size(), whole)));
  EXPECT_EQ(whole.text, content);
  Collector enough;
  enough.stop = true;
  EXPECT_TRUE(wait(client_.content(MessageId{1}, content.size(), enough)));
  EXPECT_LE(enough.text.size(), kControlPiece);
  // The rest of it is not taken for the answer to something else.
  EXPECT_EQ(wait(client_.show(MessageId{1})).value().size, content.size());
  EXPECT_EQ(wait(client_.content(MessageId{2}, 1, whole)).error().kind, Kind::missing);
}

TEST_F(ControlServerTest, MalformedRequestsAreRefusedAndTheNextOneIsServed) {
  const auto stream = connect();
  EXPECT_EQ(hear(*stream, "nonsense\n"),
            "{\"error\":{\"kind\":\"refused\",\"text\":\"a request is a JSON object\"}}\n");
  EXPECT_EQ(hear(*stream, "{\"do\":\"show\",\"id\":\"0000000000001\"}\n"),
            "{\"error\":{\"kind\":\"missing\",\"text\":\"is not in the queue\"}}\n");
  EXPECT_FALSE(ended_);
}

TEST_F(ControlServerTest, RequestsMayComeInPiecesAndTogether) {
  const auto stream = connect();
  const std::string request = "{\"do\":\"list\",\"after\":\"0000000000000\"}\n";
  const std::string answer = hear(*stream, request);
  EXPECT_TRUE(answer.starts_with("{\"done\":{"));
  for (std::size_t at = 0; at + 1 < request.size(); ++at) EXPECT_EQ(hear(*stream, request.substr(at, 1)), "");
  EXPECT_EQ(hear(*stream, request.substr(request.size() - 1)), answer);
  EXPECT_EQ(hear(*stream, request + request + request), answer + answer + answer);
}

TEST_F(ControlServerTest, ALineWithoutAnEndIsCutOff) {
  const auto stream = connect();
  EXPECT_EQ(hear(*stream, std::string(kMaxControlRequest, ' ')), "");
  EXPECT_EQ(hear(*stream, "  "),
            "{\"error\":{\"kind\":\"refused\",\"text\":\"a request has at most 4096 octets\"}}\n");
  EXPECT_TRUE(ended_);
  EXPECT_EQ(server_.clients(), 0u);
}

TEST_F(ControlServerTest, WhoSaysNothingIsGoneAfterAWhile) {
  const auto stream = connect();
  hear(*stream, "{\"do\":");
  pass(ControlServer::kPatience - seconds(1));
  EXPECT_EQ(server_.clients(), 1u);
  pass(seconds(2));
  EXPECT_EQ(server_.clients(), 0u);
}

TEST_F(ControlServerTest, WhoTakesNothingIsGoneAfterAWhile) {
  add(message_to(1, {"bob@example.org"}), std::string(3'000'000, 'x'));
  const auto stream = connect();
  EXPECT_FALSE(wait(stream->write_all("{\"do\":\"content\",\"id\":\"0000000000001\",\"limit\":3000000}\n")));
  tests::settle(loop_);
  EXPECT_EQ(server_.clients(), 1u);
  pass(ControlServer::kPatience + seconds(1));
  EXPECT_EQ(server_.clients(), 0u);
}

TEST_F(ControlServerTest, SoManyAreServedAndFurtherOnesAreToldToComeAgain) {
  std::vector<std::unique_ptr<transport::Stream>> others;
  for (std::size_t i = 0; i < ControlServer::kMaxClients; ++i) others.push_back(connect());
  tests::settle(loop_);
  EXPECT_EQ(server_.clients(), ControlServer::kMaxClients);
  const auto refused = wait(client_.list(MessageId{}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::refused);
  others.pop_back();
  tests::settle(loop_);
  EXPECT_TRUE(wait(client_.list(MessageId{})));
}

TEST_F(ControlServerTest, AClientConnectsAgainWhenItWasIdleForLong) {
  EXPECT_TRUE(wait(client_.list(MessageId{})));
  pass(ControlServer::kPatience + seconds(1));
  EXPECT_EQ(server_.clients(), 0u);
  EXPECT_TRUE(wait(client_.list(MessageId{})));
}

TEST_F(ControlServerTest, AfterStopNobodyIsServed) {
  EXPECT_TRUE(wait(client_.reach()));
  tests::settle(loop_);
  EXPECT_EQ(server_.clients(), 1u);
  server_.stop();
  tests::settle(loop_);
  EXPECT_EQ(server_.clients(), 0u);
  EXPECT_EQ(wait(client_.list(MessageId{})).error().kind, Kind::nobody);
  EXPECT_TRUE(logged_.empty());
}

TEST_F(ControlServerTest, WhatIsNoAgentIsNotBelieved) {
  const transport::Endpoint other = transport::Endpoint::local("/other/control.sock");
  auto listener = network_.listen(other, transport::ListenOptions()).value();
  ControlClient client(loop_, network_, "/other/control.sock");
  EXPECT_TRUE(wait(client.reach()));
  const auto stream = wait(listener->accept()).value();
  std::optional<QueueResult<std::vector<QueueEntry>>> result;
  loop_.spawn(tests::keep_result(client.list(MessageId{}), result));
  EXPECT_FALSE(wait(stream->write_all("220 mx.example.org ESMTP\r\n")));
  tests::settle(loop_);
  // It is asked once more on a new connection, which it may have closed meanwhile.
  const auto again = wait(listener->accept()).value();
  EXPECT_FALSE(wait(again->write_all("220 mx.example.org ESMTP\r\n")));
  tests::run_until(loop_, [&] { return result.has_value(); });
  ASSERT_FALSE(*result);
  EXPECT_EQ(result->error().kind, Kind::agent);
}

// On real sockets.
class ControlSocketTest : public QueueFixture {
 protected:
  ControlSocketTest() {
    std::array<char, 32> name{"/tmp/postrider-test-XXXXXX"};
    folder_ = ::mkdtemp(name.data());
    socket_ = folder_ / "control.sock";
  }
  ~ControlSocketTest() override { std::filesystem::remove_all(folder_); }

  static void end(ControlServer& server, transport::Loop& loop) {
    server.stop();
    tests::run_until(loop, [&] { return loop.tasks() == 0; });
  }

  transport::Loop real_;
  transport::SocketNetwork network_{real_};
  std::filesystem::path folder_;
  std::filesystem::path socket_;
  Log log_{everything(), [](std::string_view) {}, clock_};
};

TEST_F(ControlSocketTest, TheSocketIsItsOwnersAloneAndServes) {
  fill(1);
  ControlServer server(real_, network_, socket_, agent_, log_);
  ASSERT_TRUE(server.start());
  struct ::stat status{};
  ASSERT_EQ(::stat(socket_.c_str(), &status), 0);
  EXPECT_TRUE(S_ISSOCK(status.st_mode));
  EXPECT_EQ(status.st_mode & 07777u, 0600u);
  ControlClient client(real_, network_, socket_);
  EXPECT_EQ(tests::run_task(real_, client.list(MessageId{})).value().size(), 1u);
  end(server, real_);
  EXPECT_FALSE(std::filesystem::exists(socket_));
}

TEST_F(ControlSocketTest, AStaleSocketIsReplacedAndALiveOneIsNot) {
  ControlServer server(real_, network_, socket_, agent_, log_);
  ASSERT_TRUE(server.start());
  ControlServer second(real_, network_, socket_, agent_, log_);
  const auto refused = second.start();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text,
            "cannot listen on " + socket_.native() +
                ": Address already in use; is another agent running with the same state?");
  const std::filesystem::path aside = folder_ / "aside";
  std::filesystem::rename(socket_, aside);
  end(server, real_);
  std::filesystem::rename(aside, socket_);  // as an agent leaves it that was killed
  ControlClient client(real_, network_, socket_);
  EXPECT_EQ(tests::run_task(real_, client.reach()).error().kind, Kind::nobody);
  ControlServer next(real_, network_, socket_, agent_, log_);
  ASSERT_TRUE(next.start());
  EXPECT_TRUE(tests::run_task(real_, client.reach()));
  end(next, real_);
}

TEST_F(ControlSocketTest, WithoutAnAgentNobodyIsReached) {
  ControlClient client(real_, network_, socket_);
  EXPECT_EQ(tests::run_task(real_, client.reach()).error().kind, Kind::nobody);
  const std::filesystem::path long_path = folder_ / std::string(200, 'x') / "control.sock";
  ControlClient other(real_, network_, long_path);
  EXPECT_EQ(tests::run_task(real_, other.reach()).error().kind, Kind::nobody);
  ControlServer server(real_, network_, long_path, agent_, log_);
  const auto refused = server.start();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().text.find("at most 107 octets"), std::string::npos);
}

}  // namespace
}  // namespace postrider::agent
