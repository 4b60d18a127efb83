#include "postrider/fuzz/conformance/runner.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/support/run_task.h"
#include "postrider/transport/memory_network.h"

namespace postrider::fuzz {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using transport::Endpoint;

// Answers lines by how they begin; the longest beginning counts. An empty answer closes.
using Answers = std::map<std::string, std::string>;

transport::Task<void> converse(transport::Loop& loop, std::unique_ptr<transport::Stream> stream,
                               const Answers& answers) {
  Wire wire(loop, std::move(stream), WireRole::server);
  (void)co_await wire.send("220 fake.example ESMTP\r\n", wire.in(seconds(5)));
  for (;;) {
    const WireOctets line = co_await wire.read_line(wire.in(seconds(5)));
    if (!line.ok()) co_return;
    std::string answer = "500 what\r\n";
    for (const auto& [beginning, reply] : answers) {
      if (line.octets.starts_with(beginning)) answer = reply;
    }
    if (answer.empty()) co_return;
    (void)co_await wire.send(answer, wire.in(seconds(5)));
    if (line.octets.starts_with("QUIT")) co_return;
  }
}

transport::Task<void> serve(transport::Loop& loop, transport::Listener& listener, const Answers& answers) {
  for (;;) {
    transport::StreamResult accepted = co_await listener.accept();
    if (!accepted) co_return;
    loop.spawn(converse(loop, std::move(*accepted), answers));
  }
}

class RunnerTest : public testing::Test {
 protected:
  RunnerTest() {
    listener_ = std::move(network_.listen(at_, {}).value());
    loop_.spawn(serve(loop_, *listener_, answers_));
    options_.silence = milliseconds(1);
    options_.patience = seconds(5);
  }
  ~RunnerTest() override {
    listener_->close();
    tests::run_until(loop_, [this] { return loop_.tasks() == 0; });
  }

  ConformanceReport report_of(const std::vector<const Check*>& checks) {
    return tests::run_task(loop_, run_checks(loop_, network_, checks, options_));
  }
  CheckResult result_of(std::string_view script, std::string_view needs = "") {
    check_ = Check{"id", "RFC 5321 1", Level::must, "Title", needs, script};
    ConformanceReport report = report_of({&check_});
    EXPECT_EQ(report.unreachable, "");
    return report.results.empty() ? CheckResult() : std::move(report.results.front());
  }
  std::string verdict(std::string_view script, std::string_view needs = "") {
    const CheckResult result = result_of(script, needs);
    return std::string(to_string(result.verdict)) + (result.reason.empty() ? "" : ": " + result.reason);
  }

  transport::Loop loop_;
  transport::MemoryNetwork network_{loop_};
  Endpoint at_ = *Endpoint::parse("127.0.0.1:25");
  std::unique_ptr<transport::Listener> listener_;
  Answers answers_{
      {"EHLO", "250-fake.example\r\n250-SIZE 1000\r\n250-AUTH PLAIN LOGIN\r\n250 PIPELINING\r\n"},
      {"NOOP", "250 ok\r\n"},
      {"NOOP twice", "250 ok\r\n250 ok\r\n"},
      {"NOOP bad", "250-ok\r\n251 ok\r\n"},
      {"MAIL", "250 ok\r\n"},
      {"RCPT TO:<bob@example.net>", "250 ok\r\n"},
      {"QUIT", "221 bye\r\n"},
      {"CLOSE", ""}};
  RunnerOptions options_{at_};
  Check check_;
};

TEST_F(RunnerTest, ACheckPasses) { EXPECT_EQ(verdict("hello\n> NOOP\n< 250\nsilent"), "passed"); }

TEST_F(RunnerTest, AWrongCodeIsAFailureWithItsReason) {
  EXPECT_EQ(verdict("hello\n> FROB\n< 250 25"), "failed: expected 250 or 25z to 'FROB', and it was 500 what");
}

TEST_F(RunnerTest, AReplyTooManyIsAFailure) {
  EXPECT_EQ(verdict("hello\n> NOOP twice\n< 250\nsilent"),
            "failed: nothing more should come after 'NOOP twice', and it was '250 ok\\r\\n'");
}

TEST_F(RunnerTest, AtThePartingNothingIsOwed) {
  EXPECT_EQ(verdict("hello\n> NOOP\n< 250\nparting"), "passed");
  EXPECT_EQ(verdict("hello\n> CLOSE\nparting"), "passed");
  EXPECT_EQ(verdict("hello\n> NOOP twice\n< 250\nparting"),
            "failed: only QUIT should be answered after 'NOOP twice', and the replies are '250 ok\\r\\n221 "
            "bye\\r\\n'");
}

TEST_F(RunnerTest, AMalformedReplyIsAFailureWhateverItsCode) {
  EXPECT_EQ(verdict("hello\n> NOOP bad\n< 250"),
            "failed: the reply to 'NOOP bad' is malformed: the code changes from 250 in '251 ok\\r\\n'");
}

TEST_F(RunnerTest, AClosedConnectionIsAFailureOrWhatWasWanted) {
  EXPECT_EQ(verdict("hello\n> CLOSE\n< 250"),
            "failed: expected 250 to 'CLOSE', and the server closed the connection");
  EXPECT_EQ(verdict("hello\n> CLOSE\nclosed"), "passed");
  EXPECT_EQ(verdict("hello\n> CLOSE\nunended\n> NOOP\n< 999"), "passed") << "what follows is not tried";
  EXPECT_EQ(verdict("hello\n> CLOSE\n~< 220\n> NOOP\n< 999"), "passed");
}

TEST_F(RunnerTest, WhatIsTakenForSomethingWholeIsAFailure) {
  EXPECT_EQ(verdict("hello\n>> NOOP\\n\nunended"),
            "failed: 'NOOP' should not be taken for something whole, and the reply is '250 ok\\r\\n'");
  EXPECT_EQ(verdict("hello\n>> FROB\\n\nunended"), "passed");
}

TEST_F(RunnerTest, SaysWhenTheQuestionDoesNotComeUp) {
  EXPECT_EQ(verdict("hello\n> FROB\n?< 250\n< 999"),
            "not applicable: expected 250 to 'FROB', and it was 500 what");
  EXPECT_EQ(verdict("hello\n?below 500"), "not applicable: the size that is offered is none, or above 500");
  EXPECT_EQ(verdict("hello\n?below 1000\n> NOOP {over_size}\n< 250"), "passed");
}

TEST_F(RunnerTest, WhatIsNotOfferedIsNotAsked) {
  EXPECT_EQ(verdict("hello", "CHUNKING"), "not offered: CHUNKING is not offered");
  EXPECT_EQ(verdict("hello", "AUTH:CRAM-MD5"), "not offered: AUTH:CRAM-MD5 is not offered");
  EXPECT_EQ(verdict("hello", "AUTH:LOGIN SIZE"), "passed");
}

TEST_F(RunnerTest, WhatNeedsAnOptionSaysWhich) {
  EXPECT_EQ(verdict("hello", "recipient"), "needs an option: without --recipient it cannot be tried");
  EXPECT_EQ(verdict("hello", "login"), "needs an option: without --user it cannot be tried");
  options_.recipient = "bob@example.net";
  EXPECT_EQ(verdict("hello\nmail\nrcpt", "recipient"), "passed");
  options_.recipient = "carol@example.net";
  EXPECT_EQ(verdict("hello\nmail\nrcpt", "recipient"),
            "stuck: the reply to 'RCPT TO:<carol@example.net>' is 500 what");
}

TEST_F(RunnerTest, AGroupLeavesInOneWrite) {
  const CheckResult result = result_of("hello\n& NOOP\n&& NO\n>> OP\\r\\n\n< 250\n< 250");
  EXPECT_EQ(result.verdict, Verdict::passed);
  const std::string text = write_transcript(result.transcript);
  EXPECT_NE(text.find("C: NOOP\\r\\n\n  + NOOP\\r\\n\n"), text.npos) << text;
}

TEST_F(RunnerTest, OffersAreLookedAt) {
  EXPECT_EQ(verdict("hello\noffers SIZE\noffers no DSN"), "passed");
  EXPECT_EQ(verdict("hello\noffers DSN"), "failed: DSN is not offered in the reply to EHLO");
  EXPECT_EQ(verdict("hello\noffers no SIZE"), "failed: SIZE is offered in the reply to EHLO");
  EXPECT_EQ(verdict("hello\n> NOOP\n< 250\nis status"),
            "failed: the reply to 'NOOP': 'ok' begins with no status");
}

TEST_F(RunnerTest, PasswordsAreNotInTranscripts) {
  options_.user = "fred";
  options_.password = "secret";
  answers_["AUTH PLAIN AGZyZWQAc2VjcmV0"] = "235 ok\r\n";
  const CheckResult result = result_of("ehlo\nlogin", "login");
  EXPECT_EQ(result.verdict, Verdict::passed);
  EXPECT_EQ(write_transcript(result.transcript).find("AGZyZWQAc2VjcmV0"), std::string::npos);
  EXPECT_NE(write_transcript(result.transcript).find("AUTH PLAIN ****"), std::string::npos);
}

TEST_F(RunnerTest, ResultsComeInTheOrderOfTheChecksHoweverManyRunAtOnce) {
  std::vector<Check> checks(20, Check{"id", "RFC 5321 1", Level::must, "Title", "", "hello\n> NOOP\n< 250"});
  checks[7].script = "hello\n> FROB\n< 250";
  std::vector<const Check*> which;
  for (const Check& check : checks) which.push_back(&check);
  options_.connections = 5;
  const ConformanceReport report = report_of(which);
  ASSERT_EQ(report.results.size(), 20U);
  for (std::size_t at = 0; at < 20; ++at) {
    EXPECT_EQ(report.results[at].check, which[at]);
    EXPECT_EQ(report.results[at].verdict, at == 7 ? Verdict::failed : Verdict::passed);
  }
  EXPECT_EQ(report.offers.in_clear,
            (std::vector<std::string>{"SIZE 1000", "AUTH PLAIN LOGIN", "PIPELINING"}));
}

TEST_F(RunnerTest, NobodyThereIsToldOnce) {
  options_.address = *Endpoint::parse("127.0.0.1:26");
  check_ = Check{"id", "RFC 5321 1", Level::must, "Title", "", "hello"};
  const ConformanceReport report = report_of({&check_});
  EXPECT_NE(report.unreachable, "");
  EXPECT_TRUE(report.results.empty());
}

}  // namespace
}  // namespace postrider::fuzz
