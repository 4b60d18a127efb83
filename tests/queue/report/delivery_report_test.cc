#include "postrider/queue/report/delivery_report.h"

#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postrider/tests/queue/report/report_example.h"

namespace postrider::queue {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// The content is lines that end in CRLF and have at most 998 octets; fewer in the header.
void expect_lines(std::string_view content) {
  bool in_header = true;
  while (!content.empty()) {
    const std::size_t end = content.find("\r\n");
    ASSERT_NE(end, content.npos) << "the last line has no end";
    const std::string_view line = content.substr(0, end);
    EXPECT_EQ(line.find_first_of(std::string_view("\r\n\0", 3)), line.npos) << line;
    EXPECT_LE(line.size(), 998U);
    in_header = in_header && !line.empty();
    EXPECT_TRUE(!in_header || line.front() == ' ' || line.find(':') != line.npos) << line;
    content.remove_prefix(end + 2);
  }
}

TEST(DeliveryReportTest, IsAMessageThatSaysWhatHappened) {
  const DeliveryReport report = make_report(example_request());
  const std::string_view expected =
      "Date: Mon, 21 Sep 2026 14:16:40 +0000\r\n"
      "From: Mail Delivery System <postmaster@mail.example.com>\r\n"
      "To: <alice@example.com>\r\n"
      "Subject: Undeliverable: your message to bob@example.org\r\n"
      "Message-ID: <0123456789abc@mail.example.com>\r\n"
      "Auto-Submitted: auto-replied\r\n"
      "MIME-Version: 1.0\r\n"
      "Content-Type: multipart/report; report-type=delivery-status;\r\n"
      " boundary=\"=_0123456789abc.0\"\r\n"
      "Content-Transfer-Encoding: 7bit\r\n"
      "\r\n"
      "--=_0123456789abc.0\r\n"
      "Content-Description: What happened\r\n"
      "Content-Type: text/plain; charset=us-ascii\r\n"
      "Content-Transfer-Encoding: 7bit\r\n"
      "\r\n"
      "This is the mail server mail.example.com. It has news of a message that you\r\n"
      "sent, and that came here on Mon, 21 Sep 2026 14:13:20 +0000.\r\n"
      "\r\n"
      "Your message could not be delivered to:\r\n"
      "\r\n"
      "  <bob@example.org>\r\n"
      "    The server mx.example.org said:\r\n"
      "      550 5.1.1 No such user here\r\n"
      "    There is no such address. Look for a typing error, or ask the recipient\r\n"
      "    for the right one.\r\n"
      "\r\n"
      "What follows is this report for programs, and the header of your message.\r\n"
      "\r\n"
      "--=_0123456789abc.0\r\n"
      "Content-Description: Delivery report\r\n"
      "Content-Type: message/delivery-status\r\n"
      "Content-Transfer-Encoding: 7bit\r\n"
      "\r\n"
      "Original-Envelope-Id: QQ+314\r\n"
      "Reporting-MTA: dns; mail.example.com\r\n"
      "Arrival-Date: Mon, 21 Sep 2026 14:13:20 +0000\r\n"
      "\r\n"
      "Original-Recipient: rfc822; bob+tag@example.org\r\n"
      "Final-Recipient: rfc822; bob@example.org\r\n"
      "Action: failed\r\n"
      "Status: 5.1.1\r\n"
      "Remote-MTA: dns; mx.example.org\r\n"
      "Diagnostic-Code: smtp; 550 5.1.1 No such user here\r\n"
      "Last-Attempt-Date: Mon, 21 Sep 2026 14:15:00 +0000\r\n"
      "\r\n"
      "--=_0123456789abc.0\r\n"
      "Content-Description: The header of your message\r\n"
      "Content-Type: text/rfc822-headers\r\n"
      "Content-Transfer-Encoding: 7bit\r\n"
      "\r\n"
      "From: <alice@example.com>\r\n"
      "To: <bob@example.org>\r\n"
      "Message-ID: <1@example.com>\r\n"
      "Subject: hello\r\n"
      "\r\n"
      "--=_0123456789abc.0--\r\n";
  EXPECT_EQ(report.content, expected);
  EXPECT_FALSE(report.needs_eight_bit);
  EXPECT_FALSE(report.needs_smtputf8);
  expect_lines(report.content);
}

TEST(DeliveryReportTest, TellsUntilWhenADelayedMessageIsTried) {
  ReportRequest request = example_request();
  ReportRecipient& recipient = request.recipients[0];
  recipient.action = ReportAction::delayed;
  recipient.status = {4, {4, 1}};
  recipient.remote_mta.clear();
  recipient.diagnostic = "451 4.4.1 no host could be reached";
  recipient.will_retry_until = Time(std::chrono::seconds(1'790'400'000));
  const std::string content = make_report(request).content;
  EXPECT_THAT(content, HasSubstr("Subject: Delayed: your message to bob@example.org\r\n"));
  EXPECT_THAT(content, HasSubstr("\r\nAction: delayed\r\n"));
  EXPECT_THAT(content, HasSubstr("\r\nWill-Retry-Until: Sat, 26 Sep 2026 05:20:00 +0000\r\n"));
  EXPECT_THAT(content, HasSubstr("need not send it again"));
  // Nobody else has said so: RFC 3464 2.3.6
  EXPECT_THAT(content, HasSubstr("\r\nDiagnostic-Code: x-postrider; 451 4.4.1 no host could be reached\r\n"));
  EXPECT_THAT(content, Not(HasSubstr("Remote-MTA")));
}

TEST(DeliveryReportTest, OfAFailureHasNoTimeOfRetrying) {
  ReportRequest request = example_request();
  request.recipients[0].will_retry_until = request.now;
  EXPECT_THAT(make_report(request).content, Not(HasSubstr("Will-Retry-Until")));
}

TEST(DeliveryReportTest, ListsEachRecipientUnderWhatHappened) {
  ReportRequest request = example_request();
  for (const ReportAction action :
       {ReportAction::delivered, ReportAction::relayed, ReportAction::expanded, ReportAction::failed}) {
    ReportRecipient recipient = failed_recipient();
    recipient.address = std::string(to_string(action)) + "@example.org";
    recipient.action = action;
    request.recipients.push_back(recipient);
  }
  const std::string content = make_report(request).content;
  EXPECT_THAT(content, HasSubstr("Subject: Undeliverable: your message to 2 recipients\r\n"));
  for (const char* each : {"delivered", "relayed", "expanded", "failed"}) {
    EXPECT_THAT(content, HasSubstr(std::string("\r\n  <") + each + "@example.org>\r\n"));
    EXPECT_THAT(content, HasSubstr(std::string("\r\nFinal-Recipient: rfc822; ") + each +
                                   "@example.org\r\nAction: " + each + "\r\n"));
  }
}

TEST(DeliveryReportTest, ShowsTheAddressThatTheSenderWrote) {
  ReportRequest request = example_request();
  request.recipients[0].original_type.clear();
  request.recipients[0].original = "info@example.com";
  const std::string content = make_report(request).content;
  EXPECT_THAT(content, HasSubstr("Subject: Undeliverable: your message to info@example.com\r\n"));
  EXPECT_THAT(content, HasSubstr("  <info@example.com>\r\n    passed on to <bob@example.org>\r\n"));
  EXPECT_THAT(content, HasSubstr("\r\nOriginal-Recipient: rfc822; info@example.com\r\n"));
}

TEST(DeliveryReportTest, KeepsASocketOfThisMachineToItself) {
  ReportRequest request = example_request();
  request.recipients[0].remote_mta = "unix:/run/dovecot/lmtp";
  const std::string content = make_report(request).content;
  EXPECT_THAT(content, Not(HasSubstr("unix:")));
  EXPECT_THAT(content, Not(HasSubstr("Remote-MTA")));
  EXPECT_THAT(content,
              HasSubstr("\r\n    The mail store here said:\r\n      550 5.1.1 No such user here\r\n"));
  EXPECT_THAT(content, HasSubstr("\r\nDiagnostic-Code: smtp; 550 5.1.1 No such user here\r\n"));
}

TEST(DeliveryReportTest, ReturnsAllOfAMessageWhenItsSenderAskedForThat) {
  ReportRequest request = example_request();
  request.ret = protocol::DsnReturn::full;
  EXPECT_THAT(make_report(request).content,
              HasSubstr("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n\r\n" +
                        std::string(kExampleContent) + "\r\n--=_"));
  request.ret = protocol::DsnReturn::headers;
  EXPECT_THAT(make_report(request).content, Not(HasSubstr("The text.")));
  // RFC 3461 4.3: when nothing failed, the header is enough.
  request.ret = protocol::DsnReturn::full;
  request.recipients[0].action = ReportAction::delayed;
  EXPECT_THAT(make_report(request).content, Not(HasSubstr("The text.")));
}

TEST(DeliveryReportTest, ReturnsTheHeaderOfALargeMessage) {
  ReportRequest request = example_request();
  request.ret = protocol::DsnReturn::full;
  std::string content(kExampleContent);
  while (content.size() < kReturnedContent) content += "And so on.\r\n";
  request.content = content;
  request.content_octets = content.size();
  EXPECT_THAT(make_report(request).content, Not(HasSubstr("The text.")));
  request.content = kExampleContent;  // the beginning of it
  EXPECT_THAT(make_report(request).content, HasSubstr("\r\nSubject: hello\r\n\r\n--=_"));
}

TEST(DeliveryReportTest, ReturnsWholeFieldsOfALongHeader) {
  ReportRequest request = example_request();
  std::string content = "Subject: long\r\n";
  while (content.size() < 2 * kReturnedHeader) content += "X-Field: one\r\n two\r\n";
  request.content = content;
  request.content_octets = content.size();
  const std::string report = make_report(request).content;
  EXPECT_THAT(report, HasSubstr("X-Field: one\r\n two\r\n\r\n--=_"));
  EXPECT_LT(report.size(), kReturnedHeader + 4'000);
}

TEST(DeliveryReportTest, ReturnsTheHeaderOfAMessageThatCannotStandInOne) {
  for (const std::string& text : {std::string("bare\nline end\r\n"), std::string("bare\rreturn\r\n"),
                                  std::string("nul \0\r\n", 7), std::string(999, 'x') + "\r\n"}) {
    ReportRequest request = example_request();
    request.ret = protocol::DsnReturn::full;
    const std::string content = std::string(kExampleContent) + text;
    request.content = content;
    request.content_octets = content.size();
    const DeliveryReport report = make_report(request);
    EXPECT_THAT(report.content, HasSubstr("Content-Type: text/rfc822-headers\r\n"));
    expect_lines(report.content);
  }
}

TEST(DeliveryReportTest, EncodesAHeaderThatCannotStandInAMessage) {
  for (const std::string& text :
       {std::string("X: bare\nline end\r\n"), std::string("X: nul \0\r\n", 10),
        std::string("X: ") + std::string(999, 'x') + "\r\n", std::string("X: latin \xE9\r\n")}) {
    ReportRequest request = example_request();
    const std::string content = text + std::string(kExampleContent);
    request.content = content;
    request.content_octets = content.size();
    const DeliveryReport report = make_report(request);
    EXPECT_THAT(report.content, HasSubstr("Content-Type: text/rfc822-headers\r\n"
                                          "Content-Transfer-Encoding: quoted-printable\r\n"));
    EXPECT_TRUE(is_ascii(report.content));
    expect_lines(report.content);
  }
}

TEST(DeliveryReportTest, SaysWhenWhatItReturnsHasEightBits) {
  ReportRequest request = example_request();
  request.ret = protocol::DsnReturn::full;
  const std::string content = std::string(kExampleContent) + "caf\xC3\xA9\r\n";
  request.content = content;
  request.content_octets = content.size();
  const DeliveryReport report = make_report(request);
  EXPECT_THAT(report.content,
              HasSubstr("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n"));
  EXPECT_TRUE(report.needs_eight_bit);
  EXPECT_FALSE(report.needs_smtputf8);
}

TEST(DeliveryReportTest, HasUtf8WhereTheSenderHas) {
  ReportRequest request = example_request();
  request.sender = "\xC3\xA1lice@example.com";
  request.recipients[0].address =
      "b\xC3\xB3"
      "b@example.org";
  request.recipients[0].original_type = "utf-8";
  request.recipients[0].original = "b\\x{F3}b\\x{2B}x@example.org";
  request.recipients[0].diagnostic =
      "550 5.1.1 b\xC3\xB3"
      "b?";
  const std::string content = "Subject: \xC3\xA1\r\n\r\nText.\r\n";
  request.content = content;
  request.content_octets = content.size();
  const DeliveryReport report = make_report(request);
  EXPECT_TRUE(report.needs_smtputf8);
  EXPECT_TRUE(report.needs_eight_bit);
  EXPECT_THAT(report.content, HasSubstr("To: <\xC3\xA1lice@example.com>\r\n"));
  EXPECT_THAT(report.content, HasSubstr("Content-Type: message/global-delivery-status\r\n"
                                        "Content-Transfer-Encoding: 8bit\r\n"));
  EXPECT_THAT(report.content, HasSubstr("\r\nOriginal-Recipient: utf-8; b\xC3\xB3"
                                        "b+x@example.org\r\n"));
  EXPECT_THAT(report.content, HasSubstr("\r\nFinal-Recipient: utf-8; b\xC3\xB3"
                                        "b@example.org\r\n"));
  EXPECT_THAT(report.content, HasSubstr("\r\nDiagnostic-Code: smtp; 550 5.1.1 b\xC3\xB3"
                                        "b?\r\n"));
  EXPECT_THAT(report.content, HasSubstr("Content-Type: message/global-headers\r\n"
                                        "Content-Transfer-Encoding: 8bit\r\n\r\nSubject: \xC3\xA1\r\n"));
  request.ret = protocol::DsnReturn::full;
  EXPECT_THAT(make_report(request).content,
              HasSubstr("Content-Type: message/global\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + content));
}

TEST(DeliveryReportTest, HasAsciiAloneWhereTheSenderHas) {
  ReportRequest request = example_request();
  request.recipients[0].address =
      "b\xC3\xB3"
      "b+x@example.org";
  request.recipients[0].original_type = "UTF-8";
  request.recipients[0].original =
      "b\xC3\xB3"
      "b@example.org";
  request.recipients[0].diagnostic =
      "550 5.1.1 b\xC3\xB3"
      "b?";
  const std::string content = "Subject: \xC3\xA1\r\n\r\nText.\r\n";
  request.content = content;
  request.content_octets = content.size();
  for (const auto ret : {protocol::DsnReturn::full, protocol::DsnReturn::headers}) {
    request.ret = ret;
    const DeliveryReport report = make_report(request);
    EXPECT_FALSE(report.needs_smtputf8);
    EXPECT_FALSE(report.needs_eight_bit);
    EXPECT_TRUE(is_ascii(report.content));
    EXPECT_THAT(report.content, HasSubstr("Subject: Undeliverable: your message\r\n"));
    EXPECT_THAT(report.content, HasSubstr("Content-Type: message/delivery-status\r\n"));
    EXPECT_THAT(report.content, HasSubstr("\r\nOriginal-Recipient: utf-8; b\\x{F3}b@example.org\r\n"));
    EXPECT_THAT(report.content, HasSubstr("\r\nFinal-Recipient: utf-8; b\\x{F3}b\\x{2B}x@example.org\r\n"));
    EXPECT_THAT(report.content, HasSubstr("\r\nDiagnostic-Code: smtp; 550 5.1.1 b??b?\r\n"));
    EXPECT_THAT(report.content, HasSubstr(ret == protocol::DsnReturn::full
                                              ? "Content-Type: message/global\r\n"
                                                "Content-Transfer-Encoding: base64\r\n"
                                              : "Content-Type: message/global-headers\r\n"
                                                "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
                                                "Subject: =C3=A1\r\n"));
  }
  request.sender_takes_smtputf8 = true;
  EXPECT_TRUE(make_report(request).needs_smtputf8);
}

TEST(DeliveryReportTest, LetsNothingBeInjected) {
  const std::string evil =
      std::string("x\r\nBcc: <all@example.net>\r\n\r\n--=_0123456789abc.0\r\n\n\r\xFF\x01", 52) +
      std::string(3'000, 'y');
  ReportRequest request = example_request();
  request.hostname = evil;
  request.sender = evil;
  request.envelope_id = evil;
  ReportRecipient& recipient = request.recipients[0];
  recipient.address = evil;
  recipient.original_type = evil;
  recipient.original = evil;
  recipient.remote_mta = evil;
  recipient.diagnostic = evil;
  const DeliveryReport report = make_report(request);
  expect_lines(report.content);
  EXPECT_THAT(report.content, Not(HasSubstr("\r\nBcc")));
  EXPECT_LT(report.content.size(), 30'000U);
}

TEST(DeliveryReportTest, HasABoundaryThatNoPartHas) {
  ReportRequest request = example_request();
  const std::string content = "Subject: \r\n --=_0123456789abc.0\r\nX: =_0123456789abc.1\r\n\r\n";
  request.content = content;
  request.content_octets = content.size();
  EXPECT_THAT(make_report(request).content, HasSubstr("boundary=\"=_0123456789abc.2\""));
}

TEST(WantsReportTest, DoesAsNotifySays) {
  const auto wants = [](protocol::DsnNotify notify) {
    std::string out;
    for (const ReportAction each : {ReportAction::failed, ReportAction::delayed, ReportAction::delivered,
                                    ReportAction::relayed, ReportAction::expanded}) {
      if (wants_report(notify, each, false)) out.append(to_string(each)).append(" ");
      EXPECT_FALSE(wants_report(notify, each, true)) << "a sender <> hears nothing";
    }
    return out;
  };
  protocol::DsnNotify notify;
  EXPECT_EQ(wants(notify), "failed delayed ");
  notify.given = true;
  notify.never = true;
  EXPECT_EQ(wants(notify), "");
  notify.never = false;
  notify.success = true;
  EXPECT_EQ(wants(notify), "delivered relayed expanded ");
  notify.success = false;
  notify.failure = true;
  EXPECT_EQ(wants(notify), "failed ");
  notify.failure = false;
  notify.delay = true;
  EXPECT_EQ(wants(notify), "delayed ");
}

}  // namespace
}  // namespace postrider::queue
