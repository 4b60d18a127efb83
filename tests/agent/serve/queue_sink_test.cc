#include "postrider/agent/serve/queue_sink.h"

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/agent/queue/queue_intake.h"
#include "postrider/queue/spool/memory_spool.h"
#include "postrider/tests/agent/serve/running_agent.h"

namespace postrider::agent {
namespace {

class Intake final : public QueueIntake {
 public:
  queue::MessageId next_id(queue::Time now) override { return ids_.next(now); }
  std::unique_ptr<queue::Incoming> begin(queue::MessageId id) override { return spool.begin(id); }
  void accepted(std::vector<queue::Consignment> consignments) override {
    const std::scoped_lock lock(mutex_);
    for (queue::Consignment& each : consignments) due_.push_back(std::move(each));
  }
  queue::Duration lifetime() const override { return std::chrono::hours(120); }

  std::vector<std::string> destinations() {
    const std::scoped_lock lock(mutex_);
    std::vector<std::string> out;
    for (const queue::Consignment& each : due_) out.push_back(each.destination);
    return out;
  }

  queue::MemorySpool spool;

 private:
  queue::MessageIds ids_;
  std::mutex mutex_;
  std::vector<queue::Consignment> due_;
};

constexpr std::string_view kConfig = R"(
hostname = "mx.here.example"
[[listen]]
address = "127.0.0.1:0"
role = "mx"
tls = "none"
relay_from = ["127.0.0.0/8"]
[[route]]
domains = ["here.example"]
deliver = "maildir:mail/{domain}/{local}"
[[route]]
domains = ["void.example"]
deliver = "discard"
[[route]]
domains = ["store.example"]
deliver = "lmtp://127.0.0.1:24"
[[route]]
domains = ["*"]
deliver = "mx"
)";

class QueueSinkTest : public AgentTest {
 protected:
  QueueSinkTest() = default;

  void start() {
    running_.emplace(root_, kConfig, system_files(), &intake_);
    client_.emplace(running_->address());
    client_->open();
  }
  // The reply to the end of the content.
  std::string send(const std::vector<std::string>& to, const std::string& content,
                   const std::string& mail = "<alice@example.net>") {
    EXPECT_EQ(client_->say("MAIL FROM:" + mail).substr(0, 3), "250");
    for (const std::string& each : to) EXPECT_EQ(client_->say("RCPT TO:" + each).substr(0, 3), "250") << each;
    EXPECT_EQ(client_->say("DATA").substr(0, 3), "354");
    client_->send(content + ".\r\n");
    return client_->reply();
  }
  queue::QueuedMessage queued() {
    const auto list = intake_.spool.list({}, 10);
    EXPECT_TRUE(list && list->size() == 1);
    return list && !list->empty() ? list->front() : queue::QueuedMessage();
  }
  std::string content_of(queue::MessageId id) {
    std::string out;
    auto body = intake_.spool.open(id);
    EXPECT_TRUE(body);
    for (auto slice = (*body)->next(); slice && !slice->empty(); slice = (*body)->next()) out += *slice;
    return out;
  }

  Intake intake_;
  std::optional<RunningAgent> running_;
  std::optional<Dialogue> client_;
};

TEST_F(QueueSinkTest, WhatGoesToAnotherServerIsQueuedAsItCame) {
  start();
  const std::string reply =
      send({"<bob@Example.Org> NOTIFY=FAILURE ORCPT=rfc822;b@example.org"}, "Subject: x\r\n\r\n..dot\r\n",
           "<alice@example.net> SIZE=100 BODY=8BITMIME ENVID=e1 RET=HDRS");
  const queue::QueuedMessage message = queued();
  EXPECT_EQ(reply, "250 2.0.0 Ok: queued as " + message.id.to_string());
  EXPECT_EQ(message.mail, "MAIL FROM:<alice@example.net> BODY=8BITMIME RET=HDRS ENVID=e1")
      << "SIZE counts for one hop";
  ASSERT_EQ(message.recipients.size(), 1U);
  EXPECT_EQ(message.recipients[0].rcpt,
            "RCPT TO:<bob@Example.Org> NOTIFY=FAILURE ORCPT=rfc822;b@example.org");
  EXPECT_EQ(message.recipients[0].destination, "mx:example.org");
  EXPECT_EQ(message.expires - message.arrived, std::chrono::hours(120));
  EXPECT_EQ(message.content.hops, 1);
  const std::string content = content_of(message.id);
  EXPECT_EQ(message.content.octets, content.size());
  EXPECT_TRUE(content.starts_with(
      "Received: from client.example ([127.0.0.1])\r\n\tby mx.here.example with ESMTP id " +
      message.id.to_string() + "\r\n"))
      << content;
  EXPECT_TRUE(content.ends_with("\r\nSubject: x\r\n\r\n.dot\r\n")) << content;
  EXPECT_EQ(intake_.destinations(), std::vector<std::string>{"mx:example.org"});
  EXPECT_NE(running_->logged("info message", "id=" + message.id.to_string()), "");
}

TEST_F(QueueSinkTest, RecipientsOfSeveralRoutesAreQueuedTogetherAndDiscardedOnesAreNot) {
  start();
  send({"<a@here.example>", "<b@void.example>", "<c@store.example>", "<d@example.org>", "<e@example.org>"},
       "\r\n");
  const queue::QueuedMessage message = queued();
  std::vector<std::string> lines;
  for (const queue::QueuedRecipient& each : message.recipients) lines.push_back(each.destination);
  EXPECT_EQ(lines,
            (std::vector<std::string>{"maildir", "lmtp://127.0.0.1:24", "mx:example.org", "mx:example.org"}));
  EXPECT_TRUE(contents("mail/here.example/a/new").empty()) << "all of it is delivered from the queue";
}

TEST_F(QueueSinkTest, ALocalDeliveryThatIsToBeReportedGoesThroughTheQueue) {
  start();
  send({"<a@here.example> NOTIFY=SUCCESS"}, "\r\n");
  EXPECT_EQ(queued().recipients[0].destination, "maildir");
}

// RFC 2852, RFC 6710: for peers of relay_from.
TEST_F(QueueSinkTest, ADeadlineAndAPriorityAreKept) {
  start();
  const std::string offered = client_->say("EHLO relay.example");
  EXPECT_NE(offered.find("DELIVERBY"), std::string::npos) << offered;
  EXPECT_NE(offered.find("MT-PRIORITY"), std::string::npos);
  EXPECT_EQ(offered.find("FUTURERELEASE"), std::string::npos) << "is for users";
  EXPECT_EQ(offered.find("REQUIRETLS"), std::string::npos) << "is for TLS";
  send({"<b@example.org>"}, "TLS-Required: No\r\n\r\n", "<alice@example.net> BY=600;RT MT-PRIORITY=4");
  const queue::QueuedMessage message = queued();
  EXPECT_EQ(message.mail, "MAIL FROM:<alice@example.net> MT-PRIORITY=4");
  EXPECT_EQ(message.priority, 4);
  ASSERT_TRUE(message.deliver_by);
  EXPECT_TRUE(message.deliver_by->returns && message.deliver_by->trace);
  EXPECT_LE(message.deliver_by->at - message.arrived, std::chrono::seconds(600));
  EXPECT_GT(message.deliver_by->at - message.arrived, std::chrono::seconds(500));
  EXPECT_EQ(message.expires, message.deliver_by->at);
  EXPECT_TRUE(message.content.tls_optional);
  EXPECT_EQ(intake_.destinations(), (std::vector<std::string>{"mx:example.org", "deadline"}));
}

TEST_F(QueueSinkTest, WithoutAnythingForOthersTheQueueIsNotUsed) {
  start();
  EXPECT_EQ(send({"<a@here.example>", "<b@void.example>"}, "\r\n").substr(0, 13), "250 2.0.0 Ok:");
  EXPECT_EQ(intake_.spool.size(), 0U);
  EXPECT_EQ(contents("mail/here.example/a/new").size(), 1U);
}

TEST_F(QueueSinkTest, AStoreThatFailsIsAnsweredByAReplyThatComesAgain) {
  start();
  using Kind = queue::SpoolFailure::Kind;
  intake_.spool.fail_next(1, queue::SpoolFailure{Kind::full, "no space"});
  EXPECT_EQ(send({"<b@example.org>"}, "\r\n"), "452 4.3.1 Disk full, try again later");
  intake_.spool.fail_next(1, queue::SpoolFailure{Kind::io, "bad sector"});
  EXPECT_EQ(send({"<b@example.org>"}, "\r\n"), "451 4.3.0 The queue failed here, try again later");
  EXPECT_NE(running_->logged("error \"message not queued\"", "bad sector"), "");
  EXPECT_TRUE(intake_.destinations().empty());
  EXPECT_EQ(send({"<b@example.org>"}, "\r\n").substr(0, 3), "250") << "the rest goes on";
}

TEST_F(QueueSinkTest, AMessageThatGoesInCirclesIsRefused) {
  start();
  std::string content;
  for (int i = 0; i < 100; ++i) content += "Received: from a by b; date\r\n";
  EXPECT_EQ(send({"<b@example.org>"}, content + "\r\n"),
            "554 5.4.6 Routing loop: the message has 101 Received fields");
  EXPECT_EQ(intake_.spool.size(), 0U);
}

TEST_F(QueueSinkTest, LargeContentStreamsIntoTheStore) {
  start();
  std::string content = "Subject: large\r\n\r\n";
  while (content.size() < 300'000) content += "0123456789012345678901234567890123456789\r\n";
  send({"<b@example.org>"}, content);
  const std::string stored = content_of(queued().id);
  EXPECT_TRUE(stored.ends_with(content));
}

TEST_F(QueueSinkTest, AMessageThatDoesNotEndLeavesNothing) {
  start();
  client_->say("MAIL FROM:<alice@example.net>");
  client_->say("RCPT TO:<b@example.org>");
  client_->say("DATA");
  client_->send("Subject: x\r\n" + std::string(200'000, 'x'));
  client_.reset();
  running_->stop();
  EXPECT_EQ(intake_.spool.size(), 0U);
  EXPECT_EQ(intake_.spool.octets(), 0U);
}

}  // namespace
}  // namespace postrider::agent
