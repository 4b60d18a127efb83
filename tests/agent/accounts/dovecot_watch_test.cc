#include "postrider/agent/accounts/dovecot_watch.h"

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/support/run_task.h"
#include "postrider/transport/memory_stream.h"

namespace postrider::agent {
namespace {

using std::chrono::seconds;
using transport::Endpoint;
using transport::Task;

// Introduces itself to everybody, says no more, and may be gone.
class DovecotWatchTest : public testing::Test {
 protected:
  ~DovecotWatchTest() override {
    watch_.stop();
    tests::settle(loop_);
    EXPECT_EQ(loop_.tasks(), 0U) << "the watch has ended";
  }

  static Task<void> introduce(std::unique_ptr<transport::Stream> stream, std::string text) {
    const transport::error_code failure = co_await stream->write_all(text);
    if (failure) co_return;
    for (bool open = true; open;) {
      std::array<char, 256> room;
      const std::span<char> into(room);
      const transport::IoResult in = co_await stream->read_some(into);
      open = in.done();
    }
  }

  Task<transport::StreamResult> connect(transport::Loop& loop) {
    if (gone_) co_return std::unexpected(transport::error_code(transport::error::connection_refused));
    auto pair = transport::MemoryStream::make_pair(loop, transport::MemoryStream::kCapacity, Endpoint(),
                                                   Endpoint::local("/run/d"));
    loop.spawn(introduce(std::move(pair.second), "VERSION\t1\t2\n" + mechanisms_ + "DONE\n"));
    std::unique_ptr<transport::Stream> ours = std::move(pair.first);
    co_return transport::StreamResult(std::move(ours));
  }

  void pass(std::chrono::seconds time) {
    clock_.advance(time);
    for (int tick = 0; tick < 3; ++tick) {
      clock_.advance(transport::Deadlines::kTick);
      loop_.expire();
      tests::settle(loop_);
    }
  }
  void begin() {
    watch_.ask_first();
    watch_.start();
    tests::settle(loop_);
  }
  void ask() {
    watch_.ask_again();
    tests::settle(loop_);
  }
  std::string last_line() const { return lines_.empty() ? std::string() : lines_.back(); }
  static bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

  transport::ManualClock clock_;
  transport::Loop loop_{clock_};
  bool gone_ = false;
  std::string mechanisms_ = "MECH\tPLAIN\tplaintext\nMECH\tLOGIN\tplaintext\n";
  std::vector<std::string> lines_;
  int changes_ = 0;
  Log log_{LogConfig(), [this](std::string_view line) { lines_.emplace_back(line); }, clock_};
  DovecotAuthenticator authenticator_{
      Endpoint::local("/run/d"), 5,
      [this](transport::Loop& loop, Endpoint, transport::ConnectOptions) { return connect(loop); }};
  DovecotWatch watch_{authenticator_, "/run/d", loop_, log_, [this] { ++changes_; }};
};

TEST_F(DovecotWatchTest, KnowsTheMechanismsBeforeTheLoopRuns) {
  watch_.ask_first();
  EXPECT_EQ(authenticator_.mechanisms(), (std::vector<std::string>{"PLAIN", "LOGIN"}));
  EXPECT_EQ(changes_, 1);
  EXPECT_TRUE(has(last_line(),
                  "info \"Dovecot knows the accounts\" accounts.dovecot=/run/d mechanisms=\"PLAIN LOGIN\""))
      << last_line();
}

TEST_F(DovecotWatchTest, WaitsForADovecotThatIsNotThereYet) {
  gone_ = true;
  begin();
  EXPECT_TRUE(has(last_line(), "warning \"Dovecot cannot be reached: no AUTH is offered until it is"))
      << last_line();
  EXPECT_TRUE(has(last_line(), "reason=\"Connection refused\"")) << last_line();
  EXPECT_EQ(changes_, 0);
  pass(seconds(2));
  pass(seconds(2));
  EXPECT_EQ(lines_.size(), 1U) << "what is known is not said again";
  gone_ = false;
  pass(seconds(2));
  EXPECT_EQ(changes_, 1);
  EXPECT_EQ(authenticator_.mechanisms().size(), 2U);
  EXPECT_EQ(lines_.size(), 2U);
}

TEST_F(DovecotWatchTest, SaysWhenDovecotGoesAndComesBack) {
  begin();
  gone_ = true;
  ask();
  EXPECT_TRUE(has(last_line(), "warning \"Dovecot cannot be reached: AUTH is answered 454 until it is"))
      << last_line();
  EXPECT_EQ(authenticator_.mechanisms().size(), 2U) << "they are offered all the same";
  gone_ = false;
  pass(seconds(2));
  EXPECT_TRUE(has(last_line(), "info \"Dovecot knows the accounts\"")) << last_line();
  EXPECT_EQ(changes_, 1) << "nothing is different";
  EXPECT_EQ(lines_.size(), 3U);
}

TEST_F(DovecotWatchTest, LearnsOtherMechanisms) {
  begin();
  mechanisms_ = "MECH\tSCRAM-SHA-256\n";
  pass(seconds(30));
  EXPECT_EQ(changes_, 2);
  EXPECT_EQ(authenticator_.mechanisms(), std::vector<std::string>{"SCRAM-SHA-256"});
  pass(seconds(30));
  ask();
  EXPECT_EQ(changes_, 2);
  EXPECT_EQ(lines_.size(), 2U);
}

}  // namespace
}  // namespace postrider::agent
