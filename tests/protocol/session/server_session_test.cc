#include "postrider/protocol/session/server_session.h"

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postrider/tests/protocol/support/allocation_counter.h"
#include "postrider/tests/protocol/support/server_script.h"

namespace postrider::protocol {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ServerScript;
using ::testing::StartsWith;

// An idle session, with all that it owns, RFC-less but promised: memory of 10,000 idle clients.
static_assert(sizeof(ServerSession) <= 2048);
static_assert(sizeof(ServerSession::Step) <= 256);

constexpr std::string_view kEhlo = "EHLO client.example\r\n";
constexpr std::string_view kEnvelope = "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n";

std::string greeted(ServerScript& script) { return script.run(); }

void with_envelope(ServerScript& script) {
  script.run();
  script.feed(kEhlo);
  script.feed(kEnvelope);
  script.events();
}

TEST(ServerSession, FirstMail) {
  ServerScript script;
  EXPECT_EQ(greeted(script), "220 mx.example.org ESMTP\r\n");
  EXPECT_THAT(script.feed(kEhlo), StartsWith("250-mx.example.org\r\n"));
  EXPECT_EQ(script.feed("MAIL FROM:<a@b.example>\r\n"), "250 2.0.0 Ok\r\n");
  EXPECT_EQ(script.feed("RCPT TO:<c@d.example>\r\n"), "250 2.0.0 Ok\r\n");
  EXPECT_EQ(script.feed("DATA\r\n"), "354 Go ahead\r\n");
  EXPECT_EQ(script.feed("Subject: x\r\n\r\n..dot\r\n.\r\n"), "250 2.0.0 Ok\r\n");
  EXPECT_EQ(script.feed("QUIT\r\n"), "221 2.0.0 Bye\r\n");
  EXPECT_EQ(script.content(), "Subject: x\r\n\r\n.dot\r\n|");
  EXPECT_THAT(script.events(), ElementsAre("Hello(client.example)", "Mail(a@b.example)", "Rcpt(c@d.example)",
                                           "DataBegin", "BodyEnd(20)", "Closed(quit)"));
}

TEST(ServerSession, RepliesToAGroupLeaveTogether) {
  ServerScript script;
  with_envelope(script);
  EXPECT_EQ(script.feed("DATA\r\n"), "354 Go ahead\r\n");
  const std::string replies = script.feed("x\r\n.\r\nMAIL FROM:<>\r\nRCPT TO:<q@r.example>\r\nDATA\r\n");
  EXPECT_EQ(replies, "250 2.0.0 Ok\r\n250 2.0.0 Ok\r\n250 2.0.0 Ok\r\n354 Go ahead\r\n");
}

TEST(ServerSession, EmptyMessageEnds) {
  ServerScript script;
  with_envelope(script);
  script.feed("DATA\r\n");
  EXPECT_EQ(script.feed(".\r\n"), "250 2.0.0 Ok\r\n");
  EXPECT_EQ(script.content(), "|");
}

TEST(ServerSession, HelloAgainForgetsTheTransaction) {
  ServerScript script;
  with_envelope(script);
  script.feed(kEhlo);
  EXPECT_THAT(script.events(), ElementsAre("Hello(client.example)", "Reset(hello)"));
  EXPECT_THAT(script.feed("DATA\r\n"), StartsWith("503 "));
}

TEST(ServerSession, RsetForgetsTheTransaction) {
  ServerScript script;
  with_envelope(script);
  EXPECT_EQ(script.feed("RSET\r\n"), "250 2.0.0 Ok\r\n");
  EXPECT_THAT(script.events(), ElementsAre("Reset(rset)"));
  EXPECT_THAT(script.feed("RCPT TO:<c@d.example>\r\n"), StartsWith("503 5.5.1"));
}

TEST(ServerSession, HeloOffersNothing) {
  ServerScript script;
  script.run();
  EXPECT_EQ(script.feed("HELO client.example\r\n"), "250 mx.example.org\r\n");
  EXPECT_THAT(script.feed("MAIL FROM:<a@b.example> SIZE=5\r\n"), StartsWith("555 5.5.4"));
  EXPECT_THAT(script.feed("MAIL FROM:<a@b.example>\r\n"), StartsWith("250 "));
}

TEST(ServerSession, RefusedHelloLeavesTheStateAlone) {
  ServerScript script;
  script.run();
  script.answer(
      "hello", {Reply(code::mailbox_unavailable, status::not_authorized, "Not you"), Reply(code::ok, "yes")});
  EXPECT_EQ(script.feed(kEhlo), "550 5.7.1 Not you\r\n");
  EXPECT_THAT(script.feed("MAIL FROM:<a@b.example>\r\n"), StartsWith("503 5.5.1"));
  EXPECT_THAT(script.feed(kEhlo), StartsWith("250-"));
}

// ---- What was not understood is answered once, and the session goes on ----

struct BadLine {
  const char* line;
  const char* reply;
};
TEST(ServerSession, MalformedCommandsGetOneReplyWithAStatus) {
  const BadLine kLines[] = {
      {"EHLO", "501 5.5.4"},
      {"EHLO my_host", "501 5.5.4"},
      {"MAIL FROM: <a@b.example>", "501 5.5.4"},
      {"MAIL FROM:a@b.example", "553 5.1.7"},
      {"MAIL FROM:<a@b.example", "553 5.1.7"},
      {"MAIL FROM:<a@b.example> SIZE=5 SIZE=6", "501 5.5.4"},
      {"MAIL FROM:<a@b.example> SIZE", "501 5.5.4"},
      {"MAIL FROM:<a@b.example> SIZE=1001", "552 5.3.4"},
      {"MAIL FROM:<a@b.example> BODY=9BIT", "504 5.5.4"},
      {"MAIL FROM:<a@b.example> XYZ=1", "555 5.5.4"},
      {"MAIL FROM:<a@b.example> MT-PRIORITY=3", "555 5.5.4"},
      {"MAIL FROM:<\xC3\xA9@b.example>", "550 5.6.7"},
      {"RSET now", "501 5.5.4"},
      {"BOGUS", "500 5.5.1"},
      {"", "500 5.5.1"},
  };
  for (const BadLine& bad : kLines) {
    ServerScript script;
    script.run();
    script.feed(kEhlo);
    const std::string reply = script.feed(std::string(bad.line) + "\r\n");
    EXPECT_THAT(reply, StartsWith(bad.reply)) << bad.line;
    EXPECT_EQ(reply.find("\r\n"), reply.size() - 2) << bad.line;
    EXPECT_EQ(script.feed("NOOP\r\n"), "250 2.0.0 Ok\r\n") << bad.line;
  }
}

TEST(ServerSession, OverlongLineIsSwallowedAndAnswered) {
  ServerScript script;
  script.run();
  const std::string line = "NOOP " + std::string(5000, 'x') + "\r\n";
  EXPECT_THAT(script.feed(line + "NOOP\r\n"),
              ::testing::MatchesRegex("500 5.5.2 [^\r]*\r\n250 2.0.0 Ok\r\n"));
}

TEST(ServerSession, BareLineFeedInACommandCloses) {
  ServerScript script;
  script.run();
  EXPECT_THAT(script.feed("NOOP\nNOOP\r\n"), StartsWith("500 5.5.2"));
  EXPECT_THAT(script.events(), ElementsAre("Refused((unknown),bare_line_feed,500)", "Closed(bad_ending)"));
}

TEST(ServerSession, LenientBareLineFeedIsCounted) {
  ServerOptions options = ServerScript::default_options();
  options.leniency.allow(Lenience::bare_line_feed_in_command);
  ServerScript script(std::move(options));
  script.run();
  EXPECT_EQ(script.feed("NOOP\n"), "250 2.0.0 Ok\r\n");
  EXPECT_EQ(script.session().leniency_used()[Lenience::bare_line_feed_in_command], 1);
}

TEST(ServerSession, LenientSpaceAfterColonIsCounted) {
  ServerOptions options = ServerScript::default_options();
  options.leniency.allow(Lenience::space_after_colon);
  ServerScript script(std::move(options));
  script.run();
  script.feed(kEhlo);
  EXPECT_THAT(script.feed("MAIL FROM: <a@b.example>\r\n"), StartsWith("250 "));
  EXPECT_EQ(script.session().leniency_used()[Lenience::space_after_colon], 1);
}

TEST(ServerSession, TooManyErrorsEndTheSession) {
  ServerOptions options = ServerScript::default_options();
  options.limits.errors = 3;
  ServerScript script(std::move(options));
  script.run();
  for (int i = 0; i < 3; ++i) EXPECT_THAT(script.feed("JUNK\r\n"), StartsWith("500 "));
  EXPECT_THAT(script.feed("JUNK\r\nNOOP\r\n"), ::testing::MatchesRegex("421 4.7.0 [^\r]*\r\n"));
  EXPECT_THAT(script.events(), ::testing::Contains("Closed(too_many_errors)"));
}

TEST(ServerSession, RefusedRecipientsCountAsErrorsUntilMailComes) {
  ServerOptions options = ServerScript::default_options();
  options.limits.errors = 3;
  ServerScript script(std::move(options));
  script.run();
  script.feed(kEhlo);
  const Reply no(code::mailbox_unavailable, status::bad_mailbox, "No such user");
  const Reply yes(code::ok, status::address_valid, "Ok");
  for (int round = 0; round < 5; ++round) {
    script.answer("rcpt", {no, no, no, yes});
    script.feed("MAIL FROM:<a@b.example>\r\n");
    for (int i = 0; i < 3; ++i)
      EXPECT_THAT(script.feed("RCPT TO:<c@d.example>\r\n"), StartsWith("550 5.1.1"));
    EXPECT_THAT(script.feed("RCPT TO:<c@d.example>\r\n"), StartsWith("250 2.1.5"));
    script.feed("DATA\r\n");
    EXPECT_THAT(script.feed(".\r\n"), StartsWith("250 "));
  }
  EXPECT_FALSE(script.closed());
}

TEST(ServerSession, TooManyCommandsWithoutMailEndTheSession) {
  ServerOptions options = ServerScript::default_options();
  options.limits.commands_without_mail = 5;
  ServerScript script(std::move(options));
  script.run();
  for (int i = 0; i < 5; ++i) EXPECT_THAT(script.feed("NOOP\r\n"), StartsWith("250 "));
  EXPECT_THAT(script.feed("NOOP\r\n"), StartsWith("421 4.7.0"));
  EXPECT_TRUE(script.closed());
}

TEST(ServerSession, RecipientLimitIsTemporary) {
  ServerOptions options = ServerScript::default_options();
  options.limits.recipients = 2;
  ServerScript script(std::move(options));
  script.run();
  script.feed(kEhlo);
  script.feed("MAIL FROM:<>\r\nRCPT TO:<a@d.example>\r\nRCPT TO:<b@d.example>\r\n");
  EXPECT_THAT(script.feed("RCPT TO:<c@d.example>\r\n"), StartsWith("452 4.5.3"));
  EXPECT_EQ(script.session().accepted_recipients(), 2u);
  EXPECT_THAT(script.feed("DATA\r\n"), StartsWith("354 "));
}

TEST(ServerSession, DataWithoutAcceptedRecipients) {
  ServerScript script;
  script.run();
  script.answer("rcpt", {Reply(code::mailbox_unavailable, status::bad_mailbox, "No such user")});
  script.feed(kEhlo);
  script.feed(kEnvelope);
  EXPECT_THAT(script.feed("DATA\r\n"), StartsWith("554 5.5.1"));  // RFC 5321 3.3
}

TEST(ServerSession, UnreadRepliesStopTheReading) {
  ServerOptions options = ServerScript::default_options();
  options.limits.queued_output = 100;
  const ServerProfile profile(std::move(options));
  ServerSession session(profile);
  session.greet({code::service_ready, "mx.example.org ESMTP"});
  std::string input;
  for (int i = 0; i < 1000; ++i) input += "NOOP\r\n";
  const ServerSession::Step step = session.next(input);
  EXPECT_TRUE(std::holds_alternative<ev::FlushOutput>(step.event));
  EXPECT_LT(session.output().size(), 200u);
  EXPECT_LT(step.consumed, 100u);
}

// ---- STARTTLS, RFC 3207 ----

TEST(ServerSession, StartTlsForgetsEverything) {
  ServerScript script;
  script.run();
  script.feed(kEhlo);
  EXPECT_EQ(script.feed("STARTTLS\r\n"), "220 2.0.0 Go ahead\r\n");
  script.session().tls_established();
  EXPECT_THAT(script.feed("MAIL FROM:<>\r\n"), StartsWith("503 5.5.1"));
  const std::string hello = script.feed(kEhlo);
  EXPECT_THAT(hello, Not(HasSubstr("STARTTLS")));
  EXPECT_THAT(hello, HasSubstr("AUTH PLAIN"));
  EXPECT_THAT(script.feed("STARTTLS\r\n"), StartsWith("503 5.5.1"));
}

TEST(ServerSession, OffersSomethingElseToWhoIsKnownAfterTheHandshake) {
  ServerScript script;
  script.run();
  script.feed(kEhlo);
  script.feed("STARTTLS\r\n");
  ServerOptions options = ServerScript::default_options();
  options.capabilities_after_tls.withdraw(Extension::auth).offer_mechanism(Mechanism::external);
  const ServerProfile known(std::move(options));
  script.session().adopt(known);
  script.session().tls_established();
  EXPECT_THAT(script.feed(kEhlo), HasSubstr("AUTH EXTERNAL\r\n"));
  EXPECT_THAT(script.feed("AUTH PLAIN AGZyZWQAeA==\r\n"), StartsWith("504 5.5.4"));
}

// CVE-2011-0411, CVE-2024-34083: commands in clear behind STARTTLS.
TEST(ServerSession, ClearTextBehindStartTlsCloses) {
  ServerScript script;
  script.run();
  script.feed(kEhlo);
  EXPECT_THAT(script.feed("STARTTLS\r\nEHLO evil\r\n"), ::testing::MatchesRegex("554 5.5.1 [^\r]*\r\n"));
  EXPECT_THAT(script.events(),
              ElementsAre("Hello(client.example)", "Refused(STARTTLS,plaintext_after_starttls,554)",
                          "Closed(plaintext_after_starttls)"));
}

TEST(ServerSession, PartialLineBehindStartTlsCloses) {  // nodemailer#1835: half a line is enough
  ServerScript script;
  script.run();
  script.feed(kEhlo);
  EXPECT_THAT(script.feed("STARTTLS\r\nEH"), StartsWith("554 5.5.1"));
  EXPECT_TRUE(script.closed());
}

TEST(ServerSession, StartTlsNotOfferedIsNotImplemented) {
  ServerOptions options = ServerScript::default_options();
  options.capabilities.withdraw(Extension::starttls);
  ServerScript script(std::move(options));
  script.run();
  script.feed(kEhlo);
  EXPECT_THAT(script.feed("STARTTLS\r\n"), StartsWith("502 5.5.1"));
}

// ---- AUTH, RFC 4954 ----

ServerScript& encrypted(ServerScript& script) {
  script.run();
  script.feed(kEhlo);
  script.feed("STARTTLS\r\n");
  script.session().tls_established();
  script.feed(kEhlo);
  script.events();
  return script;
}

TEST(ServerSession, AuthInClearNeedsTlsFirst) {
  ServerScript script;
  script.run();
  script.feed(kEhlo);
  EXPECT_THAT(script.feed("AUTH PLAIN AGEAYg==\r\n"), StartsWith("538 5.7.11"));
  EXPECT_THAT(script.events(), ElementsAre("Hello(client.example)", "Refused(AUTH,encryption_required,538)"));
}

TEST(ServerSession, AuthThatIsNeverOfferedIsNotImplemented) {
  ServerOptions options = ServerScript::default_options();
  options.capabilities_after_tls = options.capabilities;
  ServerScript script(std::move(options));
  script.run();
  script.feed(kEhlo);
  EXPECT_THAT(script.feed("AUTH PLAIN AGEAYg==\r\n"), StartsWith("502 5.5.1"));
}

TEST(ServerSession, AuthExchange) {
  ServerScript script;
  encrypted(script).answer(
      "auth", {Reply(code::auth_continue, ""), Reply(code::authenticated, status::security, "Hi")});
  EXPECT_EQ(script.feed("AUTH PLAIN\r\n"), "334 \r\n");
  EXPECT_EQ(script.feed("AGEAYg==\r\n"), "235 2.7.0 Hi\r\n");
  EXPECT_TRUE(script.session().authenticated());
  EXPECT_THAT(script.feed("AUTH PLAIN\r\n"), StartsWith("503 5.5.1"));
  EXPECT_THAT(script.events(),
              ElementsAre("Auth(PLAIN)", "AuthLine(AGEAYg==)", "Refused(AUTH,already_authenticated,503)"));
}

// RFC 4954 4: what has its one response with it may be pipelined, whatever becomes of it.
TEST(ServerSession, AuthWithItsOneResponseIsPipelined) {
  for (const char* mechanism : {"PLAIN", "plain"}) {
    SCOPED_TRACE(mechanism);
    ServerScript script;
    encrypted(script).answer("auth", {Reply(code::authenticated, status::security, "Hi")});
    const std::string replies =
        script.feed("AUTH " + std::string(mechanism) + " AGEAYg==\r\nMAIL FROM:<a@b.example>\r\nRSET\r\n");
    EXPECT_THAT(replies, StartsWith("235 2.7.0"));
    EXPECT_TRUE(script.session().authenticated());
    EXPECT_EQ(script.session().state(), State::ready);
    EXPECT_EQ(script.session().pipelining_violations(), 0);
  }
}

TEST(ServerSession, AuthThatIsNotOfferedIsPipelinedToo) {
  ServerScript script;
  encrypted(script);
  EXPECT_THAT(script.feed("AUTH EXTERNAL =\r\nRSET\r\n"),
              AllOf(StartsWith("504 5.5.4"), HasSubstr("\r\n250 2.0.0")));
}

TEST(ServerSession, AuthThatAsksMustEndItsGroup) {
  for (const char* line : {"AUTH PLAIN\r\n", "AUTH LOGIN YQ==\r\n"}) {
    SCOPED_TRACE(line);
    ServerScript script;
    encrypted(script);
    EXPECT_THAT(script.feed(std::string(line) + "MAIL FROM:<a@b.example>\r\n"), StartsWith("503 5.5.0"));
    EXPECT_EQ(script.session().state(), State::closed);
  }
}

TEST(ServerSession, AuthCancelledAndBroken) {
  ServerScript script;
  encrypted(script).answer("auth", {Reply(code::auth_continue, "")});
  script.feed("AUTH PLAIN\r\n");
  EXPECT_THAT(script.feed("*\r\n"), StartsWith("501 5.7.0"));
  script.feed("AUTH PLAIN\r\n");
  EXPECT_THAT(script.feed("not base64\r\n"), StartsWith("501 5.5.2"));
  script.feed("AUTH PLAIN\r\n");
  EXPECT_THAT(script.feed(std::string(13000, 'A') + "\r\n"), StartsWith("500 5.5.6"));
  EXPECT_THAT(script.feed("AUTH NTLM\r\n"), StartsWith("504 5.5.4"));
  EXPECT_THAT(script.feed("MAIL FROM:<>\r\n"), StartsWith("250 "));
  EXPECT_THAT(script.feed("AUTH PLAIN\r\n"), StartsWith("503 5.5.1"));
}

// ---- Pipelining, RFC 2920 3.1 ----

TEST(ServerSession, OctetsBehindDataAreNeverRunAsCommands) {
  ServerScript script;
  with_envelope(script);
  EXPECT_THAT(script.feed("DATA\r\nRSET\r\n.\r\n"), ::testing::MatchesRegex("503 5.5.0 [^\r]*\r\n"));
  EXPECT_THAT(script.events(),
              ElementsAre("Refused(DATA,pipelining_violation,503)", "Closed(pipelining_violation)"));
}

TEST(ServerSession, OctetsBehindNoopAreNotedAndRead) {
  ServerScript script;
  script.run();
  EXPECT_EQ(script.feed("NOOP\r\nNOOP\r\n"), "250 2.0.0 Ok\r\n250 2.0.0 Ok\r\n");
  EXPECT_EQ(script.session().pipelining_violations(), 1u);
}

TEST(ServerSession, EarlyTalkerIsTurnedAway) {
  const ServerProfile profile{ServerScript::default_options()};
  ServerSession session(profile);
  session.greet({code::service_ready, "mx.example.org"}, "EHLO x\r\n");
  EXPECT_THAT(std::string(session.output()), StartsWith("554 "));
  EXPECT_TRUE(std::holds_alternative<ev::Closed>(session.next("EHLO x\r\n").event));
}

// ---- Ends ----

TEST(ServerSession, EndOfInputInsideAMessage) {
  ServerScript script;
  with_envelope(script);
  script.feed("DATA\r\nhalf a message\r\n");
  script.session().end_of_input();
  script.run();
  EXPECT_TRUE(script.closed());
}

TEST(ServerSession, HandlersFourTwentyOneCloses) {
  ServerScript script;
  with_envelope(script);
  script.answer("data", {Reply(code::service_not_available, status::not_accepting, "Bye")});
  EXPECT_EQ(script.feed("DATA\r\n"), "421 4.3.2 Bye\r\n");
  EXPECT_THAT(script.events(), ElementsAre("DataBegin", "Closed(refused)"));
}

TEST(ServerSession, ShutDownSaysSo) {
  ServerScript script;
  with_envelope(script);
  script.session().shut_down({code::service_not_available, status::not_accepting, "Going down"});
  EXPECT_EQ(script.run(), "421 4.3.2 Going down\r\n");
  EXPECT_THAT(script.events(), ElementsAre("Closed(shut_down)"));
}

// ---- Registered verbs and parameters: XCLIENT from outside ----

TEST(ServerSession, XclientRegisteredFromOutside) {
  ExtensionTable extensions;
  ASSERT_TRUE(extensions.add_verb({.name = "XCLIENT",
                                   .argument = Presence::required,
                                   .ehlo_keyword = "XCLIENT",
                                   .moment = VerbExtension::Moment::outside_transaction,
                                   .last_in_group = true,
                                   .restarts_session = true}));
  ServerOptions options = ServerScript::default_options();
  options.extensions = &extensions;
  ASSERT_TRUE(options.capabilities.offer_keyword("XCLIENT", "NAME ADDR"));
  ServerScript script(std::move(options));
  script.run();
  EXPECT_THAT(script.feed(kEhlo), HasSubstr("XCLIENT NAME ADDR\r\n"));
  script.answer("extended", {Reply(code::service_ready, "mx.example.org ESMTP")});
  EXPECT_THAT(script.feed("XCLIENT\r\n"), StartsWith("501 5.5.4"));
  EXPECT_EQ(script.feed("xclient NAME=spike.example ADDR=192.0.2.1\r\n"), "220 mx.example.org ESMTP\r\n");
  EXPECT_THAT(script.feed("MAIL FROM:<>\r\n"), StartsWith("503 5.5.1"));
  EXPECT_THAT(script.events(), ::testing::Contains("Extended(XCLIENT,NAME=spike.example ADDR=192.0.2.1)"));
}

TEST(ServerSession, AVerbThatRestartsTheSessionMayComeAgainBeforeTheNextEhlo) {
  ExtensionTable extensions;
  ASSERT_TRUE(extensions.add_verb({.name = "XCLIENT",
                                   .argument = Presence::required,
                                   .moment = VerbExtension::Moment::between_transactions,
                                   .restarts_session = true}));
  ServerOptions options = ServerScript::default_options();
  options.extensions = &extensions;
  ServerScript script(std::move(options));
  script.run();
  const Reply greeting(code::service_ready, "mx.example.org ESMTP");
  script.answer("extended", {greeting, greeting, greeting});
  EXPECT_EQ(script.feed("XCLIENT ADDR=192.0.2.1\r\n"), "220 mx.example.org ESMTP\r\n");
  EXPECT_EQ(script.feed("XCLIENT ADDR=192.0.2.1\r\nXCLIENT HELO=a.example\r\n"),
            "220 mx.example.org ESMTP\r\n220 mx.example.org ESMTP\r\n");
  EXPECT_THAT(script.feed("MAIL FROM:<>\r\n"), StartsWith("503 5.5.1"));
  script.feed(kEhlo);
  script.feed("MAIL FROM:<>\r\n");
  EXPECT_THAT(script.feed("XCLIENT ADDR=192.0.2.1\r\n"), StartsWith("503 5.5.1"));
}

TEST(ServerSession, RegisteredVerbNotOfferedIsUnknown) {
  ExtensionTable extensions;
  ASSERT_TRUE(extensions.add_verb({.name = "XCLIENT", .ehlo_keyword = "XCLIENT"}));
  ServerOptions options = ServerScript::default_options();
  options.extensions = &extensions;
  ServerScript script(std::move(options));
  script.run();
  script.feed(kEhlo);
  EXPECT_THAT(script.feed("XCLIENT NAME=x\r\n"), StartsWith("500 5.5.1"));
}

TEST(ServerSession, RegisteredParameterNeedsItsKeyword) {
  ExtensionTable extensions;
  ASSERT_TRUE(extensions.add_parameter({.keyword = "XTRACE",
                                        .on = ParameterExtension::On::mail,
                                        .value = Presence::required,
                                        .ehlo_keyword = "XTRACE"}));
  ServerOptions options = ServerScript::default_options();
  options.extensions = &extensions;
  ServerScript without(options);
  without.run();
  without.feed(kEhlo);
  EXPECT_THAT(without.feed("MAIL FROM:<> XTRACE=1\r\n"), StartsWith("555 5.5.4"));
  ASSERT_TRUE(options.capabilities.offer_keyword("XTRACE", ""));
  ServerScript with(std::move(options));
  with.run();
  with.feed(kEhlo);
  EXPECT_THAT(with.feed("MAIL FROM:<> XTRACE=1\r\n"), StartsWith("250 "));
}

// ---- No allocation ----

TEST(ServerSession, NoAllocationPerCommandOrSlice) {
  const ServerProfile profile{ServerScript::default_options()};
  ServerSession session(profile);
  session.greet({code::service_ready, "mx.example.org ESMTP"});
  session.output_sent(session.output().size());
  constexpr std::string_view kInput =
      "MAIL FROM:<a@b.example> SIZE=100 BODY=8BITMIME\r\nRCPT TO:<c@d.example> NOTIFY=NEVER\r\n";
  constexpr ReplyView kOk{code::ok, status::other, "Ok"};
  const auto play = [&session, &kOk](std::string_view input) {
    while (true) {
      const ServerSession::Step step = session.next(input);
      input.remove_prefix(step.consumed);
      if (std::holds_alternative<ev::NeedInput>(step.event)) break;
      if (std::holds_alternative<ev::DataBegin>(step.event))
        session.reply({code::start_mail_input, "Go"});
      else if (session.question_open())
        session.reply(kOk);
    }
    session.output_sent(session.output().size());
  };
  testing::AllocationCounter counter;
  play("EHLO client.example\r\n");
  for (int i = 0; i < 10; ++i) {
    play(kInput);
    play("DATA\r\n");
    play("Subject: x\r\n\r\nline\r\n..\r\nline\r\n.\r\n");
    play(kInput);
    play("BDAT 4\r\nabcdBDAT 2 LAST\r\n\r\nNOOP\r\n");
    play("RSET\r\n");
  }
  EXPECT_EQ(counter.allocations(), 0u);
}

}  // namespace
}  // namespace postrider::protocol
