#include "postrider/protocol/grammar/delivery_decision.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "postrider/protocol/framing/reply_reader.h"

namespace postrider::protocol {
namespace {

using enum Decision;

// Decides on a reply as it stands on the wire, with '\n' for the CRLF between its lines.
Decision decide_wire(Stage stage, std::string_view lines) {
  std::string wire;
  for (char c : lines) wire += c == '\n' ? std::string("\r\n") : std::string(1, c);
  wire += "\r\n";
  ReplyReader reader((Limits()));
  const ReplyReader::Read read = reader.next(wire);
  if (!read.reply || !*read.reply || read.consumed != wire.size()) {
    ADD_FAILURE() << "no reply: " << lines;
    return proceed;
  }
  return decide(stage, **read.reply);
}

// ---- The table: stage by first digit ----

TEST(Decide, ByStageAndFirstDigit) {
  struct Row {
    Stage stage;
    const char* codes[4];  // a code of each class that no rule is about
    Decision expected[4];
  };
  const Row rows[] = {
      {Stage::greeting,
       {"220 x", "354 x", "450 x", "554 x"},
       {proceed, try_next_host, try_next_host, try_next_host}},
      {Stage::hello,
       {"250 x", "354 x", "450 x", "550 x"},
       {proceed, try_next_host, try_next_host, try_next_host}},
      {Stage::start_tls,
       {"220 x", "354 x", "454 x", "501 x"},
       {proceed, retry_same_host, retry_same_host, retry_same_host}},
      {Stage::authenticate,
       {"235 x", "334 x", "454 x", "535 x"},
       {proceed, proceed, try_next_host, retry_later}},
      {Stage::mail,
       {"250 x", "354 x", "450 x", "550 x"},
       {proceed, try_next_host, retry_later, fail_message}},
      {Stage::rcpt,
       {"251 x", "354 x", "450 x", "550 x"},
       {proceed, try_next_host, retry_later, fail_recipient}},
      {Stage::data,
       {"250 x", "354 x", "451 x", "554 x"},
       {try_next_host, proceed, retry_later, fail_message}},
      {Stage::content,
       {"250 x", "354 x", "451 x", "554 x"},
       {delivered, retry_later, retry_later, fail_message}},
      {Stage::reset,
       {"250 x", "354 x", "451 x", "500 x"},
       {proceed, retry_same_host, retry_same_host, retry_same_host}},
      {Stage::quit, {"221 x", "354 x", "451 x", "500 x"}, {proceed, proceed, proceed, proceed}},
  };
  ASSERT_EQ(std::size(rows), kStageCount);
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(decide_wire(row.stage, row.codes[i]), row.expected[i])
          << to_string(row.stage) << " " << row.codes[i];
    }
  }
}

// ---- Replies of real servers ----

struct Real {
  Stage stage;
  const char* reply;
  Decision expected;
};

void check(std::initializer_list<Real> replies) {
  for (const Real& real : replies) {
    EXPECT_EQ(decide_wire(real.stage, real.reply), real.expected)
        << to_string(real.stage) << ": " << real.reply << "\n  got "
        << to_string(decide_wire(real.stage, real.reply));
  }
}

TEST(Decide, Google) {
  check({
      {Stage::greeting, "220 mx.google.com ESMTP 98e67ed59e1d1-2c6a5b3f2a1si1 - gsmtp", proceed},
      {Stage::mail, "250 2.1.0 OK x - gsmtp", proceed},
      {Stage::data, "354 Go ahead x - gsmtp", proceed},
      {Stage::content, "250 2.0.0 OK  1700000000 x - gsmtp", delivered},
      {Stage::mail,
       "421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating\n421-4.7.28 from your "
       "IP address.\n"
       "421 4.7.28  https://support.google.com/mail/?p=UnsolicitedRateLimitError - gsmtp",
       retry_later},
      {Stage::content,
       "421-4.7.28 [192.0.2.1] Our system has detected an unusual rate of unsolicited mail\n421 4.7.28 - "
       "gsmtp",
       retry_later},
      {Stage::content, "421 4.7.32 This mail has been rate limited because there is no DMARC alignment",
       retry_later},
      {Stage::rcpt,
       "452-4.2.2 The email account that you tried to reach is over quota. Please direct\n452-4.2.2 the "
       "recipient to\n"
       "452 4.2.2  https://support.google.com/mail/?p=OverQuotaTemp - gsmtp",
       retry_later},
      {Stage::rcpt, "452 4.5.3 Your message has too many recipients. - gsmtp", retry_same_host},
      {Stage::rcpt,
       "452-4.5.3 Domain policy size per transaction exceeded, please try this\n452 4.5.3 recipient in a "
       "separate transaction.",
       retry_same_host},
      {Stage::rcpt,
       "451-4.3.0 Multiple destination domains per transaction is unsupported.  Please\n451 4.3.0 try again.",
       retry_same_host},
      {Stage::rcpt,
       "450-4.2.1 The user you are trying to contact is receiving mail at a rate that\n450 4.2.1 prevents",
       retry_later},
      {Stage::content, "451 4.3.0 Mail server temporarily rejected message. - gsmtp", retry_later},
      {Stage::rcpt,
       "550-5.1.1 The email account that you tried to reach does not exist. Please try\n550-5.1.1 "
       "double-checking\n"
       "550 5.1.1  https://support.google.com/mail/?p=NoSuchUser - gsmtp",
       fail_recipient},
      {Stage::rcpt, "550 5.2.1 The email account that you tried to reach is disabled. - gsmtp",
       fail_recipient},
      {Stage::rcpt, "552 5.2.2 The email account that you tried to reach is over quota. - gsmtp",
       fail_recipient},
      {Stage::rcpt, "553 5.1.2 The recipient address <a@b..c> is not a valid address. - gsmtp",
       fail_recipient},
      {Stage::content,
       "550-5.7.26 Your email has been blocked because the sender is unauthenticated.\n550 5.7.26 DKIM = did "
       "not pass",
       fail_message},
      {Stage::content,
       "552-5.7.0 This message was blocked because its content presents a potential\n552 5.7.0 security "
       "issue.",
       fail_message},
      {Stage::content, "552 5.3.4 Your message exceeded Google's message size limits.", fail_message},
      {Stage::mail, "530 5.7.0 Must issue a STARTTLS command first. x - gsmtp", retry_same_host},
      {Stage::mail,
       "530-5.7.0 Authentication Required. For more information, go to\n530 5.7.0  "
       "https://support.google.com/",
       fail_message},
      {Stage::authenticate,
       "535-5.7.8 Username and Password not accepted.\n535 5.7.8  https://support.google.com/", retry_later},
      {Stage::authenticate,
       "534-5.7.9 Application-specific password required.\n534 5.7.9  https://support.google.com/",
       retry_later},
      {Stage::authenticate, "504 5.7.4 Unrecognized Authentication Type. x - gsmtp", retry_same_host},
  });
}

TEST(Decide, Outlook) {
  check({
      {Stage::mail, "451 4.7.500 Server busy. Please try again later from [192.0.2.1]. (AS77712344)",
       retry_later},
      {Stage::greeting,
       "451 4.7.650 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation.",
       retry_later},
      {Stage::greeting, "421 4.3.2 Service not available [outlook.com]", try_next_host},
      {Stage::mail, "421 4.3.2 Service not available [outlook.com]", try_next_host},
      {Stage::hello,
       "421 4.3.2 The maximum number of concurrent connections per resource forest has exceeded a limit, "
       "closing "
       "transmission channel.",
       try_next_host},
      {Stage::rcpt, "452 4.5.3 Too many recipients (AS780090) [x.prod.protection.outlook.com]",
       retry_same_host},
      {Stage::mail, "452 4.3.1 Insufficient system resources (TSTE) [outlook.com]", try_next_host},
      {Stage::rcpt, "452 4.3.1 Insufficient system resources (TSTE) [outlook.com]", retry_later},
      {Stage::rcpt, "450 4.7.3 Organization queue quota exceeded. [outlook.com]", retry_later},
      {Stage::content,
       "451 4.4.0 Message failed to be replicated: No healthy secondary server available [outlook.com]",
       retry_later},
      {Stage::rcpt, "550 5.4.1 Recipient address rejected: Access denied. [x.prod.protection.outlook.com]",
       fail_recipient},
      {Stage::rcpt, "550 5.5.0 Requested action not taken: mailbox unavailable. [x]", fail_recipient},
      {Stage::mail, "550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. (S3150)", fail_message},
      {Stage::rcpt,
       "550 5.7.1 Service unavailable, Client host [192.0.2.1] blocked using Spamhaus. To request removal "
       "from this list "
       "see https://www.spamhaus.org/query/ip/192.0.2.1 (AS16012609)",
       fail_recipient},
      {Stage::content,
       "550 5.7.515 Access denied, sending domain EXAMPLE.ORG doesn't meet the required authentication "
       "level.",
       fail_message},
      {Stage::mail, "501 5.5.4 Invalid arguments", fail_message},
  });
}

TEST(Decide, Yahoo) {
  check({
      {Stage::mail,
       "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user "
       "complaints - "
       "4.16.55.1; see https://postmaster.yahooinc.com/error-codes",
       retry_later},
      {Stage::greeting,
       "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to user complaints", retry_later},
      {Stage::mail,
       "421 [IPTS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user "
       "complaints",
       retry_later},
      {Stage::greeting,
       "421 4.7.1 [TS03] All messages from 192.0.2.1 will be permanently deferred; Retrying will NOT "
       "succeed. See "
       "https://postmaster.yahooinc.com/",
       fail_message},
      {Stage::mail,
       "553 5.7.2 [TSS06] All messages from 192.0.2.1 will be permanently deferred; Retrying will NOT "
       "succeed.",
       fail_message},
      {Stage::mail, "421 Max message per connection reached, closing transmission channel", retry_same_host},
      {Stage::mail, "451 mta.yahoo.com Resources temporarily unavailable. Please try again later [#4.16.1].",
       retry_later},
      {Stage::mail, "553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.1", fail_message},
      {Stage::content,
       "554 5.7.9 Message not accepted for policy reasons. See https://postmaster.yahooinc.com/error-codes",
       fail_message},
      {Stage::content, "554 delivery error: dd This user doesn't have a yahoo.com account (a@yahoo.com) [-9]",
       fail_message},
      {Stage::rcpt, "552 1 Requested mail action aborted, mailbox not found", fail_recipient},
  });
}

TEST(Decide, Apple) {
  check({
      {Stage::rcpt, "421 4.7.1 Messages to a@icloud.com deferred due to excessive volume. Try again later",
       retry_later},
      {Stage::mail, "421 4.7.0 me.com Error: too many errors", retry_later},
      {Stage::rcpt, "550 5.1.1 <a@icloud.com>: user does not exist", fail_recipient},
      {Stage::rcpt, "552 5.2.2 <a@icloud.com>: user is overquota", fail_recipient},
      {Stage::content, "550 5.7.1 [CS01] Message rejected due to local policy.", fail_message},
      {Stage::content, "554 5.7.1 [HM08] Message rejected due to local policy.", fail_message},
  });
}

TEST(Decide, Postfix) {
  check({
      {Stage::rcpt,
       "450 4.2.0 <a@example.org>: Recipient address rejected: Greylisted, see "
       "http://postgrey.schweikert.ch/",
       retry_later},
      {Stage::rcpt, "451 4.7.1 <a@example.org>: Recipient address rejected: Greylisted for 5 minutes",
       retry_later},
      {Stage::rcpt, "450 4.1.8 <a@example.org>: Sender address rejected: Domain not found", retry_later},
      {Stage::rcpt, "450 4.1.1 <a@example.org>: Recipient address rejected: unverified address", retry_later},
      {Stage::rcpt,
       "421 4.1.1 <a@example.org>: Recipient address rejected: unverified address: Address verification in "
       "progress",
       retry_later},
      {Stage::rcpt, "452 4.5.3 Error: too many recipients", retry_same_host},
      {Stage::mail, "452 4.3.1 Insufficient system storage", try_next_host},
      {Stage::greeting, "421 4.7.0 mx.example.org Error: too many connections from 192.0.2.1", try_next_host},
      {Stage::mail, "450 4.7.1 Error: too much mail from 192.0.2.1", retry_later},
      {Stage::mail, "421 4.4.2 mx.example.org Error: timeout exceeded", retry_same_host},
      {Stage::data, "421 4.4.2 mail.yandex.net Error: timeout exceeded", retry_same_host},
      {Stage::reset, "421 4.4.2 mx.example.org Error: timeout exceeded", retry_same_host},
      {Stage::mail, "451 4.3.5 Server configuration error", try_next_host},
      {Stage::mail, "552 5.3.4 Message size exceeds fixed limit", fail_message},
      {Stage::content, "552 5.3.4 Error: message file too big", fail_message},
      {Stage::content, "451 4.3.0 Error: queue file write error", retry_later},
      {Stage::data, "554 5.5.1 Error: no valid recipients", fail_message},
      {Stage::greeting, "550 5.7.1 Service unavailable; client [192.0.2.1] blocked using zen.spamhaus.org",
       try_next_host},
      {Stage::hello, "502 5.5.2 Error: command not recognized", retry_same_host},
      {Stage::start_tls, "454 4.7.0 TLS not available due to local problem", retry_same_host},
      {Stage::rcpt, "554 5.7.1 <a@example.org>: Relay access denied", fail_recipient},
      // RFC 6531 3.5, and what another server lacks stays lacking: no use in trying for hours.
      {Stage::mail, "550 5.6.7 Non-ASCII addresses not permitted for that sender", fail_message},
      {Stage::mail, "553 5.6.7 Must declare SMTPUTF8 to send unicode address", fail_message},
      {Stage::rcpt, "553 5.6.7 Must declare SMTPUTF8 to send unicode address", fail_recipient},
      {Stage::mail, "555 5.5.4 Unsupported option: SMTPUTF8", fail_message},
  });
}

TEST(Decide, EximSendmailAndOthers) {
  check({
      {Stage::greeting, "421 mx.example.org: Too many concurrent SMTP connections; please try again later",
       try_next_host},
      {Stage::mail, "421 too many messages in this connection", retry_same_host},
      {Stage::rcpt, "452 too many recipients", retry_same_host},
      {Stage::rcpt, "452 4.5.3 Too many recipients", retry_same_host},
      {Stage::rcpt, "552 too many recipients", retry_same_host},  // RFC 5321 4.5.3.1.10
      {Stage::rcpt, "552 5.5.3 Too many recipients", retry_same_host},
      {Stage::rcpt, "550 5.5.3 Too many recipients", retry_same_host},
      {Stage::rcpt, "552 Requested mail action aborted: exceeded storage allocation", retry_later},
      {Stage::rcpt, "552 Requested mail action aborted: exceeded storage allocation Quota exceeded.",
       fail_recipient},  // GMX
      {Stage::rcpt, "552 5.2.2 Mailbox full", fail_recipient},
      {Stage::rcpt, "552 5.2.2 Mailbox size limit exceeded", fail_recipient},  // Yandex
      {Stage::rcpt, "452 4.5.3  rate limit exceeded", retry_later},            // Comcast
      {Stage::rcpt, "450-Greylisted, come back later\n450 please", retry_later},
      {Stage::rcpt, "451 Temporary local problem - please try later", retry_later},
      {Stage::hello, "500 5.5.1 Command unrecognized: \"EHLO x\"", retry_same_host},
      {Stage::hello, "503 bad sequence of commands", retry_same_host},
      {Stage::hello, "504 command parameter not implemented", retry_same_host},
      {Stage::hello, "501 Syntactically invalid EHLO argument(s)", try_next_host},
      {Stage::hello, "550 5.7.1 Helo command rejected: Host not found", try_next_host},
      {Stage::hello, "421 4.3.2 Service not available", try_next_host},
      {Stage::start_tls, "500 5.5.1 Command unrecognized: \"STARTTLS\"", retry_same_host},
      {Stage::start_tls, "421 closing", retry_same_host},
      {Stage::authenticate, "454 4.7.0 Temporary authentication failure", try_next_host},
      {Stage::authenticate, "535 5.7.8 Authentication credentials invalid", retry_later},
      {Stage::authenticate, "534 5.7.9 Authentication mechanism is too weak", retry_same_host},
      {Stage::authenticate, "538 5.7.11 Encryption required for requested authentication mechanism",
       retry_same_host},
      {Stage::authenticate, "432 4.7.12 A password transition is needed", retry_same_host},
      {Stage::rcpt, "551 5.1.6 User not local; please try <a@example.org>", fail_recipient},
      {Stage::rcpt, "556 5.1.10 Recipient address has null MX", fail_recipient},  // RFC 7504 4, RFC 7505 4.2
      {Stage::greeting, "521 mx.example.org does not accept mail", try_next_host},  // RFC 7504 3
      {Stage::greeting,
       "554-gmx.net (mxgmx008) Nemesis ESMTP Service not available\n554-No SMTP service\n554-Bad DNS PTR "
       "resource record.\n"
       "554 For explanation visit http://postmaster.gmx.com/en/error-messages?ip=192.0.2.1&c=rdns",
       try_next_host},
      {Stage::content,
       "554-Transaction failed\n554-Reject due to policy restrictions.\n554 For explanation visit "
       "https://postmaster.web.de/",
       fail_message},
      {Stage::mail, "452 Requested action not taken: insufficient system storage",
       try_next_host},                                                               // RFC 1870 6.1
      {Stage::mail, "571 Delivery not authorized, message refused.", fail_message},  // Courier
      {Stage::rcpt, "471 try later", retry_later},
      {Stage::rcpt, "540 5.7.1 <a@rambler.ru>: recipient address rejected: Inactive", fail_recipient},
      {Stage::mail, "550 5.7.10 Encryption needed", retry_same_host},
      {Stage::content, "250", delivered},
  });
}

// RFC 5321 3.8: 421 to anything.
TEST(Decide, AHostThatIsGoingDown) {
  const char* const bye = "421 mx.example.org Service not available, closing transmission channel";
  check({{Stage::greeting, bye, try_next_host},
         {Stage::hello, bye, try_next_host},
         {Stage::start_tls, bye, retry_same_host},
         {Stage::authenticate, bye, try_next_host},
         {Stage::mail, bye, try_next_host},
         {Stage::rcpt, bye, try_next_host},
         {Stage::data, bye, try_next_host},
         {Stage::content, bye, retry_later},
         {Stage::reset, bye, retry_same_host},
         {Stage::quit, bye, proceed}});
}

// ---- What holds for every reply ----

TEST(Decide, NeverForgetsTheFirstDigit) {
  for (unsigned value = 200; value < 600; ++value) {
    const ReplyCode code = ReplyCode::received(value).value();
    for (std::size_t s = 0; s < kStageCount; ++s) {
      const auto stage = static_cast<Stage>(s);
      for (std::uint16_t subject = 0; subject < 9; ++subject) {
        for (std::uint16_t detail = 0; detail < 12; ++detail) {
          for (const std::string_view text : {"", "too many recipients", "STARTTLS", "rate limit", "quota"}) {
            ReplyView reply(code, text);
            if (subject < 8) reply.status = EnhancedDetail{subject, detail};
            const Decision decision = decide(stage, reply);
            // A message is never given up for a 2xx, 3xx or 4xx (but for one text, see Yahoo above), and
            // never taken for delivered without a 2xx.
            if (!code.permanent()) {
              ASSERT_NE(decision, fail_message) << value;
              ASSERT_NE(decision, fail_recipient) << value;
            }
            ASSERT_EQ(decision == delivered, stage == Stage::content && code.positive()) << value;
            if (decision == fail_recipient) {
              ASSERT_EQ(stage, Stage::rcpt);
            }
            // RFC 5321 5.1: a recipient that one host refuses for good is not offered to the next one.
            if (stage == Stage::rcpt && code.permanent()) {
              ASSERT_NE(decision, try_next_host) << value;
            }
            if (stage == Stage::content) {
              ASSERT_NE(decision, try_next_host) << value;
            }
          }
        }
      }
    }
  }
}

TEST(Decide, FindsTextsInAnyCaseAndOverLineEnds) {
  EXPECT_EQ(decide_wire(Stage::rcpt, "452 TOO MANY recipients"), retry_same_host);
  EXPECT_EQ(decide_wire(Stage::rcpt, "452-x too many\n452 recipients"), retry_same_host);
  EXPECT_EQ(decide_wire(Stage::rcpt, "452 too many recipient"), retry_later);
}

TEST(Decide, Names) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kStageCount; ++i) names.insert(to_string(static_cast<Stage>(i)));
  EXPECT_EQ(names.size(), kStageCount);
  EXPECT_EQ(to_string(Stage::start_tls), "start_tls");
  EXPECT_EQ(to_string(Decision::fail_recipient), "fail_recipient");
}

}  // namespace
}  // namespace postrider::protocol
