// An agent in this process, on loopback and a folder of its own, for tests.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <latch>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/agent/accounts/account_authenticator.h"
#include "postrider/agent/accounts/sasl_primitives.h"
#include "postrider/agent/config/config_reader.h"
#include "postrider/agent/config/not_built.h"
#include "postrider/agent/serve/mail_agent.h"
#include "postrider/tests/agent/serve/dialogue.h"

namespace postrider::agent {

class RunningAgent {
 public:
  RunningAgent(const std::filesystem::path& folder, std::string_view toml,
               FileOperations& files = system_files(), QueueIntake* queue = nullptr)
      : folder_(folder),
        log_(
            LogConfig{LogFormat::text, LogLevel::debug},
            [this](std::string_view line) {
              const std::scoped_lock lock(mutex_);
              lines_.emplace_back(line);
            },
            transport::RealClock::instance()),
        loops_(2),
        store_(std::make_unique<MaildirStore>(MaildirOptions{}, files)),
        accounts_(folder / "accounts.toml", primitives_, [](const std::vector<ConfigProblem>&) {}),
        authenticator_(AccountAuthenticator::usual_mechanisms(), accounts_, hashing_, throttle_, primitives_),
        services_{*store_, log_, &authenticator_, queue},
        agent_(std::make_unique<MailAgent>(loops_, services_, config(toml))) {
    const auto started = agent_->start();
    EXPECT_TRUE(started) << started.error().text;
    thread_ = std::thread([this] { loops_.run(); });
  }

  ~RunningAgent() { stop(); }
  RunningAgent(const RunningAgent&) = delete;
  RunningAgent& operator=(const RunningAgent&) = delete;

  Config config(std::string_view toml) const {
    const ConfigResult loaded = read_config(toml, "test.toml", folder_);
    if (loaded) return without_what_is_not_built(*loaded);
    for (const ConfigProblem& problem : loaded.error()) ADD_FAILURE() << problem.to_text();
    return {};
  }

  void stop(transport::Duration drain = transport::Duration::zero()) {
    if (!thread_.joinable()) return;
    agent_->stop(drain);
    loops_.stop();
    thread_.join();
    agent_.reset();
    store_.reset();
  }

  // Until every loop has done what was posted to it before: what a reload asks of the listeners, for one.
  void settle() {
    const auto done = std::make_shared<std::latch>(static_cast<std::ptrdiff_t>(loops_.size()));
    for (std::size_t index = 0; index < loops_.size(); ++index) {
      loops_[index].post([done] { done->count_down(); });
    }
    done->wait();
  }

  MailAgent& agent() { return *agent_; }
  transport::Loops& loops() { return loops_; }
  transport::Endpoint address(std::size_t index = 0) const { return agent_->addresses().at(index); }

  // The first line of the log that has both.
  std::string logged(std::string_view event, std::string_view what = "") {
    const std::scoped_lock lock(mutex_);
    for (const std::string& line : lines_) {
      if (line.find(event) != std::string::npos && line.find(what) != std::string::npos) return line;
    }
    return {};
  }
  std::size_t count_logged(std::string_view event) {
    const std::scoped_lock lock(mutex_);
    std::size_t count = 0;
    for (const std::string& line : lines_) count += line.find(event) != std::string::npos ? 1U : 0U;
    return count;
  }

 private:
  std::filesystem::path folder_;
  std::mutex mutex_;
  std::vector<std::string> lines_;
  Log log_;
  transport::Loops loops_;
  std::unique_ptr<MaildirStore> store_;
  SaslPrimitives primitives_;
  AccountStore accounts_;
  HashingPool hashing_;
  LoginThrottle throttle_;
  AccountAuthenticator authenticator_;
  AgentServices services_;
  std::unique_ptr<MailAgent> agent_;
  std::thread thread_;
};

class AgentTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
    root_ = std::filesystem::path(testing::TempDir()) /
            ("postrider-" + std::string(test->test_suite_name()) + "-" + test->name());
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  // The contents of a folder's files, one string each.
  std::vector<std::string> contents(const std::string& folder) const {
    std::vector<std::string> out;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(root_ / folder, error)) {
      std::ifstream in(entry.path(), std::ios::binary);
      out.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
    return out;
  }

  std::filesystem::path root_;
};

}  // namespace postrider::agent
