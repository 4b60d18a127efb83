#include "postrider/agent/serve/mail_agent.h"

#include <cerrno>
#include <regex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/agent/maildir/model_files.h"
#include "postrider/tests/agent/serve/running_agent.h"

namespace postrider::agent {
namespace {

using MailAgentTest = AgentTest;

constexpr std::string_view kRoutes = R"(
[[route]]
domains = ["here.example"]
deliver = "maildir:mail/{domain}/{local}"
[[route]]
domains = ["void.example"]
deliver = "discard"
[[route]]
domains = ["gone.example"]
deliver = "reject:This domain has moved"
[[route]]
domains = ["*"]
deliver = "maildir:other/{local}"
)";

std::string with_listener(std::string_view keys, std::string_view rest = kRoutes) {
  return "hostname = \"mx.here.example\"\n[[listen]]\naddress = \"127.0.0.1:0\"\n" + std::string(keys) +
         std::string(rest);
}

TEST_F(MailAgentTest, PutsAMessageIntoItsMaildirByteForByte) {
  RunningAgent running(root_, with_listener("role = \"mx\"\n"));
  Dialogue client(running.address());
  client.open();
  EXPECT_EQ(client.say("MAIL FROM:<alice@example.net>"), "250 2.1.0 Sender ok");
  EXPECT_EQ(client.say("RCPT TO:<Bob@Here.Example>"), "250 2.1.5 Recipient ok");
  EXPECT_EQ(client.say("DATA").substr(0, 3), "354");
  client.send("Subject: x\r\n\r\n..dot\r\n\tend \xff\xfe\r\n.\r\n");
  EXPECT_EQ(client.reply().substr(0, 14), "250 2.0.0 Ok: ");
  EXPECT_EQ(client.say("QUIT").substr(0, 3), "221");
  const std::vector<std::string> found = contents("mail/here.example/bob/new");
  ASSERT_EQ(found.size(), 1U);
  const std::regex expected(
      "Return-Path: <alice@example\\.net>\r\n"
      "Received: from client\\.example \\(\\[127\\.0\\.0\\.1\\]\\)\r\n"
      "\tby mx\\.here\\.example with ESMTP id [0-9a-v]{13}-1\r\n"
      "\tfor <Bob@Here\\.Example>; [A-Z][a-z]{2}, \\d\\d [A-Z][a-z]{2} \\d{4} \\d\\d:\\d\\d:\\d\\d "
      "\\+0000\r\n"
      "Subject: x\r\n\r\n\\.dot\r\n\tend \xff\xfe\r\n");
  EXPECT_TRUE(std::regex_match(found[0], expected)) << found[0];
  EXPECT_TRUE(contents("mail/here.example/bob/tmp").empty());
  const std::string line = running.logged("info message ");
  EXPECT_NE(
      line.find(
          "from=<alice@example.net> recipients=1 to=<Bob@Here.Example> size=29 result=\"250 2.0.0 Ok: "),
      std::string::npos)
      << line;
  EXPECT_EQ(running.count_logged("info message "), 1U);
}

TEST_F(MailAgentTest, OffersWhatItPromises) {
  RunningAgent running(root_, with_listener("role = \"mx\"\n"));
  Dialogue client(running.address());
  EXPECT_EQ(client.reply(), "220 mx.here.example ESMTP");
  const std::string offer = client.say("EHLO client.example") + "\n";
  for (const std::string_view keyword : {"PIPELINING", "SIZE 52428800", "8BITMIME", "SMTPUTF8", "CHUNKING",
                                         "BINARYMIME", "DSN", "ENHANCEDSTATUSCODES", "LIMITS RCPTMAX=1000"}) {
    EXPECT_NE(offer.find(std::string(keyword) + "\n"), std::string::npos) << keyword << " in " << offer;
  }
  EXPECT_NE(offer.find("STARTTLS\n"), std::string::npos) << "what suits an mx listener";
  EXPECT_EQ(offer.find("AUTH"), std::string::npos);
}

struct RecipientCase {
  std::string_view to;
  std::string_view reply;
};

constexpr std::string_view kDenied = "550 5.7.1 We do not relay mail to this domain";
constexpr std::string_view kUnsafe = "550 5.1.3 This address can have no mailbox here";
constexpr std::string_view kTaken = "250 2.1.5 Recipient ok";

TEST_F(MailAgentTest, AnswersEachRecipientByItsRoute) {
  RunningAgent running(root_, with_listener("role = \"mx\"\n"));
  Dialogue client(running.address());
  client.open();
  ASSERT_EQ(client.say("MAIL FROM:<>").substr(0, 3), "250");
  const std::vector<RecipientCase> table{
      {"bob@here.example", kTaken},
      {"any.body@void.example", kTaken},
      {"bob@gone.example", "550 5.7.1 This domain has moved"},
      {"bob@elsewhere.example", kDenied},
      {"bob@sub.here.example", kDenied},
      {"bob@[127.0.0.1]", kDenied},
      {"\"../../etc/passwd\"@here.example", kUnsafe},
      {"\"a/b\"@here.example", kUnsafe},
      {"\"..\"@here.example", kUnsafe},
      {"\".\\.\"@here.example", kUnsafe},
      {"\".hidden\"@here.example", kUnsafe},
      {"a/b@here.example", kUnsafe},
      {"\"\"@here.example", kUnsafe},
      {"\"a b\"@here.example", kTaken},
      {"Postmaster", kTaken},
  };
  for (const RecipientCase& each : table) {
    EXPECT_EQ(client.say("RCPT TO:<" + std::string(each.to) + ">"), each.reply) << each.to;
  }
  EXPECT_NE(running.logged("recipient refused", "to=<bob@elsewhere.example>"), "");
}

TEST_F(MailAgentTest, RelaysForListedPeersAlone) {
  RunningAgent running(root_, with_listener("relay_from = [\"127.0.0.0/8\"]\n"));
  Dialogue client(running.address());
  client.open();
  client.say("MAIL FROM:<a@b.example>");
  EXPECT_EQ(client.say("RCPT TO:<bob@elsewhere.example>"), kTaken);
  EXPECT_EQ(client.say("RCPT TO:<bob@gone.example>"), "550 5.7.1 This domain has moved");
  EXPECT_EQ(client.say("DATA").substr(0, 3), "354");
  client.send("x\r\n.\r\n");
  EXPECT_EQ(client.reply().substr(0, 3), "250");
  EXPECT_EQ(contents("other/bob/new").size(), 1U);
}

TEST_F(MailAgentTest, SeveralRecipientsGetOneCopyEachAndNoForClause) {
  RunningAgent running(root_, with_listener("role = \"mx\"\n"));
  Dialogue client(running.address());
  client.open();
  client.send(
      "MAIL FROM:<>\r\nRCPT TO:<a@here.example>\r\nRCPT TO:<b@here.example>\r\nRCPT TO:<A@here.example>\r\n"
      "RCPT TO:<x@void.example>\r\nDATA\r\n");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client.reply().substr(0, 3), "250");
  EXPECT_EQ(client.reply().substr(0, 3), "354");
  client.send("hello\r\n.\r\n");
  EXPECT_EQ(client.reply().substr(0, 3), "250");
  ASSERT_EQ(contents("mail/here.example/a/new").size(), 1U);
  EXPECT_EQ(contents("mail/here.example/a/new"), contents("mail/here.example/b/new"));
  EXPECT_EQ(contents("mail/here.example/a/new")[0].find("\tfor <"), std::string::npos);
  EXPECT_EQ(contents("mail/here.example/a/new")[0].substr(0, 17), "Return-Path: <>\r\n");
}

TEST_F(MailAgentTest, LmtpAnswersEachRecipient) {
  std::ofstream(root_ / "blocked") << "a file where a folder should be";
  const std::string routes = "[[route]]\ndomains = [\"here.example\"]\ndeliver = \"maildir:{local}\"\n";
  RunningAgent running(root_, with_listener("role = \"lmtp\"\n", routes));
  Dialogue client(running.address());
  client.open("LHLO client.example");
  client.say("MAIL FROM:<>");
  for (const char* local : {"one", "blocked", "two"}) {
    EXPECT_EQ(client.say("RCPT TO:<" + std::string(local) + "@here.example>"), kTaken);
  }
  client.say("DATA");
  client.send("hello\r\n.\r\n");
  EXPECT_EQ(client.reply().substr(0, 3), "250");
  EXPECT_EQ(client.reply(), "451 4.3.0 Delivery failed here, try again later");
  EXPECT_EQ(client.reply().substr(0, 3), "250");
  ASSERT_EQ(contents("one/new").size(), 1U);
  EXPECT_NE(contents("one/new")[0].find(" with LMTP id "), std::string::npos);
  EXPECT_EQ(contents("two/new").size(), 1U);
  EXPECT_NE(running.logged("info message ", "failed=1"), "");
}

TEST_F(MailAgentTest, AFullDiskIsAnswered452AndLeavesNothing) {
  ModelFiles files;
  files.add_folder(root_);
  files.fail_always("write", ENOSPC);
  RunningAgent running(root_, with_listener("role = \"mx\"\n"), files);
  Dialogue client(running.address());
  client.open();
  for (const std::size_t size : {std::size_t{10}, std::size_t{1} << 20}) {
    client.say("MAIL FROM:<>");
    client.say("RCPT TO:<bob@here.example>");
    client.say("DATA");
    std::string content;
    while (content.size() < size) content += "a line of text\r\n";
    client.send(content + ".\r\n");
    EXPECT_EQ(client.reply(), "452 4.3.1 Disk full, try again later");
  }
  EXPECT_EQ(client.say("NOOP").substr(0, 3), "250") << "the session goes on";
  client.close();
  running.stop();
  EXPECT_TRUE(files.names().empty());
  EXPECT_EQ(files.open_files(), 0U);
  EXPECT_NE(running.logged("delivery failed", "No space left on device"), "");
}

TEST_F(MailAgentTest, AMessageThatDoesNotEndLeavesNothing) {
  RunningAgent running(root_, with_listener("role = \"mx\"\n"));
  {
    Dialogue client(running.address());
    client.open();
    client.say("MAIL FROM:<>");
    client.say("RCPT TO:<bob@here.example>");
    client.say("DATA");
    client.send(std::string(400'000, 'x'));
  }
  running.stop();
  EXPECT_TRUE(contents("mail/here.example/bob/new").empty());
  EXPECT_TRUE(contents("mail/here.example/bob/tmp").empty());
  EXPECT_NE(running.logged("info message ", "abandoned"), "");
}

TEST_F(MailAgentTest, AMessageWithABareLineFeedIsRefusedAndLeavesNothing) {
  RunningAgent running(root_, with_listener("role = \"mx\"\n"));
  Dialogue client(running.address());
  client.open();
  client.say("MAIL FROM:<>");
  client.say("RCPT TO:<bob@here.example>");
  client.say("DATA");
  client.send("one\ntwo\r\n.\r\n");
  EXPECT_EQ(client.reply().substr(0, 1), "5");
  running.stop();
  EXPECT_TRUE(contents("mail/here.example/bob/new").empty());
  EXPECT_NE(running.logged("info message ", "refused: "), "");
}

TEST_F(MailAgentTest, ASinkTakesEverything) {
  RunningAgent running(root_, with_listener("role = \"sink\"\n"));
  Dialogue client(running.address());
  client.open();
  for (int i = 0; i < 3; ++i) {
    client.say("MAIL FROM:<a@b.example>");
    EXPECT_EQ(client.say("RCPT TO:<\"../x\"@anywhere.example>").substr(0, 3), "250");
    client.say("DATA");
    client.send("hello\r\n.\r\n");
    EXPECT_EQ(client.reply().substr(0, 3), "250");
  }
  EXPECT_EQ(running.agent().counters().messages, 3U);
  EXPECT_EQ(running.agent().counters().octets, 21U);
}

TEST_F(MailAgentTest, AReloadReachesTheNextTransactionOfAnOpenSession) {
  RunningAgent running(root_, with_listener("role = \"mx\"\n"));
  Dialogue client(running.address());
  client.open();
  client.say("MAIL FROM:<>");
  const std::string routes = "[[route]]\ndomains = [\"new.example\"]\ndeliver = \"maildir:new/{local}\"\n";
  ASSERT_TRUE(running.agent().reload(running.config(with_listener("role = \"mx\"\n", routes))));
  EXPECT_EQ(client.say("RCPT TO:<bob@here.example>"), kTaken) << "this transaction began before";
  client.say("RSET");
  client.say("MAIL FROM:<>");
  EXPECT_EQ(client.say("RCPT TO:<bob@here.example>"), kDenied);
  EXPECT_EQ(client.say("RCPT TO:<bob@new.example>"), kTaken);
}

// On an address of its own, so that no test beside it is given the port that becomes free.
TEST_F(MailAgentTest, AReloadClosesAndOpensListeners) {
  RunningAgent running(root_,
                       "[[listen]]\naddress = \"127.0.0.3:0\"\nrole = \"mx\"\n" + std::string(kRoutes));
  const transport::Endpoint old = running.address();
  Dialogue kept(old);
  kept.open();
  kept.say("MAIL FROM:<>");
  const std::string other = "[[listen]]\naddress = \"127.0.0.2:0\"\nrole = \"lmtp\"\n" + std::string(kRoutes);
  ASSERT_TRUE(running.agent().reload(running.config(other)));
  Dialogue lmtp(running.address());
  lmtp.open("LHLO client.example");
  EXPECT_EQ(kept.say("RCPT TO:<bob@here.example>"), kTaken) << "a message under way may end";
  running.settle();  // each loop closes its listener by itself
  EXPECT_FALSE(Dialogue(old).connected());
}

TEST_F(MailAgentTest, AReloadThatChangesAListenersRoleOrTlsSaysSo) {
  RunningAgent running(root_, with_listener("role = \"mx\"\ntls = \"none\"\n"));
  const std::string at = "address=" + running.address().to_string();
  ASSERT_NE(running.logged("info listening ", at + " role=mx tls=none"), "");
  const auto reload = [&running](std::string_view keys) {
    ASSERT_TRUE(running.agent().reload(running.config(with_listener(keys))));
  };
  reload("role = \"mx\"\ntls = \"none\"\nrelay_from = [\"127.0.0.0/8\"]\n");
  EXPECT_EQ(running.count_logged("listener changed"), 0U);
  reload("role = \"lmtp\"\ntls = \"none\"\n");
  EXPECT_NE(running.logged("\"listener changed\"", at + " role=lmtp tls=none"), "");
  reload("role = \"lmtp\"\ntls = \"starttls\"\n");
  EXPECT_NE(running.logged("\"listener changed\"", at + " role=lmtp tls=starttls"), "");
  EXPECT_EQ(running.count_logged("listener changed"), 2U);
  running.settle();
  Dialogue client(running.address());
  EXPECT_EQ(client.reply().substr(0, 4), "220 ");
  EXPECT_NE(client.say("LHLO client.example").find("STARTTLS"), std::string::npos);
}

TEST_F(MailAgentTest, AReloadThatCannotListenChangesNothing) {
  RunningAgent running(root_, with_listener("role = \"mx\"\n"));
  RunningAgent other(root_ / "other", with_listener("role = \"sink\"\n"));
  const std::string busy = std::to_string(other.address().port());
  const std::string toml =
      with_listener("role = \"lmtp\"\n", "[[listen]]\naddress = \"127.0.0.1:" + busy + "\"\n");
  const auto reloaded = running.agent().reload(running.config(toml));
  ASSERT_FALSE(reloaded);
  EXPECT_TRUE(reloaded.error().text.starts_with("cannot listen on 127.0.0.1:" + busy +
                                                ": Address already in use; is another"))
      << reloaded.error().text;
  EXPECT_EQ(reloaded.error().exit_code, ExitCode::unavailable);
  Dialogue client(running.address());
  client.open("EHLO client.example");
  EXPECT_EQ(running.agent().addresses().size(), 1U);
}

TEST_F(MailAgentTest, StoppingLetsAMessageEndAndTellsTheIdle) {
  RunningAgent running(root_, with_listener("role = \"mx\"\n"));
  Dialogue idle(running.address());
  idle.open();
  Dialogue busy(running.address());
  busy.open();
  busy.say("MAIL FROM:<>");
  busy.say("RCPT TO:<bob@here.example>");
  busy.say("DATA");
  std::thread stopping([&] { running.stop(std::chrono::minutes(2)); });
  EXPECT_EQ(idle.reply().substr(0, 9), "421 4.3.2");
  EXPECT_EQ(idle.reply(), "");
  idle.close();
  busy.send("last words\r\n.\r\n");
  EXPECT_EQ(busy.reply().substr(0, 3), "250");
  EXPECT_EQ(busy.reply().substr(0, 3), "421");
  busy.close();
  stopping.join();
  EXPECT_EQ(contents("mail/here.example/bob/new").size(), 1U);
}

}  // namespace
}  // namespace postrider::agent
