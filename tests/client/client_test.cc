#include "postrider/client/client.h"

#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/tests/client/client_fixture.h"

namespace postrider::client::testing {
namespace {

using protocol::Decision;
using protocol::Stage;
using Lines = std::vector<std::string>;

constexpr std::string_view kText = "Subject: x\r\n\r\nhello\r\n.dot\r\n";

// ---- Beginning ----

TEST_F(ClientTest, SendsOneMessage) {
  FakeServer server;
  const Session session = play(server, kText);
  ASSERT_TRUE(session.started);
  ASSERT_TRUE(session.report);
  EXPECT_TRUE(session.report->all_delivered());
  EXPECT_FALSE(session.report->failure);
  EXPECT_EQ(session.report->text(0), "250 2.0.0 Taken");
  EXPECT_EQ(session.report->transactions, 1U);
  EXPECT_EQ(server.lines, (Lines{"EHLO localhost", "MAIL FROM:<a@example.org> SIZE=27",
                                 "RCPT TO:<b@example.net>", "DATA", "QUIT"}));
  EXPECT_EQ(server.messages, Lines{std::string(kText)});
}

TEST_F(ClientTest, WritesTheEnvelopeAtOnceWherePipeliningIsOffered) {
  FakeServer server;
  play(server, make_envelope("a@example.org", {"b@example.net", "c@example.net"}), kText);
  ASSERT_EQ(server.reads.size(), 4U);
  EXPECT_EQ(
      server.reads[1],
      "MAIL FROM:<a@example.org> SIZE=27\r\nRCPT TO:<b@example.net>\r\nRCPT TO:<c@example.net>\r\nDATA\r\n");
  EXPECT_EQ(server.reads[2], "Subject: x\r\n\r\nhello\r\n..dot\r\n.\r\n");
}

TEST_F(ClientTest, SaysOneCommandAtATimeWithoutPipelining) {
  FakeServer offers_none;
  offers_none.offer({"SIZE"});
  play(offers_none);
  EXPECT_EQ(offers_none.reads.size(), 6U);
  FakeServer server;
  config.pipelining = false;
  const Session session = play(server);
  EXPECT_EQ(server.reads.size(), 6U);
  EXPECT_TRUE(session.report->all_delivered());
}

TEST_F(ClientTest, FallsBackToHelo) {
  for (const std::string refusal : {"500 5.5.1 What?", "502 Command not implemented", "504 No"}) {
    FakeServer server;
    server.answer("EHLO", {refusal});
    const Session session = play(server);
    ASSERT_TRUE(session.started) << refusal;
    EXPECT_TRUE(session.report->all_delivered());
    EXPECT_EQ(server.lines, (Lines{"EHLO localhost", "HELO localhost", "MAIL FROM:<a@example.org>",
                                   "RCPT TO:<b@example.net>", "DATA", "QUIT"}));
  }
}

TEST_F(ClientTest, DoesNotFallBackToHeloWhenTurnedAway) {
  for (const std::string refusal : {"421 4.3.2 Busy", "550 5.7.1 Go away", "450 4.7.0 Later"}) {
    FakeServer server;
    server.answer("EHLO", {refusal});
    const Session session = play(server);
    ASSERT_FALSE(session.started);
    EXPECT_EQ(session.started.error().phase, Phase::hello);
    EXPECT_EQ(to_log_line(*session.started.error().reply), refusal);
    EXPECT_NE(session.started.error().decision(), Decision::retry_same_host);
    EXPECT_EQ(server.lines, (Lines{"EHLO localhost", "QUIT"}));
  }
}

TEST_F(ClientTest, ReportsARefusalOfTheGreeting) {
  FakeServer server;
  server.answer("greeting", {"554-5.7.1 We do not like you\r\n554 5.7.1 at all"});
  const Session session = play(server);
  ASSERT_FALSE(session.started);
  EXPECT_EQ(session.started.error().phase, Phase::greeting);
  EXPECT_EQ(session.started.error().text(),
            "server said \"554 5.7.1 We do not like you / at all\" while waiting for the greeting");
  EXPECT_EQ(server.lines, Lines{"QUIT"}) << "RFC 5321 3.1";
}

TEST_F(ClientTest, ReportsAServerThatIsNone) {
  FakeServer server;
  server.answer("greeting", {"SSH-2.0-OpenSSH_9.2"});
  const Session session = play(server);
  ASSERT_FALSE(session.started);
  EXPECT_EQ(session.started.error().protocol->code, protocol::Errc::bad_reply_code);
  EXPECT_EQ(session.started.error().decision(), Decision::try_next_host);
  EXPECT_TRUE(server.lines.empty());
}

TEST_F(ClientTest, SpeaksLmtp) {
  config.flavor = protocol::Flavor::lmtp;
  FakeServer server(true);
  server.answer("RCPT TO:<c@", {"550 5.1.1 Nobody"});
  server.answer(".", {"250 2.0.0 First", "452 4.2.2 Full"});
  const Session session = play(
      server, make_envelope("a@example.org", {"b@example.net", "c@example.net", "d@example.net"}), kText);
  ASSERT_TRUE(session.report);
  EXPECT_EQ(server.lines.front(), "LHLO localhost");
  EXPECT_EQ(session.report->text(0), "250 2.0.0 First");
  EXPECT_EQ(session.report->text(1), "550 5.1.1 Nobody");
  EXPECT_EQ(session.report->text(2), "452 4.2.2 Full");
  EXPECT_EQ(session.report->recipients[0].decision, Decision::delivered);
  EXPECT_EQ(session.report->recipients[1].decision, Decision::fail_recipient);
  EXPECT_EQ(session.report->recipients[1].stage, Stage::rcpt);
  EXPECT_EQ(session.report->recipients[2].decision, Decision::retry_later);
  EXPECT_EQ(session.report->recipients[2].stage, Stage::content);
  EXPECT_FALSE(session.report->failure);
}

TEST_F(ClientTest, RefusesAHelloNameThatWouldBreakTheLine) {
  transport::Loop loop(clock);
  config.hello_name = "x\r\nMAIL FROM:<evil@example.org>";
  EXPECT_THROW(Client(loop, config), std::invalid_argument);
}

// ---- Refusals in a transaction ----

TEST_F(ClientTest, KeepsTheReplyOfEachRecipient) {
  for (const bool pipelining : {true, false}) {
    config.pipelining = pipelining;
    FakeServer server;
    server.answer("RCPT TO:<c@", {"550 5.1.1 No such user"}).answer("RCPT TO:<d@", {"450 4.2.1 Greylisted"});
    const Session session = play(
        server, make_envelope("a@example.org", {"b@example.net", "c@example.net", "d@example.net"}), kText);
    EXPECT_TRUE(session.report->recipients[0].delivered());
    EXPECT_EQ(session.report->text(1), "550 5.1.1 No such user");
    EXPECT_EQ(session.report->recipients[1].decision, Decision::fail_recipient);
    EXPECT_EQ(session.report->text(2), "450 4.2.1 Greylisted");
    EXPECT_EQ(session.report->recipients[2].decision, Decision::retry_later);
    EXPECT_EQ(server.messages.size(), 1U);
  }
}

TEST_F(ClientTest, TakesTheTransactionBackWhenNobodyIsAccepted) {
  for (const bool pipelining : {true, false}) {
    config.pipelining = pipelining;
    FakeServer server;
    server.answer("RCPT", {"550 5.1.1 No", "250 2.1.5 Yes"})
        .answer("DATA", {"554 5.5.1 No recipients", "354 Go"});
    if (!pipelining) server.answer("DATA", {"354 Go"});
    const Session session = play(server, make_envelope("a@example.org", {"b@example.net"}), kText, 2);
    EXPECT_EQ(session.report->text(0), "550 5.1.1 No") << "not the reply to DATA";
    EXPECT_FALSE(session.report->failure);
    ASSERT_EQ(session.more.size(), 1U);
    EXPECT_TRUE(session.more[0].all_delivered());
    Lines expected = {"EHLO localhost", "MAIL FROM:<a@example.org> SIZE=27", "RCPT TO:<b@example.net>"};
    if (pipelining) expected.push_back("DATA");
    expected.insert(expected.end(),
                    {"RSET", "MAIL FROM:<a@example.org> SIZE=27", "RCPT TO:<b@example.net>", "DATA", "QUIT"});
    EXPECT_EQ(server.lines, expected);
    EXPECT_EQ(server.messages.size(), 1U);
  }
}

TEST_F(ClientTest, EndsAnEmptyContentWhenAllAreRefusedAndDataIsNot) {
  FakeServer server;
  server.answer("RCPT", {"550 5.1.1 No"}).answer(".", {"554 5.5.1 No valid recipients"});
  const Session session = play(server);
  EXPECT_EQ(server.messages, Lines{""}) << "RFC 2920 3.1";
  EXPECT_EQ(session.report->text(0), "550 5.1.1 No");
  EXPECT_FALSE(session.report->failure);
  EXPECT_EQ(server.lines.back(), "QUIT");
}

TEST_F(ClientTest, GivesTheRefusalOfMailToEveryRecipient) {
  for (const bool pipelining : {true, false}) {
    config.pipelining = pipelining;
    FakeServer server;
    server.answer("MAIL", {"553 5.1.8 Sender unknown"}).answer("RCPT", {"503 5.5.1 MAIL first"});
    server.answer("DATA", {"503 5.5.1 MAIL first"});
    const Session session =
        play(server, make_envelope("a@example.org", {"b@example.net", "c@example.net"}), kText);
    for (const std::size_t index : {0U, 1U}) {
      EXPECT_EQ(session.report->text(index), "553 5.1.8 Sender unknown");
      EXPECT_EQ(session.report->recipients[index].decision, Decision::fail_message);
      EXPECT_EQ(session.report->recipients[index].stage, Stage::mail);
    }
    EXPECT_EQ(server.lines.size(), pipelining ? 6U : 3U);
  }
}

TEST_F(ClientTest, GivesTheRefusalOfDataToWhomWasAccepted) {
  FakeServer server;
  server.answer("RCPT TO:<c@", {"550 5.1.1 No"}).answer("DATA", {"451 4.3.0 Not now"});
  const Session session =
      play(server, make_envelope("a@example.org", {"b@example.net", "c@example.net"}), kText, 2);
  EXPECT_EQ(session.report->text(0), "451 4.3.0 Not now");
  EXPECT_EQ(session.report->recipients[0].stage, Stage::data);
  EXPECT_EQ(session.report->text(1), "550 5.1.1 No");
  EXPECT_EQ(server.lines[5], "RSET");
}

TEST_F(ClientTest, NeedsNoResetAfterARefusedMessage) {
  FakeServer server;
  server.answer(".", {"554 5.7.1 Spam", "250 2.0.0 Ham"});
  const Session session = play(server, make_envelope("a@example.org", {"b@example.net"}), kText, 2);
  EXPECT_EQ(session.report->text(0), "554 5.7.1 Spam");
  EXPECT_EQ(session.report->recipients[0].decision, Decision::fail_message);
  EXPECT_TRUE(session.more[0].all_delivered());
  EXPECT_EQ(std::ranges::count(server.lines, "RSET"), 0);
}

// ---- Connections that end ----

TEST_F(ClientTest, KeepsTheReasonOfAServerThatClosesInTheMiddle) {
  FakeServer server;
  server.answer("RCPT TO:<c@", {"421 4.3.2 Shutting down<close>"});
  const Session session = play(
      server, make_envelope("a@example.org", {"b@example.net", "c@example.net", "d@example.net"}), kText);
  ASSERT_TRUE(session.report->failure);
  EXPECT_EQ(session.report->failure->phase, Phase::rcpt);
  EXPECT_EQ(to_log_line(*session.report->failure->reply), "421 4.3.2 Shutting down");
  for (const RecipientResult& result : session.report->recipients) {
    EXPECT_EQ(result.decision, Decision::try_next_host);
    EXPECT_EQ(to_log_line(*result.reply), "421 4.3.2 Shutting down");
    EXPECT_FALSE(result.may_have_been_delivered);
  }
}

TEST_F(ClientTest, NoticesA421ThatNobodyAskedFor) {
  FakeServer server;
  server.answer("DATA", {"354 Go\r\n421 4.3.2 Changed my mind<close>"});
  const Session session = play(server);
  ASSERT_TRUE(session.report);
  EXPECT_EQ(session.report->text(0), "421 4.3.2 Changed my mind");
  EXPECT_FALSE(session.report->recipients[0].may_have_been_delivered);
}

TEST_F(ClientTest, SaysThatAMessageMayBeDeliveredWhenTheVerdictIsMissing) {
  FakeServer server;
  server.answer(".", {std::string(kClose)});
  const Session session = play(server);
  ASSERT_TRUE(session.report->failure);
  EXPECT_EQ(session.report->failure->phase, Phase::end_of_content);
  EXPECT_EQ(session.report->failure->error, transport::error::eof);
  EXPECT_TRUE(session.report->failure->may_have_been_delivered);
  EXPECT_TRUE(session.report->recipients[0].may_have_been_delivered);
  EXPECT_EQ(session.report->recipients[0].decision, Decision::retry_later);
  EXPECT_EQ(session.report->text(0),
            "connection closed by the server while waiting for the reply to the end of the message; the "
            "message may "
            "have been delivered");
}

TEST_F(ClientTest, KnowsInLmtpWhoGotTheMessageBeforeTheConnectionBroke) {
  config.flavor = protocol::Flavor::lmtp;
  FakeServer server(true);
  server.answer(".", {"250 2.0.0 Taken", "550 5.2.1 Not taken<close>"});
  const Session session = play(
      server, make_envelope("a@example.org", {"b@example.net", "c@example.net", "d@example.net"}), kText);
  EXPECT_TRUE(session.report->recipients[0].delivered());
  EXPECT_EQ(session.report->recipients[1].decision, Decision::fail_message);
  EXPECT_FALSE(session.report->recipients[1].may_have_been_delivered);
  EXPECT_EQ(session.report->recipients[2].decision, Decision::retry_later);
  EXPECT_TRUE(session.report->recipients[2].may_have_been_delivered);
  EXPECT_TRUE(session.report->failure);
}

TEST_F(ClientTest, CutsTheConnectionWhenReplyAndCommandAreOutOfStep) {
  FakeServer server;
  server.answer("MAIL", {"250 Ok\r\n250 Ok\r\nhello there"});
  const Session session = play(server);
  ASSERT_TRUE(session.report->failure);
  EXPECT_EQ(session.report->failure->protocol->code, protocol::Errc::bad_reply_code);
  EXPECT_TRUE(server.messages.empty());
}

// Whatever the server stops at, the client ends, and nothing is called delivered that was not taken.
TEST_F(ClientTest, EndsWhereverTheServerCloses) {
  for (const std::string at : {"greeting", "EHLO", "MAIL", "RCPT", "DATA", ".", "QUIT"}) {
    for (const bool pipelining : {true, false}) {
      config.pipelining = pipelining;
      FakeServer server;
      server.answer(at, {std::string(kClose)});
      const Session session = play(server);
      EXPECT_EQ(session.started.has_value(), at != "greeting" && at != "EHLO") << at;
      if (!session.report) continue;
      EXPECT_EQ(session.report->all_delivered(), at == "QUIT") << at;
      EXPECT_EQ(session.report->failure.has_value(), at != "QUIT") << at;
      EXPECT_EQ(session.report->recipients[0].may_have_been_delivered, at == ".") << at;
    }
  }
}

// ---- Early verdicts ----

TEST_F(ClientTest, NoticesARefusalInTheMiddleOfTheContent) {
  FakeServer server;
  server.early_after = 100'000;
  server.early_reply = "552 5.3.4 Too big<close>";
  const Session session = play(server, make_text(900'000));
  EXPECT_EQ(session.report->text(0), "552 5.3.4 Too big");
  EXPECT_EQ(session.report->recipients[0].stage, Stage::content);
  EXPECT_EQ(session.report->recipients[0].decision, Decision::fail_message);
  EXPECT_FALSE(session.report->recipients[0].may_have_been_delivered);
  EXPECT_TRUE(server.messages.empty());
}

// A server that refuses and then neither reads nor closes must not hold the client until its deadline.
TEST_F(ClientTest, NoticesARefusalWhileItCannotWrite) {
  FakeServer server;
  server.early_after = 100'000;
  server.early_reply = "552 5.3.4 Too big";
  server.deaf_after_early = true;
  const Session session = play(server, make_text(900'000));
  EXPECT_EQ(session.report->text(0), "552 5.3.4 Too big");
  EXPECT_LT(session.took, std::chrono::seconds(5));
  EXPECT_TRUE(server.messages.empty()) << "half a message must never be ended";
}

TEST_F(ClientTest, TakesNoAcceptanceInTheMiddleOfTheContent) {
  FakeServer server;
  server.early_after = 100'000;
  server.early_reply = "250 2.0.0 I know the rest";
  const Session session = play(server, make_text(900'000));
  EXPECT_FALSE(session.report->all_delivered());
  ASSERT_TRUE(session.report->failure);
  EXPECT_EQ(session.report->failure->protocol->code, protocol::Errc::unsolicited_reply);
  EXPECT_TRUE(server.messages.empty());
}

// ---- Deadlines and cancellation ----

TEST_F(ClientTest, GivesEachPhaseItsTime) {
  struct Case {
    std::string silent_at;
    Phase phase;
    transport::Duration time;
  };
  using namespace std::chrono_literals;
  const std::vector<Case> cases = {{"greeting", Phase::greeting, 5min}, {"EHLO", Phase::hello, 5min},
                                   {"MAIL", Phase::mail, 5min},         {"RCPT", Phase::rcpt, 5min},
                                   {"DATA", Phase::data, 2min},         {".", Phase::end_of_content, 10min}};
  config.pipelining = false;
  for (const Case& each : cases) {
    FakeServer server;
    server.answer(each.silent_at, {std::string(kSilence)});
    const Session session = play(server);
    const Failure& failure = session.started ? *session.report->failure : session.started.error();
    EXPECT_EQ(failure.phase, each.phase) << each.silent_at;
    EXPECT_EQ(failure.error, transport::error::timed_out) << each.silent_at;
    EXPECT_GE(session.took, each.time) << each.silent_at;
    EXPECT_LE(session.took, each.time + 2s) << each.silent_at;
    EXPECT_EQ(failure.may_have_been_delivered, each.silent_at == ".");
  }
}

TEST_F(ClientTest, GivesABlockOfContentItsTime) {
  using namespace std::chrono_literals;
  FakeServer server;
  server.early_after = 100'000;
  server.early_reply = "";  // says nothing, and reads no more
  server.deaf_after_early = true;
  server.early_reply = std::string(kSilence);
  const Session session = play(server, make_text(900'000));
  ASSERT_TRUE(session.report->failure);
  EXPECT_EQ(session.report->failure->phase, Phase::content);
  EXPECT_EQ(session.report->failure->error, transport::error::timed_out);
  EXPECT_GE(session.took, 3min);
  EXPECT_LE(session.took, 3min + 2s);
  EXPECT_FALSE(session.report->failure->may_have_been_delivered);
}

TEST_F(ClientTest, GivesTheTransactionATimeAsAWhole) {
  using namespace std::chrono_literals;
  config.timeouts.transaction = 90s;
  config.pipelining = false;
  FakeServer server;
  server.answer("RCPT", {std::string(kSilence)});
  const Session session = play(server);
  EXPECT_EQ(session.report->failure->error, transport::error::timed_out);
  EXPECT_LE(session.took, 92s);
  // But giving up after the end of the message means sending it twice.
  FakeServer slow;
  slow.answer(".", {std::string(kSilence)});
  const Session verdict = play(slow);
  EXPECT_GE(verdict.took, 10min);
}

Task<void> send_later(Client& client, std::unique_ptr<transport::Stream> stream, const Envelope& envelope,
                      MessageSource& message, DeliveryReport& report, bool& done) {
  const Outcome<void> started = co_await client.start(std::move(stream));
  EXPECT_TRUE(started);
  report = co_await client.send(envelope, message);
  done = true;
}

TEST_F(ClientTest, CanBeCancelled) {
  for (const std::string at : {"MAIL", "DATA", "."}) {
    transport::Loop loop(clock);
    FakeServer server;
    server.answer(at, {std::string(kSilence)});
    if (at == "MAIL") config.pipelining = false;
    auto [mine, yours] = transport::MemoryStream::make_pair(loop);
    Client client(loop, config);
    const Envelope envelope = make_envelope("a@example.org", {"b@example.net"});
    MemoryMessage message(kText);
    DeliveryReport report;
    bool done = false;
    loop.spawn(server.serve(loop, std::move(yours)));
    loop.spawn(send_later(client, std::move(mine), envelope, message, report, done));
    while (loop.poll()) {
    }
    EXPECT_FALSE(done);
    client.cancel();
    EXPECT_TRUE(run_until(loop, clock, done));
    ASSERT_TRUE(report.failure);
    EXPECT_EQ(report.failure->error, transport::error::operation_aborted);
    EXPECT_EQ(report.failure->may_have_been_delivered, at == ".");
    EXPECT_EQ(report.recipients[0].decision, Decision::retry_later);
    EXPECT_FALSE(client.usable());
  }
}

// ---- Several transactions ----

TEST_F(ClientTest, SplitsRecipientsAsLimitsSay) {
  FakeServer server;
  server.offer({"PIPELINING", "LIMITS RCPTMAX=2"});
  const Session session = play(server,
                               make_envelope("a@example.org", {"b@x.example", "c@x.example", "d@x.example",
                                                               "e@x.example", "f@x.example"}),
                               kText);
  EXPECT_TRUE(session.report->all_delivered());
  EXPECT_EQ(session.report->transactions, 3U);
  EXPECT_EQ(server.messages.size(), 3U);
}

TEST_F(ClientTest, StopsWhereMailMaxSays) {
  FakeServer server;
  server.offer({"PIPELINING", "LIMITS RCPTMAX=1 MAILMAX=2"});
  const Session session =
      play(server, make_envelope("a@example.org", {"b@x.example", "c@x.example", "d@x.example"}), kText);
  EXPECT_TRUE(session.report->recipients[0].delivered());
  EXPECT_TRUE(session.report->recipients[1].delivered());
  EXPECT_EQ(session.report->recipients[2].decision, Decision::retry_same_host);
  EXPECT_TRUE(session.report->recipients[2].local);
  EXPECT_EQ(server.messages.size(), 2U);
}

TEST_F(ClientTest, KeepsTheNumberOfDomains) {
  FakeServer server;
  server.offer({"PIPELINING", "LIMITS RCPTDOMAINMAX=1"});
  const Session session =
      play(server, make_envelope("a@example.org", {"b@x.example", "c@y.example", "d@X.example"}), kText);
  EXPECT_TRUE(session.report->recipients[0].delivered());
  EXPECT_EQ(session.report->recipients[1].decision, Decision::retry_same_host);
  EXPECT_TRUE(session.report->recipients[2].delivered());
}

TEST_F(ClientTest, SendsAgainForWhomTherewasNoRoom) {
  FakeServer server;
  server.answer("RCPT", {"250 2.1.5 Ok", "452 4.5.3 Too many recipients", "250 2.1.5 Ok"});
  const Session session = play(server, make_envelope("a@example.org", {"b@x.example", "c@x.example"}), kText);
  EXPECT_TRUE(session.report->all_delivered());
  EXPECT_EQ(session.report->transactions, 2U);
}

TEST_F(ClientTest, DoesNotGoOnForEverWhenThereIsNoRoomForAnybody) {
  FakeServer server;
  server.answer("RCPT", {"452 4.5.3 Too many recipients"}).answer("DATA", {"554 5.5.1 No recipients"});
  const Session session = play(server, make_envelope("a@example.org", {"b@x.example", "c@x.example"}), kText);
  EXPECT_EQ(session.report->transactions, 1U);
  EXPECT_EQ(session.report->recipients[1].decision, Decision::retry_same_host);
}

TEST_F(ClientTest, SendsToMoreRecipientsThanMayBeUnanswered) {
  config.limits.in_flight = 8;
  std::vector<std::string> recipients;
  for (int number = 0; number < 100; ++number)
    recipients.push_back("r" + std::to_string(number) + "@example.net");
  FakeServer server;
  server.answer("RCPT TO:<r50@", {"550 5.1.1 No"});
  const Session session = play(server, make_envelope("a@example.org", recipients), kText);
  for (std::size_t index = 0; index < 100; ++index) {
    EXPECT_EQ(session.report->recipients[index].delivered(), index != 50) << index;
  }
  EXPECT_EQ(server.lines.size(), 104U);
}

// ---- What the server does not offer ----

TEST_F(ClientTest, DoesNotAskAServerThatTakesNoSuchSize) {
  FakeServer server;
  server.offer({"PIPELINING", "SIZE 20"});
  const Session session = play(server, kText);
  EXPECT_EQ(session.report->text(0),
            "552 5.3.4 Message of 27 octets is larger than the 20 that the server takes (not asked)");
  EXPECT_EQ(session.report->recipients[0].decision, Decision::fail_message);
  EXPECT_TRUE(session.report->recipients[0].local);
  EXPECT_EQ(server.lines, (Lines{"EHLO localhost", "QUIT"}));
}

TEST_F(ClientTest, FailsForGoodWhereSmtpUtf8IsNeededAndNotOffered) {
  FakeServer server;
  const Session session =
      play(server, make_envelope("a@example.org", {"b@example.net", "ü@example.net"}), kText);
  EXPECT_TRUE(session.report->recipients[0].delivered());
  EXPECT_EQ(session.report->recipients[1].decision, Decision::fail_recipient);
  EXPECT_EQ(session.report->recipients[1].reply->code().value(), 553);
  EXPECT_EQ(server.lines[1], "MAIL FROM:<a@example.org> SIZE=27");
  FakeServer other;
  const Session sender = play(other, make_envelope("ü@example.org", {"b@example.net"}), kText);
  EXPECT_EQ(sender.report->recipients[0].decision, Decision::fail_message);
  EXPECT_EQ(other.lines, (Lines{"EHLO localhost", "QUIT"}));
}

TEST_F(ClientTest, SaysSmtpUtf8WhereAnAddressNeedsIt) {
  FakeServer server;
  server.offer({"PIPELINING", "SMTPUTF8", "8BITMIME"});
  const Session session = play(server, make_envelope("a@example.org", {"ü@example.net"}), kText);
  EXPECT_TRUE(session.report->all_delivered());
  EXPECT_EQ(server.lines[1], "MAIL FROM:<a@example.org> SMTPUTF8");
}

TEST_F(ClientTest, DeclaresEightBitContent) {
  constexpr std::string_view kEightBit = "Subject: x\r\n\r\nhell\xc3\xb6\r\n";
  FakeServer server;
  play(server, kEightBit);
  EXPECT_EQ(server.lines[1], "MAIL FROM:<a@example.org> SIZE=22 BODY=8BITMIME");
  FakeServer old;
  old.offer({"PIPELINING"});
  const Session refused = play(old, kEightBit);
  EXPECT_EQ(refused.report->recipients[0].reply->view().status, (protocol::EnhancedDetail{6, 3}));
  EXPECT_EQ(old.lines, (Lines{"EHLO localhost", "QUIT"}));
  config.eight_bit_to_seven = EightBitToSeven::pass;
  FakeServer tolerant;
  tolerant.offer({"PIPELINING"});
  EXPECT_TRUE(play(tolerant, kEightBit).report->all_delivered());
}

TEST_F(ClientTest, NeverSendsTextWithBareLineEnds) {
  using namespace std::string_view_literals;
  for (const std::string_view text : {"a\nb\r\n"sv, "a\rb\r\n"sv, "a\r\nb\r"sv, "a\0b\r\n"sv}) {
    FakeServer server;
    const Session session = play(server, text);
    EXPECT_EQ(session.report->recipients[0].decision, Decision::fail_message);
    EXPECT_EQ(server.lines, (Lines{"EHLO localhost", "QUIT"}));
  }
}

// ---- Transcript ----

TEST_F(ClientTest, ShowsTheDialogue) {
  std::string dialogue;
  config.transcript = [&dialogue](Direction direction, std::string_view octets) {
    dialogue.append(direction == Direction::received ? "< " : direction == Direction::sent ? "> " : "= ");
    dialogue.append(octets);
  };
  FakeServer server;
  play(server, "Subject: x\r\n\r\n.\r\n");
  EXPECT_EQ(dialogue,
            "< 220 mx.example.org ESMTP\r\n"
            "> EHLO localhost\r\n"
            "< 250-mx.example.org\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 1000000\r\n"
            "> MAIL FROM:<a@example.org> SIZE=17\r\n> RCPT TO:<b@example.net>\r\n> DATA\r\n"
            "< 250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 Go on\r\n"
            "= Subject: x\r\n\r\n..\r\n.\r\n"
            "< 250 2.0.0 Taken\r\n> QUIT\r\n< 221 2.0.0 Bye\r\n");
}

}  // namespace
}  // namespace postrider::client::testing
