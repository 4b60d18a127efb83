#include "postrider/fuzz/wire/replay.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/support/run_task.h"
#include "postrider/transport/memory_network.h"

namespace postrider::fuzz {
namespace {

using std::chrono::seconds;
using transport::Endpoint;

// One session of a server that says its replies whatever comes, one for each line.
transport::Task<void> say(transport::Loop& loop, transport::Listener& listener,
                          std::vector<std::string> replies, std::string& heard) {
  transport::StreamResult accepted = co_await listener.accept();
  if (!accepted) co_return;
  Wire wire(loop, std::move(*accepted), WireRole::server);
  for (std::size_t at = 0; at < replies.size(); ++at) {
    (void)co_await wire.send(replies[at], wire.in(seconds(5)));
    if (at + 1 == replies.size()) break;
    const WireOctets line = co_await wire.read_line(wire.in(seconds(5)));
    heard += line.octets;
  }
}

class ReplayTest : public testing::Test {
 protected:
  ReplayTest() { listener_ = std::move(network_.listen(at_, {}).value()); }

  ReplayReport played(std::string_view text, std::vector<std::string> replies) {
    const auto transcript = parse_transcript(std::string(kTranscriptHeader).append(text));
    EXPECT_TRUE(transcript) << transcript.error().text;
    loop_.spawn(say(loop_, *listener_, std::move(replies), heard_));
    options_.patience = seconds(5);
    return tests::run_task(loop_, replay(loop_, network_, at_, *transcript, options_));
  }

  transport::Loop loop_;
  transport::MemoryNetwork network_{loop_};
  Endpoint at_ = *Endpoint::parse("127.0.0.1:25");
  std::unique_ptr<transport::Listener> listener_;
  ReplayOptions options_;
  std::string heard_;
};

constexpr std::string_view kSession =
    "0.000000 connected 192.0.2.1:25\n"
    "0.000001 S: 220 a\\r\\n\n"
    "0.000002 C: EHLO x\\r\n"
    "0.000003 C: \\n\n"
    "0.000004 S: 250-a\\r\\n\n"
    "0.000005 S: 250 SIZE\\r\\n\n"
    "0.000006 C: QUIT\\r\\n\n"
    "0.000007 S: 221 2.0.0 bye\\r\\n\n"
    "0.000008 server-closed\n"
    "0.000009 client-closed\n";

TEST_F(ReplayTest, TheSameIsTheSame) {
  const ReplayReport report = played(kSession, {"220 b\r\n", "250 c\r\n", "221 2.0.0 see you\r\n"});
  EXPECT_EQ(report.replies, 3U);
  EXPECT_TRUE(report.differences.empty()) << report.differences.front().now;
  EXPECT_EQ(heard_, "EHLO x\r\nQUIT\r\n");
}

TEST_F(ReplayTest, PiecesStayPieces) {
  const ReplayReport report = played(kSession, {"220 b\r\n", "250 c\r\n", "221 2.0.0 bye\r\n"});
  const std::string text = write_transcript(report.transcript);
  EXPECT_NE(text.find("C: EHLO x\\r\n"), text.npos) << text;
}

TEST_F(ReplayTest, CodesAndStatusesAreCompared) {
  const ReplayReport report = played(kSession, {"220 b\r\n", "502 no\r\n", "221 2.1.0 bye\r\n"});
  ASSERT_EQ(report.differences.size(), 2U);
  EXPECT_EQ(report.differences[0], (ReplayDifference{0, 1, "\\n", "250 a / SIZE", "502 no"}));
  EXPECT_EQ(report.differences[1], (ReplayDifference{0, 2, "QUIT\\r\\n", "221 2.0.0 bye", "221 2.1.0 bye"}));
}

TEST_F(ReplayTest, TextsAreComparedWhenThatIsWanted) {
  options_.exact = true;
  const ReplayReport report = played(kSession, {"220 b\r\n", "250-a\r\n250 SIZE\r\n", "221 2.0.0 bye\r\n"});
  ASSERT_EQ(report.differences.size(), 1U);
  EXPECT_EQ(report.differences[0].now, "220 b");
}

TEST_F(ReplayTest, AServerThatClosesEarlierIsDifferent) {
  const ReplayReport report = played(kSession, {"220 b\r\n", "421 no\r\n"});
  ASSERT_EQ(report.differences.size(), 2U);
  EXPECT_EQ(report.differences[1].now, "(closed the connection)");
}

TEST_F(ReplayTest, AServerThatSaysMoreIsDifferent) {
  const ReplayReport report = played(kSession, {"220 b\r\n", "250 c\r\n", "221 2.0.0 bye\r\n250 more\r\n"});
  ASSERT_EQ(report.differences.size(), 1U);
  EXPECT_EQ(report.differences[0].recorded, "nothing more");
  EXPECT_EQ(report.differences[0].now, "250 more\\r\\n");
}

TEST_F(ReplayTest, NothingIsSentBeforeTheServerHasSaidAsMuch) {
  const ReplayReport report = played(
      "0.000000 connected 192.0.2.1:25\n0.000001 S: 220 a\\r\\n\n0.000002 C: RSET\\r\\nNOOP\\r\\n\n0.000003 "
      "S: 250 "
      "a\\r\\n250 b\\r\\n\n0.000004 C: QUIT\\r\\n\n0.000005 S: 221 c\\r\\n\n",
      {"220 b\r\n", "250 c\r\n", "250 d\r\n", "221 e\r\n"});
  EXPECT_TRUE(report.differences.empty()) << report.differences.front().now;
  EXPECT_EQ(heard_, "RSET\r\nNOOP\r\nQUIT\r\n");
}

TEST_F(ReplayTest, NobodyThereIsToldAndNothingPlayed) {
  listener_->close();
  listener_.reset();
  const auto transcript = parse_transcript(std::string(kTranscriptHeader).append(kSession)).value();
  const ReplayReport report = tests::run_task(loop_, replay(loop_, network_, at_, transcript, options_));
  EXPECT_NE(report.unreachable, "");
  EXPECT_EQ(report.replies, 0U);
}

}  // namespace
}  // namespace postrider::fuzz
