#include "postrider/queue/report/report_parser.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "postrider/tests/queue/report/report_example.h"
#include "postrider/tests/queue/report/report_samples.h"

namespace postrider::queue {
namespace {

constexpr Time kArrived{std::chrono::seconds(1'790'000'000)};

std::string with_crlf(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '\n' ? "\r\n" : std::string(1, c);
  return out;
}

ParsedReport parse(std::string_view message) {
  const auto report = parse_report(message);
  EXPECT_TRUE(report.has_value());
  EXPECT_EQ(parse_report(with_crlf(message)), report);
  return report.value_or(ParsedReport());
}

ParsedRecipient failed(TypedText diagnostic) {
  ParsedRecipient recipient;
  recipient.final = {"rfc822", "bob@example.org"};
  recipient.action = ReportAction::failed;
  recipient.status = protocol::EnhancedStatus{5, {1, 1}};
  recipient.remote_mta = {"dns", "mx.example.org"};
  recipient.diagnostic = std::move(diagnostic);
  return recipient;
}

ParsedReport about(std::string_view server, std::vector<ParsedRecipient> recipients) {
  ParsedReport report;
  report.reporting_mta = {"dns", std::string(server)};
  report.arrived = kArrived;
  report.recipients = std::move(recipients);
  report.message_id = "1@example.com";
  return report;
}

TEST(ReportParserTest, ReadsPostfix) {
  ParsedRecipient bob =
      failed({"smtp",
              "550 5.1.1 <bob@example.org>: Recipient address rejected: User unknown in local "
              "recipient table"});
  bob.original = {"rfc822", "bob+tag@example.org"};
  EXPECT_EQ(parse(kPostfixReport), about("mail.example.com", {bob}));
}

TEST(ReportParserTest, ReadsExim) {
  ParsedRecipient bob = failed({"smtp", "550 5.1.1 No such user"});
  bob.status = protocol::EnhancedStatus{5, {0, 0}};
  ParsedReport expected = about("mail.example.com", {bob});
  expected.arrived = std::nullopt;
  EXPECT_EQ(parse(kEximReport), expected);
}

TEST(ReportParserTest, ReadsSendmail) {
  ParsedRecipient bob;
  bob.original = {"rfc822", "bob@example.org"};
  bob.final = {"rfc822", "bob@example.org"};
  bob.action = ReportAction::delayed;
  bob.status = protocol::EnhancedStatus{4, {4, 1}};
  bob.remote_mta = {"dns", "mx.example.org"};
  bob.diagnostic = {"smtp", "451 4.4.1 reply: read error from mx.example.org."};
  bob.last_attempt = kArrived + std::chrono::seconds(4);
  bob.will_retry_until = kArrived + std::chrono::days(5);
  ParsedRecipient carol;
  carol.final = {"x-unix", "carol"};
  carol.action = ReportAction::expanded;
  carol.status = protocol::EnhancedStatus{2, {0, 0}};
  ParsedReport expected = about("mail.example.com", {bob, carol});
  expected.envelope_id = "QQ+314";
  EXPECT_EQ(parse(kSendmailReport), expected);
}

TEST(ReportParserTest, ReadsExchange) {
  ParsedRecipient bob = failed(
      {"smtp", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"});
  bob.original = bob.final;
  bob.status = protocol::EnhancedStatus{5, {1, 10}};
  bob.remote_mta = {};
  EXPECT_EQ(parse(kExchangeReport), about("EX01.example.com", {bob}));
}

TEST(ReportParserTest, ReadsGmail) {
  ParsedRecipient bob =
      failed({"smtp",
              "550-5.1.1 The email account that you tried to reach does not exist. 550-5.1.1 "
              "Please try double-checking the recipient's address. 550 5.1.1 Learn more"});
  bob.remote_mta.text = "mx.example.org.";
  bob.last_attempt = kArrived + std::chrono::seconds(4);
  EXPECT_EQ(parse(kGmailReport), about("googlemail.com", {bob}));
}

TEST(ReportParserTest, ReadsWhatIsWrittenWithoutCare) {
  ParsedRecipient bob;
  bob.final = {"", "bob@example.org"};
  bob.action = ReportAction::failed;
  bob.status = protocol::EnhancedStatus{5, {1, 1}};
  bob.diagnostic = {"", "no type here"};
  ParsedRecipient carol;
  carol.final = {"rfc822", "carol@example.org"};
  ParsedRecipient third;
  third.original = {"utf-8", "d\xC3\xA9j\xC3\xA0@example.org"};
  third.action = ReportAction::delivered;
  ParsedReport expected = about("", {bob, carol, third});
  expected.reporting_mta = {"", "mail.example.com"};
  expected.arrived = std::nullopt;
  EXPECT_EQ(parse(kSloppyReport), expected);
}

TEST(ReportParserTest, ReadsWhatWeWrite) {
  const auto report = parse_report(make_report(example_request()).content);
  ParsedRecipient bob = failed({"smtp", "550 5.1.1 No such user here"});
  bob.original = {"rfc822", "bob+tag@example.org"};
  bob.last_attempt = kArrived + std::chrono::seconds(100);
  ParsedReport expected = about("mail.example.com", {bob});
  expected.envelope_id = "QQ+314";
  EXPECT_EQ(report, expected);
}

TEST(ReportParserTest, ReadsAllFormsThatWeWrite) {
  ReportRequest request = example_request();
  ReportRecipient& recipient = request.recipients[0];
  recipient.address =
      "b\xC3\xB3"
      "b@example.org";
  recipient.original_type = "utf-8";
  recipient.original = "b\\x{F3}b\\x{2B}x@example.org";
  recipient.action = ReportAction::delayed;
  recipient.will_retry_until = request.now;
  recipient.diagnostic = "451-4.7.1 Greylisted,\n451 4.7.1 come back " + std::string(2'000, 'x');
  const std::string content = "Subject: \xC3\xA1\r\nMessage-ID: <1@example.com>\r\n\r\nText.\r\n";
  request.content = content;
  request.content_octets = content.size();
  for (const bool utf8 : {false, true}) {
    for (const auto ret : {protocol::DsnReturn::full, protocol::DsnReturn::headers}) {
      request.sender_takes_smtputf8 = utf8;
      request.ret = ret;
      const auto report = parse_report(make_report(request).content);
      ASSERT_TRUE(report.has_value());
      ASSERT_EQ(report->recipients.size(), 1U);
      const ParsedRecipient& read = report->recipients[0];
      EXPECT_EQ(read.final, (TypedText{"utf-8", recipient.address}));
      EXPECT_EQ(read.original, (TypedText{"utf-8",
                                          "b\xC3\xB3"
                                          "b+x@example.org"}));
      EXPECT_EQ(read.action, ReportAction::delayed);
      EXPECT_EQ(read.will_retry_until, request.now);
      EXPECT_TRUE(read.diagnostic.text.starts_with("451-4.7.1 Greylisted, 451 4.7.1 come back xxx"));
      EXPECT_EQ(report->message_id, "1@example.com");
    }
  }
}

TEST(ReportParserTest, RefusesWhatIsNoReport) {
  for (const char* text : {"", "Subject: a\r\n\r\nFinal-Recipient: rfc822; a@example.org\r\n",
                           "Content-Type: multipart/report; boundary=x\r\n\r\n--x\r\n\r\ntext\r\n--x--\r\n",
                           // A report that somebody has forwarded is about somebody else's message.
                           "Content-Type: message/rfc822\r\n\r\nContent-Type: message/delivery-status\r\n\r\n"
                           "Final-Recipient: rfc822; a@example.org\r\n"}) {
    const auto report = parse_report(text);
    ASSERT_FALSE(report.has_value()) << text;
    EXPECT_EQ(report.error(), ReportFault::no_report);
  }
  const auto empty = parse_report("Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; a\r\n");
  ASSERT_FALSE(empty.has_value());
  EXPECT_EQ(empty.error(), ReportFault::no_recipients);
}

TEST(ReportParserTest, ReadsABoundedNumberOfRecipients) {
  std::string text = "Content-Type: message/delivery-status\r\n\r\n";
  for (int each = 0; each < 3'000; ++each) text += "\r\nFinal-Recipient: rfc822; a@example.org\r\n";
  const auto report = parse_report(text);
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->recipients.size(), kParsedRecipients);
}

TEST(ReportParserTest, OfACutReportReadsWhatIsThere) {
  for (const std::string_view sample : {kPostfixReport, kSendmailReport, kGmailReport, kSloppyReport}) {
    const std::string whole = with_crlf(sample);
    const ParsedReport expected = parse(sample);
    std::size_t read = 0;
    for (std::size_t size = 0; size <= whole.size(); ++size) {
      const auto report = parse_report(std::string_view(whole).substr(0, size));
      if (!report) continue;
      ++read;
      EXPECT_LE(report->recipients.size(), expected.recipients.size()) << size;
      // Only the last one can be cut.
      for (std::size_t each = 0; each + 1 < report->recipients.size(); ++each) {
        EXPECT_EQ(report->recipients[each], expected.recipients[each]) << size;
      }
    }
    EXPECT_GT(read, 100U);
  }
}

}  // namespace
}  // namespace postrider::queue
