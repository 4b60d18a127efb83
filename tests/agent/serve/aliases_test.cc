#include <algorithm>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/agent/queue/queue_intake.h"
#include "postrider/queue/spool/memory_spool.h"
#include "postrider/tests/agent/serve/running_agent.h"

namespace postrider::agent {
namespace {

constexpr std::string_view kTaken = "250 2.1.5 Recipient ok";
constexpr std::string_view kDenied = "550 5.7.1 We do not relay mail to this domain";

constexpr std::string_view kRoutes = R"(
[[route]]
domains = ["here.example", "there.example"]
deliver = "maildir:mail/{domain}/{local}"
[[route]]
domains = ["gone.example"]
deliver = "reject:This domain has moved"
[[route]]
domains = ["*"]
deliver = "mx"
[aliases]
file = "aliases"
tag = "+"
)";

// A queue that nobody delivers from.
class FakeIntake final : public QueueIntake {
 public:
  queue::MessageId next_id(queue::Time now) override { return ids_.next(now); }
  std::unique_ptr<queue::Incoming> begin(queue::MessageId id) override { return spool_.begin(id); }
  void accepted(std::vector<queue::Consignment> consignments) override {
    const std::scoped_lock lock(mutex_);
    for (const queue::Consignment& each : consignments) accepted_.push_back(each.destination);
  }
  queue::Duration lifetime() const override { return std::chrono::hours(120); }

  // Of the one message, "command / original / destination".
  std::vector<std::string> recipients() {
    std::vector<std::string> out;
    const auto messages = spool_.list({}, 2);
    if (!messages || messages->size() != 1) return {"not one message"};
    for (const queue::QueuedRecipient& each : messages->front().recipients) {
      out.push_back(each.rcpt + " / " + each.original + " / " + each.destination);
    }
    return out;
  }
  std::vector<std::string> accepted() {
    const std::scoped_lock lock(mutex_);
    std::ranges::sort(accepted_);
    return accepted_;
  }

 private:
  queue::MessageIds ids_;
  queue::MemorySpool spool_;
  std::mutex mutex_;
  std::vector<std::string> accepted_;
};

class AliasesTest : public AgentTest {
 protected:
  void aliases(std::string_view text) const { std::ofstream(root_ / "aliases", std::ios::binary) << text; }

  static std::string toml(std::string_view role = "mx") {
    return "hostname = \"mx.here.example\"\n[[listen]]\naddress = \"127.0.0.1:0\"\ntls = \"none\"\nrole = "
           "\"" +
           std::string(role) + "\"\n" + std::string(kRoutes);
  }

  static void begin(Dialogue& client, std::string_view hello = "EHLO client.example") {
    client.open(hello);
    client.say("MAIL FROM:<alice@example.net>");
  }
  static void deliver(Dialogue& client) {
    EXPECT_EQ(client.say("DATA").substr(0, 3), "354");
    client.send("Subject: x\r\n\r\nhello\r\n.\r\n");
  }

  std::size_t count(std::string_view mailbox) const {
    return contents("mail/" + std::string(mailbox) + "/new").size();
  }
};

TEST_F(AliasesTest, AnAliasOfTwoMaildirsIsDeliveredToBoth) {
  aliases("team: bob, carol@there.example\n");
  RunningAgent running(root_, toml());
  Dialogue client(running.address());
  begin(client);
  EXPECT_EQ(client.say("RCPT TO:<Team@Here.Example>"), kTaken);
  deliver(client);
  EXPECT_EQ(client.reply().substr(0, 14), "250 2.0.0 Ok: ");
  ASSERT_EQ(count("here.example/bob"), 1U);
  EXPECT_EQ(count("there.example/carol"), 1U);
  EXPECT_EQ(count("here.example/team"), 0U);
  const std::string found = contents("mail/here.example/bob/new")[0];
  EXPECT_NE(found.find("\tfor <Team@Here.Example>; "), std::string::npos) << found;
  EXPECT_NE(
      running.logged("\"recipient rewritten\"", "to=<Team@Here.Example> targets=2 first=<bob@Here.Example>"),
      "");
  EXPECT_NE(running.logged("info message ", "recipients=1 to=<Team@Here.Example> "), "");
}

TEST_F(AliasesTest, TheCatchAllTakesWhatNoOtherLineNames) {
  aliases("bob@here.example: bob\n@here.example: rest\n");
  RunningAgent running(root_, toml());
  Dialogue client(running.address());
  begin(client);
  for (const char* to :
       {"bob@here.example", "anybody@here.example", "rest@here.example", "x@there.example"}) {
    EXPECT_EQ(client.say("RCPT TO:<" + std::string(to) + ">"), kTaken);
  }
  deliver(client);
  EXPECT_EQ(client.reply().substr(0, 3), "250");
  EXPECT_EQ(count("here.example/bob"), 1U);
  EXPECT_EQ(count("here.example/rest"), 1U) << "by two ways, once";
  EXPECT_EQ(count("here.example/anybody"), 0U);
  EXPECT_EQ(count("there.example/x"), 1U);
}

TEST_F(AliasesTest, ATagIsNoMailboxOfItsOwn) {
  aliases("bob+news: archive\n");
  RunningAgent running(root_, toml());
  Dialogue client(running.address());
  begin(client);
  EXPECT_EQ(client.say("RCPT TO:<bob+shop@here.example>"), kTaken);
  EXPECT_EQ(client.say("RCPT TO:<bob+news@here.example>"), kTaken);
  deliver(client);
  EXPECT_EQ(client.reply().substr(0, 3), "250");
  EXPECT_EQ(count("here.example/bob"), 1U);
  EXPECT_EQ(count("here.example/archive"), 1U);
  EXPECT_EQ(count("here.example/bob+shop"), 0U);
}

TEST_F(AliasesTest, PostmasterIsWhoeverTheFileSays) {
  aliases("postmaster: alice@there.example\n");
  RunningAgent running(root_, toml());
  Dialogue client(running.address());
  begin(client);
  for (const char* to : {"Postmaster", "POSTMASTER@here.example", "postmaster@there.example"}) {
    EXPECT_EQ(client.say("RCPT TO:<" + std::string(to) + ">"), kTaken) << to;
  }
  deliver(client);
  EXPECT_EQ(client.reply().substr(0, 3), "250");
  EXPECT_EQ(count("there.example/alice"), 1U);
  EXPECT_EQ(count("there.example/postmaster"), 0U);
}

TEST_F(AliasesTest, ATargetMayBeElsewhereAndTheClientStillMayNotRelay) {
  aliases("carol: carol@else.example\n");
  FakeIntake queue;
  RunningAgent running(root_, toml(), system_files(), &queue);
  Dialogue client(running.address());
  begin(client);
  EXPECT_EQ(client.say("RCPT TO:<carol@here.example> NOTIFY=FAILURE"), kTaken);
  EXPECT_EQ(client.say("RCPT TO:<carol@else.example>"), kDenied);
  EXPECT_EQ(client.say("RCPT TO:<bob@here.example>"), kTaken);
  deliver(client);
  EXPECT_EQ(client.reply().substr(0, 24), "250 2.0.0 Ok: queued as ");
  const std::vector<std::string> expected{
      "RCPT TO:<carol@else.example> NOTIFY=FAILURE ORCPT=rfc822;carol@here.example / carol@here.example / "
      "mx:else.example",
      "RCPT TO:<bob@here.example> /  / maildir"};
  EXPECT_EQ(queue.recipients(), expected);
  EXPECT_EQ(count("here.example/bob"), 0U) << "with one in the queue, all are";
}

TEST_F(AliasesTest, TheSenderIsToldOfAnExpansionThroughTheQueue) {
  aliases("team: bob, carol\n");
  FakeIntake queue;
  RunningAgent running(root_, toml(), system_files(), &queue);
  Dialogue client(running.address());
  begin(client);
  EXPECT_EQ(client.say("RCPT TO:<team@here.example> NOTIFY=SUCCESS"), kTaken);
  deliver(client);
  EXPECT_EQ(client.reply().substr(0, 24), "250 2.0.0 Ok: queued as ");
  EXPECT_EQ(queue.recipients().back(), "RCPT TO:<team@here.example> NOTIFY=SUCCESS /  / expanded");
  EXPECT_EQ(queue.accepted(), (std::vector<std::string>{"expanded", "maildir"}));
}

TEST_F(AliasesTest, ATargetThatIsRefusedIsLeftOutWhileAnotherIsLeft) {
  aliases("a: bob, x@gone.example\nb: x@gone.example\n");
  RunningAgent running(root_, toml());
  Dialogue client(running.address());
  begin(client);
  EXPECT_EQ(client.say("RCPT TO:<b@here.example>"), "550 5.7.1 This domain has moved");
  EXPECT_EQ(client.say("RCPT TO:<a@here.example>"), kTaken);
  EXPECT_NE(running.logged("\"recipient refused\"", "to=<x@gone.example> alias=<a@here.example>"), "");
  deliver(client);
  EXPECT_EQ(client.reply().substr(0, 3), "250");
  EXPECT_EQ(count("here.example/bob"), 1U);
}

TEST_F(AliasesTest, LmtpHasOneReplyForEachRcpt) {
  aliases("one: bob\nbad: blocked\n");
  std::filesystem::create_directories(root_ / "mail/here.example");
  std::ofstream(root_ / "mail/here.example/blocked") << "a file where a folder should be";
  RunningAgent running(root_, toml("lmtp"));
  Dialogue client(running.address());
  begin(client, "LHLO client.example");
  for (const char* local : {"one", "bad", "bob", "carol"}) {
    EXPECT_EQ(client.say("RCPT TO:<" + std::string(local) + "@here.example>"), kTaken);
  }
  deliver(client);
  EXPECT_EQ(client.reply().substr(0, 3), "250");
  EXPECT_EQ(client.reply().substr(0, 3), "451");
  EXPECT_EQ(client.reply().substr(0, 3), "250");
  EXPECT_EQ(client.reply().substr(0, 3), "250");
  EXPECT_EQ(client.say("NOOP").substr(0, 3), "250") << "and no more than these";
  EXPECT_EQ(count("here.example/bob"), 1U);
  EXPECT_EQ(count("here.example/carol"), 1U);
  EXPECT_NE(running.logged("info message ", "recipients=4"), "");
  EXPECT_NE(running.logged("info message ", "failed=1"), "");
}

// Neither 250 nor 451 would be true when bob has it and carol has not: the client would not send it again, or
// bob would get it twice.
TEST_F(AliasesTest, InLmtpWhatStandsForSeveralMailboxesGoesThroughTheQueue) {
  aliases("team: bob, carol\n");
  FakeIntake intake;
  RunningAgent running(root_, toml("lmtp"), system_files(), &intake);
  Dialogue client(running.address());
  begin(client, "LHLO client.example");
  EXPECT_EQ(client.say("RCPT TO:<team@here.example>"), kTaken);
  EXPECT_EQ(client.say("RCPT TO:<dave@here.example>"), kTaken);
  deliver(client);
  EXPECT_EQ(client.reply().substr(0, 20), "250 2.0.0 Ok: queued");
  EXPECT_EQ(client.reply().substr(0, 20), "250 2.0.0 Ok: queued");
  EXPECT_EQ(intake.recipients(),
            (std::vector<std::string>{
                "RCPT TO:<bob@here.example> ORCPT=rfc822;team@here.example / team@here.example / maildir",
                "RCPT TO:<carol@here.example> ORCPT=rfc822;team@here.example / team@here.example / maildir",
                "RCPT TO:<dave@here.example> /  / maildir"}));
  EXPECT_EQ(count("here.example/bob"), 0U) << "it is delivered from the queue";
}

TEST_F(AliasesTest, ASecondMessageBeginsWithNobody) {
  aliases("team: bob, carol\n");
  RunningAgent running(root_, toml());
  Dialogue client(running.address());
  client.open();
  for (int round = 0; round < 2; ++round) {
    client.say("MAIL FROM:<>");
    EXPECT_EQ(client.say("RCPT TO:<team@here.example>"), kTaken);
    deliver(client);
    EXPECT_EQ(client.reply().substr(0, 3), "250");
  }
  EXPECT_EQ(count("here.example/bob"), 2U);
  EXPECT_EQ(count("here.example/carol"), 2U);
}

TEST_F(AliasesTest, AMessageCanStandForSoManyAndNoMore) {
  std::string text = "few: x, y\n";
  for (int group = 0; group < 11; ++group) {
    text += "g" + std::to_string(group) + ": ";
    for (int i = 0; i < 990; ++i) text += "u" + std::to_string(group * 990 + i) + ",\n ";
    text += "last\n";
  }
  aliases(text);
  RunningAgent running(root_, toml());
  Dialogue client(running.address());
  begin(client);
  for (int group = 0; group < 10; ++group) {
    EXPECT_EQ(client.say("RCPT TO:<g" + std::to_string(group) + "@here.example>"), kTaken) << group;
  }
  EXPECT_EQ(client.say("RCPT TO:<g10@here.example>").substr(0, 9), "452 4.5.3");
  EXPECT_EQ(client.say("RCPT TO:<few@here.example>"), kTaken);
}

TEST_F(AliasesTest, AReloadBringsNewAliasesAndABadFileLeavesTheOld) {
  aliases("a: bob\n");
  RunningAgent running(root_, toml());
  Dialogue client(running.address());
  const auto mail_to_a = [&client] {
    client.say("MAIL FROM:<>");
    EXPECT_EQ(client.say("RCPT TO:<a@here.example>"), kTaken);
    deliver(client);
    EXPECT_EQ(client.reply().substr(0, 3), "250");
  };
  client.open();
  mail_to_a();
  EXPECT_EQ(count("here.example/bob"), 1U);
  aliases("a: carol\n");
  mail_to_a();
  EXPECT_EQ(count("here.example/bob"), 2U) << "nobody has asked for the new file";
  ASSERT_TRUE(running.agent().reload(running.config(toml())));
  mail_to_a();
  EXPECT_EQ(count("here.example/carol"), 1U);
  aliases("a: |/bin/cat\nb: c\nc: b\n");
  const auto refused = running.agent().reload(running.config(toml()));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().exit_code, ExitCode::configuration);
  EXPECT_TRUE(
      refused.error().text.starts_with((root_ / "aliases").native() + ":1: \"|/bin/cat\" is a command"))
      << refused.error().text;
  aliases("b: c\nc: b\n");
  EXPECT_FALSE(running.agent().reload(running.config(toml()))) << "a circle is seen as well";
  mail_to_a();
  EXPECT_EQ(count("here.example/carol"), 2U);
}

// Where the circle goes through a domain that a wildcard names, no check can see it.
TEST_F(AliasesTest, ACircleIsAnErrorOfItsRecipient) {
  aliases("a: b\nb: a@x.below.example\n");
  std::string wild = toml();
  wild.replace(wild.find("\"here.example\", \"there.example\""), 31, "\"*.below.example\"");
  wild.replace(wild.find("\"gone.example\""), 14, "\"*.gone.example\"");
  wild.replace(wild.find("\"mx.here.example\""), 17, "\"mx.other.example\"");
  RunningAgent running(root_, wild);
  Dialogue client(running.address());
  begin(client);
  EXPECT_EQ(client.say("RCPT TO:<a@y.below.example>"), "550 5.4.6 The aliases here lead in a circle");
  EXPECT_NE(running.logged("\"recipient refused\"", "to=<a@y.below.example>"), "");
  EXPECT_EQ(client.say("RCPT TO:<other@y.below.example>"), kTaken);
}

}  // namespace
}  // namespace postrider::agent
