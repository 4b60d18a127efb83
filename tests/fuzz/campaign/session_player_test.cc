#include "postrider/fuzz/campaign/session_player.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/fuzz/hostile/hostile_server.h"
#include "postrider/fuzz/oracle/judge.h"
#include "postrider/tests/support/virtual_time.h"
#include "postrider/transport/memory_network.h"

namespace postrider::fuzz {
namespace {

using namespace std::chrono_literals;

PlanStep step(std::string octets, std::vector<std::string> owners) {
  return {.octets = std::move(octets), .owners = std::move(owners)};
}

Task<void> keep(Task<Transcript> task, Transcript& out, bool& done) {
  out = co_await std::move(task);
  done = true;
}

class SessionPlayerTest : public ::testing::Test {
 protected:
  // As far as the server's behaviour lets it: a transaction, up to the 354 to DATA.
  void begin(std::string_view behaviour) {
    server.emplace(loop, network, HostileOptions());
    server->plan({find_behaviour(behaviour)});
    ASSERT_TRUE(server->listen(at));
    plan.steps = {step("", {"greeting"}), step("EHLO client.example\r\n", {"EHLO"}),
                  step("MAIL FROM:<a@example.org>\r\n", {"MAIL"}),
                  step("RCPT TO:<b@example.net>\r\n", {"RCPT"})};
  }

  void play() {
    const transport::SteadyTime begun = clock.steady_now();
    bool done = false;
    loop.spawn(keep(play_session(loop, network, at, plan, options), transcript, done));
    ASSERT_TRUE(tests::run_in_virtual_time(loop, clock, done));
    took = clock.steady_now() - begun;
  }
  void TearDown() override {
    server->stop();
    while (loop.poll()) {
    }
  }

  bool timed_out() const {
    return std::ranges::any_of(transcript.events, [](const TranscriptEvent& event) {
      return event.kind == TranscriptKind::timeout;
    });
  }

  transport::ManualClock clock;
  transport::Loop loop{clock};
  transport::MemoryNetwork network{loop};
  transport::Endpoint at = *transport::Endpoint::parse("192.0.2.1:25");
  std::optional<HostileServer> server;
  PlayOptions options;
  SessionPlan plan;
  Transcript transcript;
  transport::Duration took{};
};

TEST_F(SessionPlayerTest, PlaysASessionToItsEnd) {
  begin("polite");
  plan.steps.push_back(step("RSET\r\nNOOP\r\nQUIT\r\n", {"RSET", "NOOP", "QUIT"}));
  play();
  EXPECT_LT(took, 1s);
  EXPECT_FALSE(timed_out());
  EXPECT_TRUE(judge(read_dialogue(transcript)).findings.empty());
  EXPECT_EQ(server->outcomes().back().end, "the client said QUIT");
}

TEST_F(SessionPlayerTest, DoesNotWaitLongForAReplyToWhatTheServerTakesForContent) {
  begin("polite");
  plan.steps.push_back(step("DATA\r\n", {"DATA"}));
  plan.steps.push_back(step("NOOP\r\n", {"NOOP"}));
  play();
  EXPECT_LT(took, 3s);
  EXPECT_FALSE(timed_out());
  EXPECT_TRUE(judge(read_dialogue(transcript)).findings.empty());
}

TEST_F(SessionPlayerTest, DoesNotWaitLongForAReplyToHalfAChunk) {
  begin("polite");
  plan.steps.push_back(step("BDAT 10 LAST\r\nhalf", {"BDAT"}));
  play();
  EXPECT_LT(took, 3s);
  EXPECT_FALSE(timed_out());
}

TEST_F(SessionPlayerTest, WaitsForAReplyThatIsDueAsLongAsItIsTold) {
  begin("silent-rcpt");
  options.timeout = 20s;
  play();
  EXPECT_GE(took, 20s);
  EXPECT_TRUE(timed_out());
  const Verdict verdict = judge(read_dialogue(transcript));
  ASSERT_EQ(verdict.findings.size(), 1u);
  EXPECT_EQ(verdict.findings[0].fault, Fault::hang);
}

TEST_F(SessionPlayerTest, WaitsForTheRestOfAReply) {
  begin("slow");
  options.timeout = 10min;
  play();
  EXPECT_FALSE(timed_out());
  EXPECT_TRUE(judge(read_dialogue(transcript)).findings.empty());
  EXPECT_EQ(server->outcomes().back().commands.size(), 3u);
}

}  // namespace
}  // namespace postrider::fuzz
