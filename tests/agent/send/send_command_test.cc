#include "postrider/agent/send/send_command.h"

#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "postrider/tests/agent/serve/running_agent.h"

namespace postrider::agent {
namespace {

// On an address of its own: one test looks at a port that nobody listens on any more.
constexpr std::string_view kConfig = R"(
hostname = "mx.here.example"
[[listen]]
address = "127.0.0.4:0"
role = "mx"
[[listen]]
address = "127.0.0.4:0"
role = "lmtp"
[[route]]
domains = ["here.example"]
deliver = "maildir:mail/{local}"
)";

class SendCommandTest : public AgentTest {
 protected:
  void SetUp() override {
    AgentTest::SetUp();
    running_ = std::make_unique<RunningAgent>(root_, kConfig);
    std::ofstream(root_ / "client.toml") << "hostname = \"client.example\"\n";
    options_.config = root_ / "client.toml";
    options_.server = running_->address(0).to_string();
    options_.from = "a@example.net";
    options_.to = {"bob@here.example"};
  }

  // The exit status; what was printed goes to `out_`.
  ExitCode run() {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const ExitCode code = send(options_);
    out_ = testing::internal::GetCapturedStdout();
    err_ = testing::internal::GetCapturedStderr();
    return code;
  }

  std::unique_ptr<RunningAgent> running_;
  SendOptions options_;
  std::string out_;
  std::string err_;
};

TEST_F(SendCommandTest, DeliversAFileWithUnixLineEnds) {
  std::ofstream(root_ / "m.eml") << "Subject: x\n\n.\n..\nlast, without an end";
  options_.file = (root_ / "m.eml").native();
  EXPECT_EQ(run(), ExitCode::done);
  EXPECT_EQ(out_, "");
  ASSERT_EQ(contents("mail/bob/new").size(), 1U);
  const std::string file = contents("mail/bob/new")[0];
  EXPECT_NE(file.find("from client.example ([127.0.0.1])"), std::string::npos) << file;
  EXPECT_EQ(file.substr(file.find("Subject:")), "Subject: x\r\n\r\n.\r\n..\r\nlast, without an end\r\n")
      << file;
}

TEST_F(SendCommandTest, PutsHeaderLinesBeforeAFile) {
  std::ofstream(root_ / "m.eml") << "Subject: x\r\n\r\nbody\r\n";
  options_.file = (root_ / "m.eml").native();
  options_.headers = {"X-One: 1", "X-Two: 2"};
  EXPECT_EQ(run(), ExitCode::done);
  const std::string file = contents("mail/bob/new").at(0);
  EXPECT_NE(file.find("\r\nX-One: 1\r\nX-Two: 2\r\nSubject: x\r\n\r\nbody\r\n"), std::string::npos) << file;
}

TEST_F(SendCommandTest, PrintsOneLineForEachRefusedRecipient) {
  options_.to = {"bob@here.example", "x@there.example", "<\"a/b\"@here.example>"};
  options_.body = "hello";
  EXPECT_EQ(run(), ExitCode::permission);
  EXPECT_EQ(out_,
            "x@there.example: 550 5.7.1 We do not relay mail to this domain\n"
            "<\"a/b\"@here.example>: 550 5.1.3 This address can have no mailbox here\n");
  EXPECT_EQ(contents("mail/bob/new").size(), 1U);
}

TEST_F(SendCommandTest, SpeaksLmtpAndShowsTheDialogue) {
  options_.server = running_->address(1).to_string();
  options_.lmtp = true;
  options_.transcript = true;
  options_.from = "<>";
  options_.to = {"one@here.example", "two@here.example"};
  options_.subject = "x";
  EXPECT_EQ(run(), ExitCode::done);
  for (const std::string_view line :
       {"<- 220 mx.here.example LMTP\n", "-> LHLO client.example\n", "-> MAIL FROM:<>",
        "-> RCPT TO:<two@here.example>\n", "-> Subject: x\n", "<- 221 "}) {
    EXPECT_NE(out_.find(line), std::string::npos) << line << " in\n" << out_;
  }
  EXPECT_EQ(contents("mail/one/new").size(), 1U);
  EXPECT_EQ(contents("mail/two/new").size(), 1U);
}

TEST_F(SendCommandTest, AServerThatIsNotThereIsUnavailable) {
  const std::string server = *options_.server;
  running_->stop();
  options_.body = "hello";
  EXPECT_EQ(run(), ExitCode::unavailable);
  EXPECT_EQ(out_, "bob@here.example: " + server + ": Connection refused while connecting\n");
}

TEST_F(SendCommandTest, MistakesAreTold) {
  options_.body = "hello";
  options_.to = {"no address"};
  EXPECT_EQ(run(), ExitCode::usage);
  EXPECT_EQ(err_, "postrider send: --to: 'no address' is no address\n");
  options_.to = {"bob@here.example"};
  options_.from = "nobody";
  EXPECT_EQ(run(), ExitCode::usage);
  options_.from = "";
  options_.headers = {"no colon"};
  EXPECT_EQ(run(), ExitCode::usage);
  options_.headers.clear();
  options_.server = "::1";
  EXPECT_EQ(run(), ExitCode::usage);
  options_.server = running_->address(0).to_string();
  options_.body.reset();
  options_.file = (root_ / "missing.eml").native();
  EXPECT_EQ(run(), ExitCode::bad_input);
  options_.config = root_ / "missing.toml";
  EXPECT_EQ(run(), ExitCode::configuration);
}

}  // namespace
}  // namespace postrider::agent
