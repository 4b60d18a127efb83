#include "postrider/protocol/session/client_session.h"

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postrider/tests/protocol/support/allocation_counter.h"

namespace postrider::protocol {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Mail mail_from(std::string_view address) {
  Mail mail;
  if (!address.empty()) mail.from = {Mailbox::parse(address, Utf8::yes).value(), false};
  return mail;
}
Rcpt rcpt_to(std::string_view address) {
  Rcpt rcpt;
  rcpt.to.mailbox = Mailbox::parse(address, Utf8::yes).value();
  return rcpt;
}
Hello hello(Verb verb = Verb::ehlo) { return {verb, Host::parse("client.example").value()}; }

// A client with a test in the place of the server.
class Client {
 public:
  explicit Client(Flavor flavor = Flavor::smtp, Limits limits = {}) : session(limits, flavor) {}

  // Hands in what the server says and returns what came of it: "greeting 220", "MAIL#2 250 text", "broken
  // unsolicited_reply".
  std::vector<std::string> hear(std::string_view octets) {
    input_.append(octets);
    std::vector<std::string> told;
    for (;;) {
      const ClientSession::Step step = session.next(input_);
      if (const auto* answer = std::get_if<ClientSession::Answer>(&step.event))
        told.push_back(describe(*answer));
      if (const auto* broken = std::get_if<ClientSession::Broken>(&step.event)) {
        told.push_back("broken " + std::string(to_string(broken->why.code)));
      }
      if (std::holds_alternative<ClientSession::TlsHandshake>(step.event)) told.emplace_back("handshake");
      if (std::holds_alternative<ClientSession::Closed>(step.event)) told.emplace_back("closed");
      input_.erase(0, step.consumed);
      if (!std::holds_alternative<ClientSession::Answer>(step.event)) return told;
    }
  }
  std::string said() {
    std::string output(session.output());
    session.output_sent(output.size());
    return output;
  }
  Client& greeted(
      std::string_view capabilities = "250-mx\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 SIZE\r\n") {
    hear("220 mx\r\n");
    EXPECT_TRUE(session.send(hello(lmtp_ ? Verb::lhlo : Verb::ehlo)));
    hear(capabilities);
    said();
    return *this;
  }
  Client& lmtp() { return lmtp_ = true, *this; }

  ClientSession session;

 private:
  static std::string describe(const ClientSession::Answer& answer) {
    using Kind = ClientSession::Kind;
    std::string what;
    switch (answer.kind) {
      case Kind::greeting: what = "greeting"; break;
      case Kind::command: what = std::string(to_string(answer.verb)) + "#" + std::to_string(answer.id); break;
      case Kind::auth_line: what = "line#" + std::to_string(answer.id); break;
      case Kind::content:
        what = "content#" + std::to_string(answer.id) + "/" + std::to_string(answer.recipient) +
               (answer.early ? " early" : "");
        break;
      case Kind::chunk: what = "chunk#" + std::to_string(answer.id); break;
      case Kind::shutting_down: what = "shutting_down"; break;
    }
    return what + " " + std::to_string(answer.reply.code.value());
  }

  std::string input_;
  bool lmtp_ = false;
};

TEST(ClientSession, FirstMail) {
  Client client;
  EXPECT_FALSE(client.session.may_send(Verb::ehlo));
  EXPECT_THAT(client.hear("220 mx.example.org ESMTP\r\n"), ElementsAre("greeting 220"));
  EXPECT_FALSE(client.session.may_send(Verb::mail));
  ASSERT_TRUE(client.session.send(hello()));
  EXPECT_EQ(client.said(), "EHLO client.example\r\n");
  EXPECT_FALSE(client.session.may_send(Verb::mail));
  EXPECT_THAT(client.hear("250-mx\r\n250 SIZE 1000\r\n"), ElementsAre("EHLO#1 250"));
  EXPECT_EQ(client.session.capabilities().max_size(), 1000u);
  ASSERT_TRUE(client.session.send(mail_from("a@b.example")));
  EXPECT_FALSE(client.session.may_send(Verb::rcpt)) << "no PIPELINING";
  EXPECT_THAT(client.hear("250 ok\r\n"), ElementsAre("MAIL#2 250"));
  ASSERT_TRUE(client.session.send(rcpt_to("c@d.example")));
  EXPECT_THAT(client.hear("250 ok\r\n"), ElementsAre("RCPT#3 250"));
  ASSERT_TRUE(client.session.send(Plain{Verb::data, {}}));
  EXPECT_EQ(client.said(), "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n");
  EXPECT_THAT(client.hear("354 go\r\n"), ElementsAre("DATA#4 354"));
  ASSERT_TRUE(client.session.in_content());
  std::string_view message = ".x\r\n";
  std::string wire;
  while (!message.empty()) {
    const Result<DotEncoder::Piece> piece = client.session.content(message);
    ASSERT_TRUE(piece);
    wire += piece->wire;
    message.remove_prefix(piece->consumed);
  }
  std::string_view end;
  ASSERT_TRUE(client.session.end_content(end));
  EXPECT_EQ(wire + std::string(end), "..x\r\n.\r\n");
  EXPECT_THAT(client.hear("250 queued\r\n"), ElementsAre("content#5/0 250"));
  EXPECT_TRUE(client.session.may_send(Verb::mail));
  ASSERT_TRUE(client.session.send(Plain{Verb::quit, {}}));
  EXPECT_THAT(client.hear("221 bye\r\n"), ElementsAre("QUIT#6 221"));
}

TEST(ClientSession, PipelinedGroupAndItsAnswers) {
  Client client;
  client.greeted();
  ASSERT_TRUE(client.session.send(mail_from("a@b.example")));
  ASSERT_TRUE(client.session.send(rcpt_to("c@d.example")));
  ASSERT_TRUE(client.session.send(rcpt_to("e@f.example")));
  ASSERT_TRUE(client.session.send(Plain{Verb::data, {}}));
  EXPECT_FALSE(client.session.may_send(Verb::noop)) << "DATA ends its group, RFC 2920 3.1";
  EXPECT_EQ(client.session.in_flight(), 4u);
  EXPECT_THAT(client.hear("250 a\r\n550 b\r\n250 c\r\n354 d\r\n"),
              ElementsAre("MAIL#2 250", "RCPT#3 550", "RCPT#4 250", "DATA#5 354"));
  EXPECT_EQ(client.session.accepted_recipients(), 1u);
}

TEST(ClientSession, RecipientsAreForgottenWithTheirTransaction) {
  for (const Command& end : {Command(Plain{Verb::rset, {}}), Command(hello()), Command(hello(Verb::helo))}) {
    Client client;
    client.greeted();
    ASSERT_TRUE(client.session.send(mail_from("a@b.example")));
    ASSERT_TRUE(client.session.send(rcpt_to("c@d.example")));
    client.hear("250 a\r\n250 b\r\n");
    ASSERT_EQ(client.session.accepted_recipients(), 1u);
    ASSERT_TRUE(client.session.send(end));
    client.hear("250 c\r\n");
    EXPECT_EQ(client.session.accepted_recipients(), 0u);
  }
}

TEST(ClientSession, AllRecipientsRefusedButContentWanted) {
  Client client;
  client.greeted();
  ASSERT_TRUE(client.session.send(mail_from("")));
  ASSERT_TRUE(client.session.send(rcpt_to("c@d.example")));
  ASSERT_TRUE(client.session.send(Plain{Verb::data, {}}));
  client.hear("250 a\r\n550 b\r\n354 c\r\n");
  std::string_view end;
  ASSERT_TRUE(client.session.end_content(end));
  EXPECT_EQ(end, ".\r\n");
  EXPECT_THAT(client.hear("554 no valid recipients\r\n"), ElementsAre("content#5/0 554"));
}

TEST(ClientSession, RefusedSenderEndsTheTransaction) {
  Client client;
  client.greeted();
  ASSERT_TRUE(client.session.send(mail_from("a@b.example")));
  client.hear("550 no\r\n");
  EXPECT_FALSE(client.session.may_send(Verb::rcpt));
  EXPECT_TRUE(client.session.may_send(Verb::mail));
}

TEST(ClientSession, InFlightIsBounded) {
  Limits limits;
  limits.in_flight = 3;
  Client client(Flavor::smtp, limits);
  client.greeted();
  ASSERT_TRUE(client.session.send(mail_from("a@b.example")));
  ASSERT_TRUE(client.session.send(rcpt_to("c@d.example")));
  ASSERT_TRUE(client.session.send(rcpt_to("c@d.example")));
  EXPECT_FALSE(client.session.may_send(Verb::rcpt));
  EXPECT_EQ(client.session.send(rcpt_to("c@d.example")).error().code, Errc::misuse);
  client.hear("250 ok\r\n");
  EXPECT_TRUE(client.session.may_send(Verb::rcpt));
}

// ---- What the server did not offer ----

TEST(ClientSession, ParametersNeedTheirExtension) {
  Client client;
  client.greeted("250 mx\r\n");
  Mail mail = mail_from("a@b.example");
  mail.parameters.size = 5;
  mail.parameters.used.add(Extension::size);
  EXPECT_EQ(client.session.send(mail).error().code, Errc::extension_not_offered);
  EXPECT_EQ(client.said(), "");
  EXPECT_EQ(client.session.send(Plain{Verb::starttls, {}}).error().code, Errc::extension_not_offered);
}

TEST(ClientSession, NonAsciiAddressesNeedSmtpUtf8) {
  Client client;
  client.greeted("250-mx\r\n250 SMTPUTF8\r\n");
  EXPECT_EQ(client.session.send(mail_from("\xC3\xA9@b.example")).error().code,
            Errc::non_ascii_without_smtputf8);
  Mail mail = mail_from("\xC3\xA9@b.example");
  mail.parameters.smtputf8 = true;
  mail.parameters.used.add(Extension::smtputf8);
  EXPECT_TRUE(client.session.send(mail));
}

TEST(ClientSession, HeloHasNoCapabilities) {
  Client client;
  client.hear("220 mx\r\n");
  ASSERT_TRUE(client.session.send(hello()));
  EXPECT_THAT(client.hear("502 what\r\n"), ElementsAre("EHLO#1 502"));
  EXPECT_FALSE(client.session.may_send(Verb::mail));
  ASSERT_TRUE(client.session.send(hello(Verb::helo)));
  client.hear("250 mx\r\n");
  EXPECT_TRUE(client.session.may_send(Verb::mail));
  EXPECT_TRUE(client.session.capabilities().extensions().empty());
}

// ---- A stream out of step ----

TEST(ClientSession, UnsolicitedReplyBreaks) {
  Client client;
  client.greeted();
  EXPECT_THAT(client.hear("250 hello?\r\n"), ElementsAre("broken unsolicited_reply"));
  EXPECT_THAT(client.hear(""), ElementsAre("broken unsolicited_reply")) << "sticky";
  EXPECT_FALSE(client.session.may_send(Verb::quit));
}

TEST(ClientSession, UnaskedFourTwentyOneIsTold) {
  Client client;
  client.greeted();
  EXPECT_THAT(client.hear("421 4.3.2 going down\r\n"), ElementsAre("shutting_down 421"));
}

TEST(ClientSession, GarbageIsNeverSkipped) {  // Postfix smtp_chat.c: one lost line shifts all answers
  Client client;
  client.greeted();
  ASSERT_TRUE(client.session.send(mail_from("a@b.example")));
  ASSERT_TRUE(client.session.send(rcpt_to("c@d.example")));
  EXPECT_THAT(client.hear("garbage\r\n250 ok\r\n"), ElementsAre("broken bad_reply_code"));
}

TEST(ClientSession, IntermediateReplyOutOfPlaceBreaks) {
  Client client;
  client.greeted();
  ASSERT_TRUE(client.session.send(mail_from("a@b.example")));
  EXPECT_THAT(client.hear("354 what\r\n"), ElementsAre("broken bad_reply_code"));
}

TEST(ClientSession, EarlyVerdictOnContentIsKept) {  // mox#198
  Client client;
  client.greeted();
  ASSERT_TRUE(client.session.send(mail_from("a@b.example")));
  ASSERT_TRUE(client.session.send(rcpt_to("c@d.example")));
  ASSERT_TRUE(client.session.send(Plain{Verb::data, {}}));
  client.hear("250 a\r\n250 b\r\n354 c\r\n");
  EXPECT_THAT(client.hear("552 5.3.4 too big\r\n"), ElementsAre("content#4/0 early 552"));
  std::string_view end;
  EXPECT_TRUE(client.session.end_content(end));
  EXPECT_EQ(client.session.in_flight(), 0u);
}

TEST(ClientSession, ClosedAfterTheLastReply) {
  Client client;
  client.greeted();
  ASSERT_TRUE(client.session.send(mail_from("a@b.example")));
  client.session.end_of_input();
  EXPECT_THAT(client.hear("250 ok\r\n"), ElementsAre("MAIL#2 250", "closed"));
}

TEST(ClientSession, TurnedAwayMayOnlyQuit) {
  Client client;
  EXPECT_THAT(client.hear("554 no\r\n"), ElementsAre("greeting 554"));
  EXPECT_FALSE(client.session.may_send(Verb::ehlo));
  EXPECT_TRUE(client.session.may_send(Verb::quit));
}

// ---- STARTTLS ----

TEST(ClientSession, StartTlsForgetsTheCapabilities) {
  Client client;
  client.greeted("250-mx\r\n250-PIPELINING\r\n250 STARTTLS\r\n");
  ASSERT_TRUE(client.session.send(Plain{Verb::starttls, {}}));
  client.said();
  EXPECT_THAT(client.hear("220 go\r\n"), ElementsAre("STARTTLS#2 220", "handshake"));
  EXPECT_FALSE(client.session.may_send(Verb::ehlo));
  client.session.tls_established();
  EXPECT_TRUE(client.session.encrypted());
  EXPECT_TRUE(client.session.capabilities().extensions().empty());
  EXPECT_FALSE(client.session.may_send(Verb::mail));
  EXPECT_TRUE(client.session.may_send(Verb::ehlo));
}

// CVE-2021-38371 and libetpan#386: replies in clear behind the 220.
TEST(ClientSession, OctetsBehindTheTlsGoAheadBreak) {
  for (const char* injected : {"250 x\r\n", "2", "\r\n"}) {
    Client client;
    client.greeted("250-mx\r\n250 STARTTLS\r\n");
    ASSERT_TRUE(client.session.send(Plain{Verb::starttls, {}}));
    EXPECT_THAT(client.hear("220 go\r\n" + std::string(injected)),
                ElementsAre("broken plaintext_after_starttls"));
  }
  Client later;
  later.greeted("250-mx\r\n250 STARTTLS\r\n");
  ASSERT_TRUE(later.session.send(Plain{Verb::starttls, {}}));
  later.hear("220 go\r\n");
  EXPECT_THAT(later.hear("250 x\r\n"), ElementsAre("broken plaintext_after_starttls"));
}

// ---- AUTH ----

TEST(ClientSession, AuthExchange) {
  Client client;
  client.greeted("250-mx\r\n250 AUTH PLAIN LOGIN\r\n");
  ASSERT_TRUE(client.session.send(Auth{"LOGIN", std::nullopt}));
  EXPECT_THAT(client.hear("334 VXNlcm5hbWU6\r\n"), ElementsAre("AUTH#2 334"));
  EXPECT_FALSE(client.session.may_send(Verb::mail));
  EXPECT_EQ(client.session.send_auth_line("no base64").error().code, Errc::bad_base64);
  ASSERT_TRUE(client.session.send_auth_line("dQ=="));
  EXPECT_THAT(client.hear("334 UGFzc3dvcmQ6\r\n"), ElementsAre("line#3 334"));
  ASSERT_TRUE(client.session.send_auth_line("cA=="));
  EXPECT_THAT(client.hear("235 ok\r\n"), ElementsAre("line#4 235"));
  EXPECT_TRUE(client.session.authenticated());
  EXPECT_EQ(client.said(), "AUTH LOGIN\r\ndQ==\r\ncA==\r\n");
}

TEST(ClientSession, AuthCancelled) {
  Client client;
  client.greeted("250-mx\r\n250 AUTH LOGIN\r\n");
  ASSERT_TRUE(client.session.send(Auth{"LOGIN", std::nullopt}));
  client.hear("334 \r\n");
  ASSERT_TRUE(client.session.cancel_auth());
  EXPECT_THAT(client.hear("501 cancelled\r\n"), ElementsAre("line#3 501"));
  EXPECT_TRUE(client.session.may_send(Verb::mail));
}

// ---- BDAT and LMTP ----

TEST(ClientSession, ChunksInOneGroup) {
  Client client;
  client.greeted();
  ASSERT_TRUE(client.session.send(mail_from("a@b.example")));
  ASSERT_TRUE(client.session.send(rcpt_to("c@d.example")));
  ASSERT_TRUE(client.session.send_chunk(3, false));
  ASSERT_TRUE(client.session.send_chunk(2, true));
  EXPECT_TRUE(client.session.may_send(Verb::mail)) << "the next message may follow at once";
  EXPECT_THAT(client.hear("250 a\r\n250 b\r\n250 c\r\n250 d\r\n"),
              ElementsAre("MAIL#2 250", "RCPT#3 250", "chunk#4 250", "content#5/0 250"));
}

TEST(ClientSession, AfterARefusedChunkNoOther) {
  Client client;
  client.greeted();
  ASSERT_TRUE(client.session.send(mail_from("a@b.example")));
  ASSERT_TRUE(client.session.send(rcpt_to("c@d.example")));
  ASSERT_TRUE(client.session.send_chunk(3, false));
  client.hear("250 a\r\n250 b\r\n452 c\r\n");
  EXPECT_FALSE(client.session.may_send(Verb::bdat));
  EXPECT_TRUE(client.session.may_send(Verb::rset));
}

TEST(ClientSession, LmtpHasAnAnswerForEachAcceptedRecipient) {
  Client client(Flavor::lmtp);
  client.lmtp().greeted();
  EXPECT_FALSE(client.session.may_send(Verb::ehlo));
  ASSERT_TRUE(client.session.send(mail_from("")));
  ASSERT_TRUE(client.session.send(rcpt_to("a@d.example")));
  ASSERT_TRUE(client.session.send(rcpt_to("b@d.example")));
  ASSERT_TRUE(client.session.send(rcpt_to("c@d.example")));
  ASSERT_TRUE(client.session.send_chunk(1, true));
  // The next transaction may be on its way before the first has its answers: they must not be mixed up.
  ASSERT_TRUE(client.session.send(mail_from("")));
  ASSERT_TRUE(client.session.send(rcpt_to("d@d.example")));
  EXPECT_THAT(client.hear("250 m\r\n250 a\r\n550 b\r\n250 c\r\n250 for a\r\n452 for c\r\n250 m\r\n250 d\r\n"),
              ElementsAre("MAIL#2 250", "RCPT#3 250", "RCPT#4 550", "RCPT#5 250", "content#6/0 250",
                          "content#6/1 452", "MAIL#7 250", "RCPT#8 250"));
}

TEST(ClientSession, CommandsInTheWrongOrderAreMisuse) {
  Client client;
  client.greeted();
  EXPECT_EQ(client.session.send(rcpt_to("a@d.example")).error().code, Errc::misuse);
  EXPECT_EQ(client.session.send(Plain{Verb::data, {}}).error().code, Errc::misuse);
  EXPECT_EQ(client.session.send_chunk(1, true).error().code, Errc::misuse);
  EXPECT_EQ(client.session.send(Bdat{1, true}).error().code, Errc::misuse);
  std::string_view wire;
  EXPECT_EQ(client.session.end_content(wire).error().code, Errc::misuse);
  EXPECT_EQ(client.session.content("x").error().code, Errc::misuse);
  EXPECT_EQ(client.session.send_auth_line("").error().code, Errc::misuse);
  EXPECT_EQ(client.said(), "");
}

TEST(ClientSession, ParametersMadeByHandNeedTheirExtensionToo) {
  Client client;
  client.greeted();
  Mail mail = mail_from("a@b.example");
  mail.parameters.require_tls = true;  // nobody filled in `used`
  EXPECT_FALSE(client.session.capabilities().has(Extension::require_tls));
  EXPECT_EQ(client.session.send(mail).error().code, Errc::extension_not_offered);
  EXPECT_EQ(client.session.send(Extended{}).error().code, Errc::misuse);
  EXPECT_EQ(client.said(), "");
}

TEST(ClientSession, NoAllocationInTheLongRun) {
  Client client;
  client.greeted();
  const Mail mail = mail_from("a@b.example");
  const Rcpt rcpt = rcpt_to("c@d.example");
  std::string wire;
  wire.reserve(1000);
  const auto transaction = [&] {
    ASSERT_TRUE(client.session.send(mail) && client.session.send(rcpt) &&
                client.session.send(Plain{Verb::data, {}}));
    client.session.output_sent(client.session.output().size());
    std::string_view input = "250 2.1.0 a\r\n250 2.1.5 b\r\n354 c\r\n";
    while (!input.empty()) input.remove_prefix(client.session.next(input).consumed);
    std::string_view message = "Subject: x\r\n\r\n.x\r\n";
    while (!message.empty()) {
      const Result<DotEncoder::Piece> piece = client.session.content(message);
      ASSERT_TRUE(piece);
      message.remove_prefix(piece->consumed);
    }
    std::string_view end;
    ASSERT_TRUE(client.session.end_content(end));
    ASSERT_GT(client.session.next("250 2.0.0 queued\r\n").consumed, 0u);
  };
  transaction();  // the output buffer finds its size
  testing::AllocationCounter counter;
  for (int i = 0; i < 100; ++i) transaction();
  EXPECT_EQ(counter.allocations(), 0u);
}

}  // namespace
}  // namespace postrider::protocol
