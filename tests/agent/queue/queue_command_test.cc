#include "postrider/agent/queue/queue_command.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gtest/gtest.h>

#include "postrider/agent/config/config_reader.h"
#include "postrider/agent/queue/control_server.h"
#include "postrider/agent/queue/open_spool.h"
#include "postrider/tests/agent/queue/queue_fixture.h"
#include "postrider/tests/queue/spool/rocksdb/store_surgery.h"
#include "postrider/transport/socket_network.h"

namespace postrider::agent {
namespace {

using Action = QueueOptions::Action;
using std::chrono::minutes;
using std::chrono::seconds;

QueueOptions asking(Action action, std::uint64_t id = 0) {
  QueueOptions options;
  options.action = action;
  if (id != 0) options.id = MessageId{id};
  return options;
}

// Takes a while for each page.
class SlowQueue final : public QueueSource {
 public:
  SlowQueue(QueueSource& source, transport::ManualClock& clock) : source_(source), clock_(clock) {}

  transport::Task<QueueResult<std::vector<QueueEntry>>> list(MessageId after) override {
    clock_.advance(seconds(1));
    return source_.list(after);
  }
  transport::Task<QueueResult<QueueEntry>> show(MessageId id) override { return source_.show(id); }
  transport::Task<QueueResult<void>> content(MessageId id, std::uint64_t limit, ContentSink& sink) override {
    return source_.content(id, limit, sink);
  }
  transport::Task<QueueResult<bool>> act(QueueAction action, MessageId id) override {
    return source_.act(action, id);
  }
  transport::Task<QueueResult<RetryProgress>> retry(RetryScope scope) override {
    clock_.advance(seconds(1));
    return source_.retry(std::move(scope));
  }

 private:
  QueueSource& source_;
  transport::ManualClock& clock_;
};

class QueueCommandTest : public QueueFixture {
 protected:
  ExitCode run(const QueueOptions& options) {
    out_.str("");
    errors_.str("");
    return tests::run_task(loop_, carry_out(loop_, operations_, options, QueueOutput(out_, errors_, false)));
  }
  std::string printed(const QueueOptions& options) {
    EXPECT_EQ(run(options), ExitCode::done) << errors_.str();
    EXPECT_EQ(errors_.str(), "");
    return out_.str();
  }

  std::ostringstream out_;
  std::ostringstream errors_;
};

TEST_F(QueueCommandTest, ListsForPeople) {
  EXPECT_EQ(printed(asking(Action::list)), "the queue is empty\n");
  fill(1);
  add(message_to(2, {"carol@example.net"}));
  EXPECT_EQ(printed(asking(Action::list)),
            "0000000000001  deferred  22 B       1h      alice@example.com\n"
            "    u1@example.org  2 attempts, next in 1h\n"
            "        450 4.2.1 Mailbox busy (mx.example.org[192.0.2.1])\n"
            "0000000000002  ready     22 B       1h      alice@example.com\n"
            "    carol@example.net  not tried yet, due now\n"
            "2 messages, 44 B: 1 ready, 1 deferred\n");
}

TEST_F(QueueCommandTest, ListsForScripts) {
  QueueOptions options = asking(Action::list);
  options.json = true;
  EXPECT_EQ(printed(options), "[]\n");
  fill(1);
  EXPECT_EQ(
      printed(options),
      "[\n  {\"id\":\"0000000000001\",\"sender\":\"alice@example.com\",\"size\":22,"
      "\"arrived\":\"2019-12-19T23:00:00.000Z\",\"state\":\"deferred\",\"recipients\":["
      "{\"address\":\"u1@example.org\",\"state\":\"deferred\",\"attempts\":2,"
      "\"next_attempt\":\"2019-12-20T01:00:00.000Z\",\"last_reply\":\"450 4.2.1 Mailbox busy\"}]}\n]\n");
}

TEST_F(QueueCommandTest, ALongListIsOneArray) {
  fill(2'500);
  spool_.damage(MessageId{9}, "the checksum is wrong");
  QueueOptions options = asking(Action::list);
  options.json = true;
  const boost::json::value parsed = boost::json::parse(printed(options));
  ASSERT_TRUE(parsed.is_array());
  EXPECT_EQ(parsed.get_array().size(), 2'500u);
  EXPECT_EQ(parsed.get_array()[8].at("state").as_string(), "damaged");
  options.json = false;
  EXPECT_TRUE(printed(options).ends_with("2500 messages, 53.7 KiB: 2499 deferred, 1 damaged\n"));
}

TEST_F(QueueCommandTest, ShowsOneWithItsHeader) {
  add(message_to(1, {"bob@example.org"}));
  const std::string text = printed(asking(Action::show, 1));
  EXPECT_TRUE(text.starts_with("id:          0000000000001\nstate:       ready\n"));
  EXPECT_TRUE(text.ends_with("header:\n  Subject: Hi\n"));
  QueueOptions options = asking(Action::show, 1);
  options.content = true;
  EXPECT_EQ(printed(options), "Subject: Hi\r\n\r\nHello\r\n");
  options.content = false;
  options.json = true;
  EXPECT_EQ(boost::json::parse(printed(options)).at("command").as_string(), "MAIL FROM:<alice@example.com>");
}

TEST_F(QueueCommandTest, ShowsADamagedOne) {
  fill(1);
  spool_.damage(MessageId{1}, "the checksum is wrong");
  EXPECT_EQ(printed(asking(Action::show, 1)),
            "id:          0000000000001\nstate:       damaged\nwhy:         the checksum is wrong\n");
  QueueOptions content = asking(Action::show, 1);
  content.content = true;
  EXPECT_EQ(run(content), ExitCode::bad_input);
}

TEST_F(QueueCommandTest, SaysWhatItDid) {
  fill(1);
  EXPECT_EQ(printed(asking(Action::hold, 1)), "0000000000001 is held\n");
  EXPECT_EQ(printed(asking(Action::hold, 1)), "0000000000001 was held already\n");
  EXPECT_EQ(printed(asking(Action::release, 1)), "0000000000001 is released\n");
  EXPECT_EQ(printed(asking(Action::release, 1)), "0000000000001 was not held\n");
  EXPECT_EQ(printed(asking(Action::retry, 1)), "0000000000001 is due now\n");
  EXPECT_EQ(printed(asking(Action::retry, 1)), "0000000000001 was due already\n");
  QueueOptions drop = asking(Action::drop, 1);
  drop.json = true;
  EXPECT_EQ(printed(drop), "{\"action\":\"drop\",\"id\":\"0000000000001\",\"changed\":true}\n");
}

TEST_F(QueueCommandTest, RetriesMany) {
  fill(300);
  add(message_to(301, {"carol@example.net"}));
  QueueOptions options = asking(Action::retry);
  options.domain = "example.net";
  EXPECT_EQ(printed(options), "0 of 301 messages had to wait and are due now\n");
  options.domain.clear();
  options.json = true;
  EXPECT_EQ(printed(options), "{\"action\":\"retry\",\"seen\":301,\"changed\":300}\n");
}

TEST_F(QueueCommandTest, SaysWhyNot) {
  fill(3);
  spool_.damage(MessageId{2}, "the checksum is wrong");
  agent_.set_active(3, {"mx:example.org"});
  EXPECT_EQ(run(asking(Action::hold, 9)), ExitCode::bad_input);
  EXPECT_EQ(errors_.str(), "postrider queue: 0000000000009 is not in the queue\n");
  EXPECT_EQ(run(asking(Action::retry, 2)), ExitCode::bad_input);
  EXPECT_EQ(errors_.str(), "postrider queue: 0000000000002 is damaged: the checksum is wrong\n");
  EXPECT_EQ(run(asking(Action::drop, 3)), ExitCode::temporary);
  EXPECT_EQ(errors_.str(), "postrider queue: 0000000000003 is being delivered, try again\n");
  spool_.fail_next(1, queue::SpoolFailure{queue::SpoolFailure::Kind::io, "Input/output error"});
  EXPECT_EQ(run(asking(Action::hold, 1)), ExitCode::temporary);
  EXPECT_EQ(errors_.str(), "postrider queue: the store failed: Input/output error\n");
  EXPECT_EQ(out_.str(), "");
}

TEST_F(QueueCommandTest, WhatTakesLongSaysHowFarItIs) {
  fill(2'500);
  SlowQueue slow(operations_, clock_);
  for (const Action action : {Action::list, Action::retry}) {
    const QueueOptions options = asking(action);
    errors_.str("");
    EXPECT_EQ(tests::run_task(loop_, carry_out(loop_, slow, options, QueueOutput(out_, errors_, true))),
              ExitCode::done);
    EXPECT_TRUE(errors_.str().starts_with(
        action == Action::list ? "postrider queue: 200 messages so far\n"
                               : "postrider queue: 400 messages looked at, 400 are due now\n"));
    errors_.str("");
    EXPECT_EQ(tests::run_task(loop_, carry_out(loop_, slow, options, QueueOutput(out_, errors_, false))),
              ExitCode::done);
    EXPECT_EQ(errors_.str(), "");
  }
}

// The whole command, with a configuration and a folder for the state.
class QueueCommandAndAgent : public QueueFixture {
 protected:
  QueueCommandAndAgent() {
    std::array<char, 32> name{"/tmp/postrider-test-XXXXXX"};
    folder_ = ::mkdtemp(name.data());
  }
  ~QueueCommandAndAgent() override { std::filesystem::remove_all(folder_); }

  void configure(std::string_view store) {
    std::ofstream(folder_ / "postrider.toml")
        << "state = \"state\"\n[queue]\nstore = \"" << store << "\"\n"
        << (store == "postgresql" ? "url = \"postgresql://h/d\"\n" : "");
  }
  ExitCode run(QueueOptions options) {
    options.config = folder_ / "postrider.toml";
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const ExitCode code = run_queue(options);
    out_ = testing::internal::GetCapturedStdout();
    errors_ = testing::internal::GetCapturedStderr();
    return code;
  }

  std::filesystem::path folder_;
  std::string out_;
  std::string errors_;
};

TEST_F(QueueCommandAndAgent, AsksTheAgentThatRuns) {
  configure("memory");
  std::filesystem::create_directories(folder_ / "state");
  fill(250);
  transport::Loop loop(clock_);  // for which the messages are deferred
  transport::SocketNetwork network(loop);
  Log log(LogConfig(), [](std::string_view) {}, clock_);
  ControlServer server(loop, network, folder_ / "state" / kControlSocket, agent_, log);
  ASSERT_TRUE(server.start());
  std::thread agent([&loop] { loop.run(); });
  EXPECT_EQ(run(asking(Action::list)), ExitCode::done) << errors_;
  EXPECT_TRUE(out_.ends_with("250 messages, 5.4 KiB: 250 deferred\n")) << out_;
  EXPECT_EQ(run(asking(Action::hold, 7)), ExitCode::done);
  EXPECT_EQ(out_, "0000000000007 is held\n");
  EXPECT_EQ(run(asking(Action::retry)), ExitCode::done);
  EXPECT_EQ(out_, "249 of 250 messages had to wait and are due now\n");
  EXPECT_EQ(run(asking(Action::drop, 999)), ExitCode::bad_input);
  server.stop();
  loop.stop();
  agent.join();
  EXPECT_TRUE(load(7).held);
}

TEST_F(QueueCommandAndAgent, AnAgentThatHadItsQueueInMemoryIsGone) {
  configure("memory");
  EXPECT_EQ(run(asking(Action::list)), ExitCode::unavailable);
  EXPECT_NE(errors_.find("its queue ended with it"), std::string::npos);
}

TEST_F(QueueCommandAndAgent, WhereNoAgentEverRanTheQueueIsEmptyAndStaysUnmade) {
  configure("rocksdb");
  EXPECT_EQ(run(asking(Action::list)), ExitCode::done) << errors_;
  EXPECT_EQ(out_, "the queue is empty\n");
  EXPECT_EQ(run(asking(Action::drop, 1)), ExitCode::bad_input);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "state"));
}

TEST_F(QueueCommandAndAgent, OpensTheStoreWhereNoAgentRuns) {
  configure("rocksdb");
  const Config config = load_config(folder_ / "postrider.toml").value().config;
  {
    const auto spool = open_spool(config).value();
    queue::Change change;
    change.added.emplace_back(message_to(7, {"bob@example.org"}), "Subject: Hi\r\n\r\nHello\r\n");
    spool->apply(std::move(change), [](queue::SpoolResult<void> result) { EXPECT_TRUE(result); });
  }
  EXPECT_EQ(run(asking(Action::hold, 7)), ExitCode::done) << errors_;
  EXPECT_EQ(out_, "0000000000007 is held\n");
  QueueOptions content = asking(Action::show, 7);
  content.content = true;
  EXPECT_EQ(run(content), ExitCode::done) << errors_;
  EXPECT_EQ(out_, "Subject: Hi\r\n\r\nHello\r\n");
  {
    const auto spool = open_spool(config).value();
    EXPECT_TRUE(spool->load(MessageId{7}).value().held);
    EXPECT_EQ(run(asking(Action::drop, 7)), ExitCode::temporary);  // another process has it
    EXPECT_EQ(out_, "");
  }
  EXPECT_EQ(run(asking(Action::drop, 7)), ExitCode::done) << errors_;
  EXPECT_EQ(run(asking(Action::list)), ExitCode::done) << errors_;
  EXPECT_EQ(out_, "the queue is empty\n");
}

TEST_F(QueueCommandAndAgent, AStoreOfANewerPostriderIsLeftAlone) {
  configure("rocksdb");
  const Config config = load_config(folder_ / "postrider.toml").value().config;
  ASSERT_TRUE(open_spool(config));
  queue::StoreSurgery(spool_folder(config)).set_schema("2");
  EXPECT_EQ(run(asking(Action::list)), ExitCode::configuration);
  EXPECT_NE(errors_.find("run the newer Postrider that wrote it"), std::string::npos) << errors_;
}

TEST_F(QueueCommandAndAgent, AStoreThatIsNotBuiltIsSaid) {
  configure("postgresql");
  EXPECT_EQ(run(asking(Action::list)), ExitCode::configuration);
  EXPECT_NE(errors_.find("not built yet"), std::string::npos);
}

TEST_F(QueueCommandAndAgent, ABadConfigurationIsSaid) {
  std::ofstream(folder_ / "postrider.toml") << "nonsense = 1\n";
  EXPECT_EQ(run(asking(Action::list)), ExitCode::configuration);
}

}  // namespace
}  // namespace postrider::agent
