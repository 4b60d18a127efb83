#include "postrider/transport/tls/tls_stream.h"

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postrider/tests/support/run_task.h"
#include "postrider/tests/transport/tls/certificate_factory.h"
#include "postrider/transport/memory_stream.h"
#include "postrider/transport/tls/backends/backends.h"

namespace postrider::transport {
namespace {

using std::chrono::seconds;
using tests::settle;
using tests::TestPki;

class TlsStreamTest : public testing::TestWithParam<const TlsProvider*> {
 protected:
  using Started = std::optional<TlsStart>;

  TlsStreamTest() {
    const TestPki& pki = TestPki::instance();
    TlsServerConfig server;
    server.certificates = {pki.server.with({&pki.intermediate})};
    server_ = GetParam()->server(server).value();
    TlsClientConfig client;
    client.roots = TlsRoots::given(PemSource::text(pki.root.pem()));
    client.cached_sessions = 0;  // each handshake like the one before
    client_ = GetParam()->client(client).value();
    target_.name = "mx.example.test";
  }

  SteadyTime in(seconds from_now) const { return later(loop_.now(), from_now); }
  std::unique_ptr<TlsEngine> client_engine() const { return client_->engine(target_).value(); }

  void pass(seconds time) {
    clock_.advance(time);
    loop_.expire();
    settle(loop_);
  }

  // Both handshakes over two ends in memory; the ends stay reachable as far_ and near_.
  void start(std::size_t capacity = MemoryStream::kCapacity, MemoryScript* client_script = nullptr) {
    auto [near, far] =
        MemoryStream::make_pair(loop_, capacity, Endpoint::local("near"), Endpoint::local("far"));
    if (client_script != nullptr) near->follow(*client_script);
    near_ = near.get();
    far_ = far.get();
    client_start_.reset();
    server_start_.reset();
    loop_.spawn(tests::keep_result(start_tls(loop_, std::move(near), client_engine(), in(seconds(30))),
                                   client_start_));
    loop_.spawn(tests::keep_result(start_tls(loop_, std::move(far), server_->engine(), in(seconds(30))),
                                   server_start_));
    settle(loop_);
  }
  void connect(std::size_t capacity = MemoryStream::kCapacity) {
    start(capacity);
    ASSERT_TRUE(client_start_ && server_start_);
    ASSERT_TRUE(*client_start_) << client_start_->error().text;
    ASSERT_TRUE(*server_start_) << server_start_->error().text;
    one_ = std::move(**client_start_);
    two_ = std::move(**server_start_);
    // Tickets that came with the handshake.
    do {
      EXPECT_EQ(one_->try_read(buffer_).status, IoStatus::would_block);
      settle(loop_);
    } while (loop_.tasks() != 0);
    EXPECT_EQ(one_->try_read(buffer_).status, IoStatus::would_block);
  }

  template <class T>
  std::optional<T>& begin(Task<T> task, std::optional<T>& outcome) {
    outcome.reset();
    loop_.spawn(tests::keep_result(std::move(task), outcome));
    settle(loop_);
    return outcome;
  }

  static IoResult write(Stream& stream, std::string_view text) {
    return stream.try_write(std::span(&text, 1));
  }
  static std::string read(Stream& stream) {
    std::string text(70000, '\0');
    const IoResult result = stream.try_read(text);
    text.resize(result.octets);
    return text;
  }

  ManualClock clock_;
  Loop loop_{clock_};
  std::shared_ptr<const TlsServerContext> server_;
  std::shared_ptr<const TlsClientContext> client_;
  TlsTarget target_;
  MemoryStream* near_ = nullptr;
  MemoryStream* far_ = nullptr;
  Started client_start_;
  Started server_start_;
  std::unique_ptr<TlsStream> one_;
  std::unique_ptr<TlsStream> two_;
  std::array<char, 512> buffer_;
  std::optional<error_code> waited_;
};

std::string provider_name(const testing::TestParamInfo<const TlsProvider*>& info) {
  return std::string(info.param->name());
}
INSTANTIATE_TEST_SUITE_P(Tls, TlsStreamTest,
                         testing::ValuesIn(std::vector<const TlsProvider*>(tls_providers().begin(),
                                                                           tls_providers().end())),
                         provider_name);

TEST_P(TlsStreamTest, CarriesOctetsBothWays) {
  connect();
  const std::array<std::string_view, 3> pieces = {"EH", "", "LO"};
  EXPECT_EQ(one_->try_write(pieces).octets, 4U);
  EXPECT_EQ(read(*two_), "EHLO");
  EXPECT_EQ(write(*two_, "250").octets, 3U);
  EXPECT_EQ(read(*one_), "250");
  EXPECT_EQ(two_->try_read(buffer_).status, IoStatus::would_block);
}

TEST_P(TlsStreamTest, TellsWhatWasAgreed) {
  connect();
  ASSERT_NE(one_->tls(), nullptr);
  EXPECT_EQ(one_->tls()->version, TlsVersion::tls1_3);
  EXPECT_EQ(one_->tls()->trust, TlsTrust::trusted);
  EXPECT_EQ(two_->tls()->sni, "mx.example.test");
  EXPECT_EQ(one_->tls()->tls_exporter, two_->tls()->tls_exporter);
  EXPECT_EQ(near_->tls(), nullptr);
  EXPECT_EQ(one_->peer().path(), "far");
  EXPECT_EQ(one_->local().path(), "near");
}

TEST_P(TlsStreamTest, StandsForWhomAProxyNames) {
  connect();
  const Endpoint client = *Endpoint::parse("192.0.2.77:4711");
  const Endpoint service = *Endpoint::parse("192.0.2.25:465");
  two_->stand_for(client, service);
  EXPECT_EQ(two_->peer(), client);
  EXPECT_EQ(two_->local(), service);
  EXPECT_EQ(far_->peer(), client);
}

TEST_P(TlsStreamTest, HoldsNoBufferWhileIdle) {
  connect();
  EXPECT_EQ(loop_.buffers().borrowed(), 0U);
  write(*one_, "x");
  EXPECT_EQ(read(*two_), "x");
  EXPECT_EQ(two_->try_read(buffer_).status, IoStatus::would_block);
  EXPECT_EQ(loop_.buffers().borrowed(), 0U);
}

TEST_P(TlsStreamTest, SmallPiecesLeaveInOneRecordAndOneWrite) {
  connect();
  MemoryScript script;
  near_->follow(script);
  const std::vector<std::string> texts(100, "RCPT TO:<somebody@example.test>\r\n");
  const std::vector<std::string_view> pieces(texts.begin(), texts.end());
  EXPECT_EQ(one_->try_write(pieces).octets, 100 * texts[0].size());
  EXPECT_EQ(script.writes, 1U);
  std::array<char, 8192> into;
  EXPECT_EQ(two_->try_read(into).octets, 100 * texts[0].size());
}

TEST_P(TlsStreamTest, LargeAndSmallPiecesKeepTheirOrder) {
  connect(std::size_t{1} << 20);
  const std::string large(20000, 'a');
  const std::string larger(40000, 'b');
  const std::array<std::string_view, 6> pieces = {"first", large, "", "second", larger, "last"};
  std::string expected;
  for (const std::string_view piece : pieces) expected += piece;
  std::optional<error_code> written;
  EXPECT_EQ(begin(one_->write_all(pieces), written), error_code());
  std::string received;
  for (std::string part = read(*two_); !part.empty(); part = read(*two_)) received += part;
  EXPECT_EQ(received, expected);
}

Task<void> collect(Stream& stream, std::size_t most, std::string& into) {
  std::vector<char> buffer(most);
  for (;;) {
    const IoResult result = co_await stream.read_some(buffer);
    if (!result.done()) break;
    into.append(buffer.data(), result.octets);
  }
}

TEST_P(TlsStreamTest, WriteAllWritesEverythingWhateverThePeerTakes) {
  for (const std::size_t capacity : {std::size_t{100}, std::size_t{5000}, MemoryStream::kCapacity}) {
    for (const std::size_t most : {std::size_t{1000}, std::size_t{16384}, std::size_t{100000}}) {
      connect(capacity);
      const std::string text(300000, 'x');
      std::string received;
      std::optional<error_code> written;
      loop_.spawn(collect(*two_, most, received));
      EXPECT_EQ(begin(one_->write_all(text), written), error_code());
      EXPECT_EQ(received.size(), text.size());
      near_->finish_writing();
      settle(loop_);
    }
  }
}

// What try_write() took must arrive though nobody waits for the writer any more.
TEST_P(TlsStreamTest, TheRestIsSentWhileTheWriterWaitsForAnAnswer) {
  connect(100);
  EXPECT_EQ(write(*one_, std::string(5000, 'x')).octets, 5000U);
  EXPECT_EQ(write(*one_, "y").status, IoStatus::would_block);
  EXPECT_FALSE(begin(one_->wait_readable(), waited_));
  std::string received;
  loop_.spawn(collect(*two_, 1000, received));
  settle(loop_);
  EXPECT_EQ(received.size(), 5000U);
  EXPECT_EQ(loop_.tasks(), 2U) << "nothing but the two readers";
  one_->cancel();
  two_->cancel();
  settle(loop_);
}

TEST_P(TlsStreamTest, WaitWritableEndsWhenThereIsRoom) {
  connect(100);
  EXPECT_EQ(write(*one_, std::string(5000, 'x')).octets, 5000U);
  EXPECT_FALSE(begin(one_->wait_writable(), waited_));
  std::string received;
  loop_.spawn(collect(*two_, 1000, received));
  settle(loop_);
  EXPECT_EQ(waited_, error_code());
  EXPECT_EQ(write(*one_, "y").octets, 1U);
  settle(loop_);
  EXPECT_EQ(received.size(), 5001U);
  two_->cancel();
  settle(loop_);
}

TEST_P(TlsStreamTest, ReadsASmallPieceAtATime) {
  connect();
  write(*one_, "one line\r\nanother\r\n");
  EXPECT_EQ(two_->try_read(std::span(buffer_).first(3)).octets, 3U);
  EXPECT_EQ(begin(two_->wait_readable(), waited_), error_code()) << "there is plaintext left";
  EXPECT_EQ(read(*two_), " line\r\nanother\r\n");
  EXPECT_FALSE(begin(two_->wait_readable(), waited_));
  two_->cancel();
  settle(loop_);
  EXPECT_EQ(waited_, error_code(error::operation_aborted));
}

TEST_P(TlsStreamTest, RecordsThatCameTogetherAreReadWithoutAWait) {
  connect();
  for (int record = 0; record < 5; ++record) write(*one_, "record");
  EXPECT_EQ(two_->try_read(std::span(buffer_).first(6)).octets, 6U);
  EXPECT_EQ(loop_.buffers().borrowed(), 1U) << "the others are still in it";
  EXPECT_EQ(begin(two_->wait_readable(), waited_), error_code());
  EXPECT_EQ(read(*two_), "recordrecordrecordrecord");
  EXPECT_EQ(loop_.buffers().borrowed(), 0U);
}

// ---- Ends ----

TEST_P(TlsStreamTest, CloseSendsCloseNotify) {
  connect();
  write(*one_, "bye");
  bool closed = false;
  loop_.spawn(tests::note_end(one_->close(Closing::at_once), closed));
  settle(loop_);
  EXPECT_TRUE(closed);
  EXPECT_EQ(read(*two_), "bye");
  EXPECT_EQ(two_->try_read(buffer_).status, IoStatus::end);
  EXPECT_EQ(two_->try_read(buffer_).status, IoStatus::end);
  EXPECT_EQ(one_->try_read(buffer_).error, error::bad_descriptor);
  EXPECT_EQ(write(*one_, "x").error, error::bad_descriptor);
}

TEST_P(TlsStreamTest, OneSideMayFinishWritingAndReadOn) {
  connect();
  EXPECT_EQ(write(*one_, "QUIT").octets, 4U);
  one_->finish_writing();
  EXPECT_EQ(read(*two_), "QUIT");
  EXPECT_EQ(two_->try_read(buffer_).status, IoStatus::end);
  EXPECT_EQ(write(*two_, "221").octets, 3U);
  EXPECT_EQ(read(*one_), "221");
}

TEST_P(TlsStreamTest, AResetGoesThrough) {
  connect();
  one_->reset();
  EXPECT_EQ(two_->try_read(buffer_).error, error::connection_reset);
}

TEST_P(TlsStreamTest, AnEndWithoutCloseNotifyIsNoEnd) {
  connect();
  write(*one_, "half of a mess");
  near_->finish_writing();
  EXPECT_EQ(read(*two_), "half of a mess");
  const IoResult end = two_->try_read(buffer_);
  EXPECT_EQ(end.status, IoStatus::failed);
  EXPECT_EQ(end.error, TlsError::truncated);
  EXPECT_EQ(two_->try_read(buffer_).error, TlsError::truncated);
}

TEST_P(TlsStreamTest, ClosePolitelyWaitsForThePeer) {
  connect();
  bool closed = false;
  loop_.spawn(tests::note_end(two_->close(Closing::after_peer), closed));
  settle(loop_);
  EXPECT_FALSE(closed);
  EXPECT_EQ(one_->try_read(buffer_).status, IoStatus::end);
  one_.reset();
  settle(loop_);
  EXPECT_TRUE(closed);
}

TEST_P(TlsStreamTest, ThePoliteCloseEndsAtTheDeadline) {
  connect();
  bool closed = false;
  two_->expires_at(in(seconds(5)));
  loop_.spawn(tests::note_end(two_->close(Closing::after_peer), closed));
  settle(loop_);
  EXPECT_FALSE(closed);
  pass(seconds(6));
  EXPECT_TRUE(closed);
}

TEST_P(TlsStreamTest, ClosingIntoAFullPipeEndsAtTheDeadline) {
  connect(100);
  write(*one_, std::string(5000, 'x'));
  bool closed = false;
  one_->expires_at(in(seconds(5)));
  loop_.spawn(tests::note_end(one_->close(Closing::at_once), closed));
  settle(loop_);
  EXPECT_FALSE(closed);
  pass(seconds(6));
  EXPECT_TRUE(closed);
  EXPECT_EQ(loop_.tasks(), 0U);
}

TEST_P(TlsStreamTest, AbortEndsWaits) {
  connect(100);
  write(*one_, std::string(5000, 'x'));
  std::optional<error_code> writing;
  EXPECT_FALSE(begin(one_->wait_readable(), waited_));
  EXPECT_FALSE(begin(one_->wait_writable(), writing));
  one_->abort();
  settle(loop_);
  EXPECT_TRUE(waited_ && *waited_);
  EXPECT_TRUE(writing && *writing);
  EXPECT_EQ(loop_.tasks(), 0U);
}

TEST_P(TlsStreamTest, MayBeDestroyedWhileTheRestIsSent) {
  connect(100);
  write(*one_, std::string(5000, 'x'));
  EXPECT_EQ(loop_.tasks(), 1U);
  one_.reset();
  settle(loop_);
  EXPECT_EQ(loop_.tasks(), 0U);
}

// ---- Deadlines ----

TEST_P(TlsStreamTest, TheDeadlineEndsWaitsUntilANewOneIsSet) {
  connect(100);
  write(*one_, std::string(5000, 'x'));
  one_->expires_at(in(seconds(10)));
  std::optional<error_code> writing;
  EXPECT_FALSE(begin(one_->wait_readable(), waited_));
  EXPECT_FALSE(begin(one_->wait_writable(), writing));
  pass(seconds(11));
  EXPECT_EQ(waited_, error_code(error::timed_out));
  EXPECT_EQ(writing, error_code(error::timed_out));
  EXPECT_EQ(begin(one_->wait_readable(), waited_), error_code(error::timed_out));
  EXPECT_EQ(begin(one_->wait_writable(), waited_), error_code(error::timed_out));
  one_->expires_at(in(seconds(10)));
  EXPECT_FALSE(begin(one_->wait_readable(), waited_));
  one_->cancel();
  settle(loop_);
  EXPECT_EQ(waited_, error_code(error::operation_aborted));
}

TEST_P(TlsStreamTest, AHandshakeEndsAtItsDeadline) {
  auto [near, far] = MemoryStream::make_pair(loop_);
  for (const bool client : {true, false}) {
    std::unique_ptr<Stream> end = client ? std::move(near) : std::move(far);
    Started started;
    loop_.spawn(tests::keep_result(
        start_tls(loop_, std::move(end), client ? client_engine() : server_->engine(), in(seconds(5))),
        started));
    settle(loop_);
    if (client) {
      EXPECT_FALSE(started) << "nobody answers";
      pass(seconds(6));
    }
    settle(loop_);
    ASSERT_TRUE(started);
    ASSERT_FALSE(*started);
    EXPECT_FALSE(started->error().text.empty());
    if (client) {
      EXPECT_EQ(started->error().error, error::timed_out);
    }
  }
  EXPECT_EQ(loop_.buffers().borrowed(), 0U);
}

// ---- Failures ----

TEST_P(TlsStreamTest, ARefusedCertificateIsAFailureWithItsReason) {
  target_.name = "other.example.test";
  start();
  ASSERT_TRUE(client_start_ && server_start_);
  ASSERT_FALSE(*client_start_);
  EXPECT_EQ(client_start_->error().error, TlsError::failed);
  EXPECT_THAT(client_start_->error().text, testing::HasSubstr("not for other.example.test"));
  // TLS 1.3: the server ends its handshake before it hears of it, or not.
  if (*server_start_) {
    two_ = std::move(**server_start_);
    EXPECT_EQ(two_->try_read(buffer_).error, TlsError::failed);
    EXPECT_THAT(two_->failure(), testing::HasSubstr("the peer sent the alert"));
  } else {
    EXPECT_THAT(server_start_->error().text, testing::HasSubstr("the peer sent the alert"));
  }
}

TEST_P(TlsStreamTest, ClearTextIsAFailureAndAnAlert) {
  auto [near, far] = MemoryStream::make_pair(loop_);
  Started started;
  loop_.spawn(
      tests::keep_result(start_tls(loop_, std::move(far), server_->engine(), in(seconds(5))), started));
  write(*near, "EHLO client.example.test\r\n");
  settle(loop_);
  ASSERT_TRUE(started);
  ASSERT_FALSE(*started);
  EXPECT_EQ(started->error().error, TlsError::failed);
  EXPECT_FALSE(started->error().text.empty());
}

TEST_P(TlsStreamTest, APeerThatHangsUpDuringTheHandshakeIsToldSo) {
  auto [near, far] = MemoryStream::make_pair(loop_);
  Started started;
  loop_.spawn(
      tests::keep_result(start_tls(loop_, std::move(far), server_->engine(), in(seconds(5))), started));
  near.reset();
  settle(loop_);
  ASSERT_TRUE(started);
  ASSERT_FALSE(*started);
  EXPECT_EQ(started->error().error, TlsError::truncated);
  EXPECT_THAT(started->error().text, testing::HasSubstr("closed the connection"));
}

TEST_P(TlsStreamTest, ACorruptedRecordIsAFailure) {
  connect();
  write(*one_, "octets");
  std::string record(1000, '\0');
  record.resize(far_->try_read(record).octets);
  record.back() = static_cast<char>(record.back() ^ 1);
  write(*near_, record);
  EXPECT_EQ(two_->try_read(buffer_).error, TlsError::failed);
  EXPECT_FALSE(two_->failure().empty());
  EXPECT_EQ(write(*two_, "x").error, TlsError::failed);
  EXPECT_EQ(begin(two_->wait_readable(), waited_), error_code());
}

// A dialogue after the handshake: what the failures are injected into.
Task<bool> converse(Stream& stream) {
  for (int line = 0; line < 3; ++line) {
    const error_code failure = co_await stream.write_all("NOOP\r\n");
    if (failure) co_return false;
    std::array<char, 64> buffer;
    const IoResult answer = co_await stream.read_some(buffer);
    if (!answer.done()) co_return false;
  }
  co_await stream.close(Closing::at_once);
  co_return true;
}

Task<void> answer(Stream& stream) {
  for (;;) {
    std::array<char, 64> buffer;
    const IoResult line = co_await stream.read_some(buffer);
    if (!line.done()) break;
    const error_code failure = co_await stream.write_all("250 OK\r\n");
    if (failure) break;
  }
  co_await stream.close(Closing::at_once);
}

TEST_P(TlsStreamTest, AnInputOrOutputFailureAtAnyStepEndsEverything) {
  bool through = false;
  std::uint64_t step = 1;
  for (; !through; ++step) {
    ASSERT_LT(step, 500U);
    MemoryScript script;
    script.fail_at = step;
    script.most_read = 300;
    script.most_written = 200;
    start(MemoryStream::kCapacity, &script);
    ASSERT_TRUE(client_start_) << step;
    if (!*client_start_) {
      EXPECT_EQ(client_start_->error().error, error::connection_reset) << step;
    } else {
      one_ = std::move(**client_start_);
      one_->expires_at(kNever);
      if (server_start_ && *server_start_) {
        two_ = std::move(**server_start_);
        loop_.spawn(answer(*two_));
      }
      std::optional<bool> done;
      begin(converse(*one_), done);
      ASSERT_TRUE(done) << "nobody may hang, step " << step;
      through = *done && script.operations < step;
    }
    one_.reset();
    settle(loop_);
    pass(seconds(60));
    EXPECT_EQ(loop_.tasks(), 0U) << step;
    two_.reset();
    EXPECT_EQ(loop_.buffers().borrowed(), 0U) << step;
  }
  EXPECT_GT(step, 20U);
}

}  // namespace
}  // namespace postrider::transport
