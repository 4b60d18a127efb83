#include "postrider/agent/probe/probe_command.h"

#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postrider/tests/agent/serve/running_agent.h"

namespace postrider::agent {
namespace {

using testing::HasSubstr;

constexpr std::string_view kConfig = R"(
hostname = "mx.here.example"
[[listen]]
address = "127.0.0.6:0"
role = "mx"
tls = "none"
)";

class ProbeCommandTest : public AgentTest {
 protected:
  void SetUp() override {
    AgentTest::SetUp();
    running_ = std::make_unique<RunningAgent>(root_, kConfig);
    std::ofstream(root_ / "zone") << "mail.example. A 127.0.0.6\n";
    std::ofstream(root_ / "client.toml") << "[resolver]\nbackend = \"static\"\nzone = \"zone\"\n";
    options_.config = root_ / "client.toml";
    options_.server = HostPort{"mail.example", running_->address(0).port()};
  }

  // The exit status; what was printed goes to `out_` and `err_`.
  ExitCode run() {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const ExitCode code = probe(options_);
    out_ = testing::internal::GetCapturedStdout();
    err_ = testing::internal::GetCapturedStderr();
    return code;
  }

  std::unique_ptr<RunningAgent> running_;
  ProbeOptions options_;
  std::string out_;
  std::string err_;
};

TEST_F(ProbeCommandTest, FindsTheHostByTheConfigurationsResolver) {
  EXPECT_EQ(run(), ExitCode::done) << out_ << err_;
  EXPECT_THAT(out_, HasSubstr("(" + running_->address(0).to_string() + ")"));
  EXPECT_THAT(out_, HasSubstr("220 mx.here.example"));
  EXPECT_THAT(out_, HasSubstr("STARTTLS is not offered"));
}

TEST_F(ProbeCommandTest, SaysWhatToDoAboutANameThatNobodyKnows) {
  options_.server.host = "missing.example";
  EXPECT_EQ(run(), ExitCode::unavailable);
  EXPECT_THAT(out_, HasSubstr("missing.example: "));
  EXPECT_THAT(out_, HasSubstr("check the name"));
}

TEST_F(ProbeCommandTest, SaysWhatToDoWhereNobodyListens) {
  running_->stop();
  EXPECT_EQ(run(), ExitCode::unavailable);
  EXPECT_THAT(out_, HasSubstr("another port is named as HOST:PORT"));
}

TEST_F(ProbeCommandTest, NamesTheKeyOfTheConfigurationThatIsWrong) {
  std::filesystem::remove(root_ / "zone");
  EXPECT_EQ(run(), ExitCode::configuration);
  EXPECT_THAT(err_, HasSubstr("resolver.zone"));
}

}  // namespace
}  // namespace postrider::agent
