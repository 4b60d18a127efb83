#include "postrider/transport/memory_stream.h"

#include <array>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/support/run_task.h"

namespace postrider::transport {
namespace {

using std::chrono::seconds;
using tests::settle;

class MemoryStreamTest : public testing::Test {
 protected:
  static IoResult write(Stream& stream, std::string_view text) {
    return stream.try_write(std::span(&text, 1));
  }

  static std::string read(Stream& stream) {
    std::array<char, 1024> buffer;
    const IoResult result = stream.try_read(buffer);
    return std::string(buffer.data(), result.octets);
  }

  template <class T>
  std::optional<T>& start(Task<T> task, std::optional<T>& outcome) {
    outcome.reset();
    loop_.spawn(tests::keep_result(std::move(task), outcome));
    settle(loop_);
    return outcome;
  }

  ManualClock clock_;
  Loop loop_{clock_};
  MemoryStream::Pair ends_ =
      MemoryStream::make_pair(loop_, 16, Endpoint::local("one"), Endpoint::local("two"));
  MemoryStream& one_ = *ends_.first;
  MemoryStream& two_ = *ends_.second;
  std::array<char, 64> buffer_;
  std::optional<error_code> waited_;
};

TEST_F(MemoryStreamTest, CarriesOctetsBothWays) {
  const std::array<std::string_view, 3> pieces = {"EH", "", "LO"};
  EXPECT_EQ(one_.try_write(pieces).octets, 4U);
  EXPECT_EQ(read(two_), "EHLO");
  EXPECT_EQ(write(two_, "250").octets, 3U);
  EXPECT_EQ(read(one_), "250");
  EXPECT_EQ(two_.try_read(buffer_).status, IoStatus::would_block);
}

TEST_F(MemoryStreamTest, KnowsItsEnds) {
  EXPECT_EQ(one_.local().path(), "one");
  EXPECT_EQ(one_.peer().path(), "two");
  EXPECT_EQ(two_.local().path(), "two");
  EXPECT_EQ(two_.peer().path(), "one");
}

TEST_F(MemoryStreamTest, HoldsABoundedNumberOfOctets) {
  EXPECT_EQ(write(one_, "0123456789abcdefXYZ").octets, 16U);
  EXPECT_EQ(write(one_, "X").status, IoStatus::would_block);
  EXPECT_FALSE(start(one_.wait_writable(), waited_));
  EXPECT_EQ(two_.try_read(std::span(buffer_).first(2)).octets, 2U);
  settle(loop_);
  EXPECT_EQ(waited_, error_code());
  EXPECT_EQ(write(one_, "XYZ").octets, 2U);
  EXPECT_EQ(read(two_), "23456789abcdefXY");
}

TEST_F(MemoryStreamTest, AReaderWaitsForOctets) {
  EXPECT_FALSE(start(two_.wait_readable(), waited_));
  write(one_, "x");
  settle(loop_);
  EXPECT_EQ(waited_, error_code());
}

TEST_F(MemoryStreamTest, TheEndComesAfterTheLastOctet) {
  write(one_, "bye");
  one_.finish_writing();
  EXPECT_EQ(write(one_, "more").status, IoStatus::failed);
  EXPECT_EQ(read(two_), "bye");
  EXPECT_EQ(two_.try_read(buffer_).status, IoStatus::end);
  EXPECT_EQ(write(two_, "still here").octets, 10U);
  EXPECT_EQ(read(one_), "still here");
}

TEST_F(MemoryStreamTest, TheEndWakesTheReader) {
  EXPECT_FALSE(start(two_.wait_readable(), waited_));
  ends_.first.reset();
  settle(loop_);
  EXPECT_EQ(waited_, error_code());
  EXPECT_EQ(two_.try_read(buffer_).status, IoStatus::end);
  EXPECT_EQ(write(two_, "x").error, error::broken_pipe);
}

TEST_F(MemoryStreamTest, ClosingWithInputUnreadResetsThePeer) {
  write(one_, "unread");
  write(two_, "last words");
  ends_.second.reset();
  EXPECT_EQ(read(one_), "last words");
  EXPECT_EQ(one_.try_read(buffer_).error, error::connection_reset);
}

TEST_F(MemoryStreamTest, AResetIsSeenByThePeer) {
  one_.reset();
  EXPECT_EQ(two_.try_read(buffer_).error, error::connection_reset);
}

TEST_F(MemoryStreamTest, CancelEndsWaitsAndNothingElse) {
  EXPECT_FALSE(start(two_.wait_readable(), waited_));
  two_.cancel();
  settle(loop_);
  EXPECT_EQ(waited_, error_code(error::operation_aborted));
  write(one_, "x");
  EXPECT_EQ(read(two_), "x");
}

TEST_F(MemoryStreamTest, AbortEndsWaits) {
  EXPECT_FALSE(start(two_.wait_readable(), waited_));
  two_.abort();
  settle(loop_);
  EXPECT_TRUE(*waited_);
  EXPECT_EQ(two_.try_read(buffer_).status, IoStatus::failed);
}

TEST_F(MemoryStreamTest, TheDeadlineEndsWaitsUntilANewOneIsSet) {
  two_.expires_at(later(loop_.now(), seconds(10)));
  EXPECT_FALSE(start(two_.wait_readable(), waited_));
  clock_.advance(seconds(11));
  loop_.expire();
  settle(loop_);
  EXPECT_EQ(waited_, error_code(error::timed_out));
  EXPECT_TRUE(two_.expired());
  EXPECT_EQ(start(two_.wait_readable(), waited_), error_code(error::timed_out));
  EXPECT_EQ(start(two_.wait_writable(), waited_), error_code(error::timed_out));
  write(one_, "x");
  EXPECT_EQ(read(two_), "x") << "a deadline stops waiting, not reading";
  two_.expires_at(later(loop_.now(), seconds(10)));
  EXPECT_FALSE(start(two_.wait_readable(), waited_));
  two_.cancel();
  settle(loop_);
}

TEST_F(MemoryStreamTest, AClosePolitelyWaitsForThePeer) {
  bool closed = false;
  write(one_, "unread");
  loop_.spawn(tests::note_end(two_.close(Closing::after_peer), closed));
  settle(loop_);
  EXPECT_FALSE(closed);
  EXPECT_EQ(one_.try_read(buffer_).status, IoStatus::end);
  write(one_, "more");
  settle(loop_);
  EXPECT_FALSE(closed);
  one_.finish_writing();
  settle(loop_);
  EXPECT_TRUE(closed);
}

TEST_F(MemoryStreamTest, ThePoliteCloseEndsAtTheDeadline) {
  bool closed = false;
  two_.expires_at(later(loop_.now(), seconds(5)));
  loop_.spawn(tests::note_end(two_.close(Closing::after_peer), closed));
  settle(loop_);
  EXPECT_FALSE(closed);
  clock_.advance(seconds(6));
  loop_.expire();
  settle(loop_);
  EXPECT_TRUE(closed);
}

TEST_F(MemoryStreamTest, AScriptShortensReadsAndWrites) {
  MemoryScript script;
  script.most_read = 1;
  script.most_written = 2;
  two_.follow(script);
  write(one_, "abc");
  EXPECT_EQ(read(two_), "a");
  EXPECT_EQ(read(two_), "b");
  EXPECT_EQ(write(two_, "12345").octets, 2U);
  EXPECT_EQ(script.operations, 3U);
  EXPECT_EQ(script.reads, 2U);
  EXPECT_EQ(script.writes, 1U);
}

TEST_F(MemoryStreamTest, AScriptFailsTheNthOperationAndAllLaterOnes) {
  MemoryScript script;
  script.fail_at = 3;
  script.failure = error::network_down;
  two_.follow(script);
  write(one_, "abc");
  EXPECT_EQ(two_.try_read(std::span(buffer_).first(1)).octets, 1U);
  EXPECT_EQ(write(two_, "x").octets, 1U);
  EXPECT_EQ(start(two_.wait_readable(), waited_), error_code(error::network_down));
  EXPECT_EQ(two_.try_read(buffer_).error, error::network_down);
  EXPECT_EQ(write(two_, "x").error, error::network_down);
  EXPECT_EQ(start(two_.wait_writable(), waited_), error_code(error::network_down));
  EXPECT_EQ(read(one_), "x");
  EXPECT_EQ(one_.try_read(buffer_).error, error::connection_reset);
}

// ---- What Stream builds on these ----

TEST_F(MemoryStreamTest, ReadSomeWaitsForInput) {
  std::optional<IoResult> result;
  EXPECT_FALSE(start(two_.read_some(buffer_), result));
  write(one_, "x");
  settle(loop_);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->octets, 1U);
  one_.finish_writing();
  EXPECT_EQ(start(two_.read_some(buffer_), result)->status, IoStatus::end);
}

TEST_F(MemoryStreamTest, ReadSomePassesFailuresOn) {
  std::optional<IoResult> result;
  two_.expires_at(later(loop_.now(), seconds(1)));
  EXPECT_FALSE(start(two_.read_some(buffer_), result));
  clock_.advance(seconds(2));
  loop_.expire();
  settle(loop_);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, IoStatus::failed);
  EXPECT_EQ(result->error, error::timed_out);
}

Task<void> collect(Stream& stream, std::size_t count, std::string& into) {
  std::array<char, 7> buffer;
  while (into.size() < count) {
    const IoResult result = co_await stream.read_some(buffer);
    if (!result.done()) break;
    into.append(buffer.data(), result.octets);
  }
}

TEST_F(MemoryStreamTest, WriteAllWritesEveryPieceWhateverThePeerTakes) {
  for (std::size_t most = 1; most < 40; ++most) {
    auto [near, far] = MemoryStream::make_pair(loop_, 16);
    MemoryScript script;
    script.most_written = most;
    near->follow(script);
    std::vector<std::string> texts;
    std::string expected;
    for (int piece = 0; piece < 40; ++piece) {
      texts.push_back(std::string(static_cast<std::size_t>(piece % 5), static_cast<char>('a' + piece % 26)));
      expected += texts.back();
    }
    const std::vector<std::string_view> pieces(texts.begin(), texts.end());
    std::string received;
    std::optional<error_code> outcome;
    loop_.spawn(collect(*far, expected.size(), received));
    loop_.spawn(tests::keep_result(near->write_all(pieces), outcome));
    settle(loop_);
    EXPECT_EQ(outcome, error_code());
    EXPECT_EQ(received, expected);
  }
}

TEST_F(MemoryStreamTest, WriteAllOfOneText) {
  std::string received;
  std::optional<error_code> outcome;
  loop_.spawn(collect(two_, 40, received));
  const std::string text(40, 'x');
  EXPECT_EQ(start(one_.write_all(text), outcome), error_code());
  EXPECT_EQ(received, text);
  ends_.second.reset();
  EXPECT_EQ(start(one_.write_all(text), outcome), error_code(error::broken_pipe));
}

TEST_F(MemoryStreamTest, WriteAllEndsAtTheDeadline) {
  std::optional<error_code> outcome;
  one_.expires_at(later(loop_.now(), seconds(3)));
  const std::string text(40, 'x');
  EXPECT_FALSE(start(one_.write_all(text), outcome));
  clock_.advance(seconds(4));
  loop_.expire();
  settle(loop_);
  EXPECT_EQ(outcome, error_code(error::timed_out));
}

}  // namespace
}  // namespace postrider::transport
