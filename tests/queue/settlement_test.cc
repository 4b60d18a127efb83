#include "postrider/queue/settlement.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace postrider::queue {
namespace {

using namespace std::chrono_literals;
using protocol::Reply;
namespace code = protocol::code;
namespace status = protocol::status;

const Time kArrived(std::chrono::hours(24 * 365 * 50));

QueuedRecipient recipient(std::string rcpt, std::string destination = "mx:example.org") {
  QueuedRecipient out;
  out.rcpt = std::move(rcpt);
  out.destination = std::move(destination);
  out.next_attempt = kArrived;
  return out;
}

QueuedMessage message(std::vector<QueuedRecipient> recipients,
                      std::string mail = "MAIL FROM:<a@example.com>") {
  QueuedMessage out;
  out.id = MessageId{7};
  out.mail = std::move(mail);
  out.arrived = kArrived;
  out.expires = kArrived + 120h;
  out.recipients = std::move(recipients);
  return out;
}

Verdict verdict(Verdict::Kind kind) {
  Verdict out;
  out.kind = kind;
  out.local = false;
  out.host = "mx.example.org[192.0.2.1:25]";
  switch (kind) {
    case Verdict::Kind::delivered: out.reply = Reply(code::ok, status::other, "Ok"); break;
    case Verdict::Kind::failed:
      out.reply = Reply(code::mailbox_unavailable, status::bad_mailbox, "No such user");
      break;
    case Verdict::Kind::deferred: out.reply = Reply(code::local_error, status::mail_system, "Later"); break;
  }
  return out;
}

// All recipients get the same verdict.
Settlement settle_all(QueuedMessage& about, const Verdict& what, Time now,
                      std::string_view destination = "mx:example.org") {
  std::vector<RecipientVerdict> verdicts;
  for (const QueuedRecipient& each : about.recipients) verdicts.emplace_back(each.rcpt, what);
  return settle(about, destination, verdicts, RetrySchedule(RetryOptions()), now);
}

TEST(SettlementTest, TheDeliveredAreDoneInSilence) {
  QueuedMessage about = message({recipient("RCPT TO:<b@example.org>")});
  const Settlement outcome = settle_all(about, verdict(Verdict::Kind::delivered), kArrived);
  EXPECT_TRUE(about.recipients.empty());
  EXPECT_TRUE(outcome.notices.empty());
  EXPECT_EQ(outcome.delivered, 1U);
  EXPECT_EQ(outcome.again, std::nullopt);
}

// RFC 3461 5.2.7.3: the expansion of an alias, told once and to who has asked for it.
TEST(SettlementTest, AnExpansionIsToldWhereSuccessIsAskedFor) {
  QueuedMessage about = message(
      {recipient("RCPT TO:<team@example.org> NOTIFY=SUCCESS"), recipient("RCPT TO:<all@example.org>")});
  Verdict expanded = verdict(Verdict::Kind::delivered);
  expanded.expanded = true;
  const Settlement outcome = settle_all(about, expanded, kArrived);
  EXPECT_TRUE(about.recipients.empty());
  ASSERT_EQ(outcome.notices.size(), 1U);
  EXPECT_EQ(outcome.notices[0].action, ReportAction::expanded);
  EXPECT_EQ(outcome.notices[0].recipient.rcpt, "RCPT TO:<team@example.org> NOTIFY=SUCCESS");
  EXPECT_EQ(outcome.delivered, 0U) << "it is in nobody's mailbox yet";
}

TEST(SettlementTest, AFailureIsTold) {
  QueuedMessage about = message({recipient("RCPT TO:<b@example.org>")});
  const Settlement outcome = settle_all(about, verdict(Verdict::Kind::failed), kArrived);
  EXPECT_TRUE(about.recipients.empty());
  ASSERT_EQ(outcome.notices.size(), 1U);
  EXPECT_EQ(outcome.notices[0].action, ReportAction::failed);
  const ReportRequest request =
      report_request(about, outcome.notices, "mx.example.com", "id", "Subject: x\r\n\r\n", kArrived);
  EXPECT_EQ(request.sender, "a@example.com");
  ASSERT_EQ(request.recipients.size(), 1U);
  EXPECT_EQ(request.recipients[0].address, "b@example.org");
  EXPECT_EQ(request.recipients[0].remote_mta, "mx.example.org");
  EXPECT_EQ(request.recipients[0].diagnostic, "550 5.1.1 No such user");
  EXPECT_EQ(request.recipients[0].status, (protocol::EnhancedStatus{5, status::bad_mailbox}));
}

TEST(SettlementTest, TheDeferredAreTriedAgainAfterTheScheduledWait) {
  QueuedMessage about = message({recipient("RCPT TO:<b@example.org>")});
  const Settlement outcome = settle_all(about, verdict(Verdict::Kind::deferred), kArrived + 1s);
  ASSERT_EQ(about.recipients.size(), 1U);
  const QueuedRecipient& left = about.recipients[0];
  EXPECT_EQ(left.attempts, 1U);
  EXPECT_GE(left.next_attempt, kArrived + 1s + 54s);
  EXPECT_LE(left.next_attempt, kArrived + 1s + 66s);
  EXPECT_EQ(outcome.again, left.next_attempt);
  EXPECT_EQ(left.last_reply, "451 4.3.0 Later");
  EXPECT_EQ(left.last_host, "mx.example.org[192.0.2.1:25]");
  EXPECT_TRUE(outcome.notices.empty());
}

TEST(SettlementTest, ADelayIsToldOnce) {
  QueuedMessage about = message({recipient("RCPT TO:<b@example.org>")});
  const Settlement first = settle_all(about, verdict(Verdict::Kind::deferred), kArrived + 4h);
  ASSERT_EQ(first.notices.size(), 1U);
  EXPECT_EQ(first.notices[0].action, ReportAction::delayed);
  const ReportRequest request =
      report_request(about, first.notices, "mx.example.com", "id", "", kArrived + 4h);
  EXPECT_EQ(request.recipients[0].will_retry_until, about.expires);
  EXPECT_EQ(request.recipients[0].status.klass, 4);
  EXPECT_TRUE(settle_all(about, verdict(Verdict::Kind::deferred), kArrived + 8h).notices.empty());
}

TEST(SettlementTest, TheLastAttemptIsAtTheEndOfTheTimeAndThenItFails) {
  QueuedMessage about = message({recipient("RCPT TO:<b@example.org>")});
  about.recipients[0].attempts = 30;
  about.recipients[0].delay_reported = true;
  const Settlement late = settle_all(about, verdict(Verdict::Kind::deferred), about.expires - 1min);
  EXPECT_EQ(late.again, about.expires);
  const Settlement over = settle_all(about, verdict(Verdict::Kind::deferred), about.expires);
  EXPECT_TRUE(about.recipients.empty());
  ASSERT_EQ(over.notices.size(), 1U);
  EXPECT_EQ(over.notices[0].action, ReportAction::failed);
  const ReportRequest request =
      report_request(about, over.notices, "mx.example.com", "id", "", about.expires);
  EXPECT_EQ(request.recipients[0].status, (protocol::EnhancedStatus{5, {4, 7}})) << "delivery time expired";
  EXPECT_EQ(request.recipients[0].diagnostic, "451 4.3.0 Later") << "the peer's last word";
}

TEST(SettlementTest, RecipientsOfOneDestinationAreSplitByTheirResults) {
  QueuedMessage about =
      message({recipient("RCPT TO:<b@example.org>"), recipient("RCPT TO:<c@example.org>"),
               recipient("RCPT TO:<d@example.org>"), recipient("RCPT TO:<e@example.net>", "mx:example.net")});
  const std::vector<RecipientVerdict> verdicts = {
      {"RCPT TO:<b@example.org>", verdict(Verdict::Kind::delivered)},
      {"RCPT TO:<c@example.org>", verdict(Verdict::Kind::deferred)},
      {"RCPT TO:<d@example.org>", verdict(Verdict::Kind::failed)},
      {"RCPT TO:<e@example.net>", verdict(Verdict::Kind::failed)},  // of another line: does not count
  };
  const Settlement outcome =
      settle(about, "mx:example.org", verdicts, RetrySchedule(RetryOptions()), kArrived);
  ASSERT_EQ(about.recipients.size(), 2U);
  EXPECT_EQ(about.recipients[0].rcpt, "RCPT TO:<c@example.org>");
  EXPECT_EQ(about.recipients[1].rcpt, "RCPT TO:<e@example.net>");
  EXPECT_EQ(about.recipients[1].attempts, 0U);
  EXPECT_EQ(outcome.again, about.recipients[0].next_attempt);
  ASSERT_EQ(outcome.notices.size(), 1U);
  EXPECT_EQ(outcome.notices[0].recipient.rcpt, "RCPT TO:<d@example.org>");
}

struct NotifyCase {
  std::string_view notify;
  std::string_view mail;
  Verdict::Kind kind;
  bool final_delivery;
  bool passed_on;
  std::optional<ReportAction> told;
};

TEST(SettlementTest, WhoIsToldWhat) {
  using Kind = Verdict::Kind;
  constexpr std::string_view kFrom = "MAIL FROM:<a@example.com>";
  const std::vector<NotifyCase> table = {
      {" NOTIFY=SUCCESS", kFrom, Kind::delivered, true, false, ReportAction::delivered},
      {" NOTIFY=SUCCESS", kFrom, Kind::delivered, false, false, ReportAction::relayed},
      {" NOTIFY=SUCCESS", kFrom, Kind::delivered, false, true, std::nullopt},
      {" NOTIFY=SUCCESS", kFrom, Kind::failed, false, false, std::nullopt},
      {" NOTIFY=FAILURE", kFrom, Kind::delivered, true, false, std::nullopt},
      {" NOTIFY=FAILURE", kFrom, Kind::failed, false, false, ReportAction::failed},
      {" NOTIFY=NEVER", kFrom, Kind::failed, false, false, std::nullopt},
      {"", "MAIL FROM:<>", Kind::failed, false, false, std::nullopt},
      {" NOTIFY=FAILURE", "MAIL FROM:<>", Kind::failed, false, false, std::nullopt},
  };
  for (const NotifyCase& each : table) {
    QueuedMessage about =
        message({recipient("RCPT TO:<b@example.org>" + std::string(each.notify))}, std::string(each.mail));
    Verdict what = verdict(each.kind);
    what.final_delivery = each.final_delivery;
    what.reports_success = each.passed_on;
    const Settlement outcome = settle_all(about, what, kArrived);
    EXPECT_EQ(outcome.notices.size(), each.told ? 1U : 0U) << each.notify << each.mail;
    if (each.told && !outcome.notices.empty()) {
      EXPECT_EQ(outcome.notices[0].action, *each.told) << each.notify;
    }
  }
}

TEST(SettlementTest, AReportGoesFromNobodyToTheSender) {
  const QueuedMessage about = message({}, "MAIL FROM:<a@example.com> ENVID=x RET=FULL SMTPUTF8");
  DeliveryReport report;
  report.content = "Subject: report\r\n\r\n\xc3\xbc\r\n";
  report.needs_eight_bit = true;
  report.needs_smtputf8 = true;
  const QueuedMessage envelope = report_envelope(about, MessageId{9}, report, kArrived, 120h);
  EXPECT_EQ(envelope.mail, "MAIL FROM:<> BODY=8BITMIME SMTPUTF8");
  ASSERT_EQ(envelope.recipients.size(), 1U);
  EXPECT_EQ(envelope.recipients[0].rcpt, "RCPT TO:<a@example.com>");
  EXPECT_TRUE(envelope.report);
  EXPECT_TRUE(envelope.content.eight_bit);
  EXPECT_EQ(envelope.content.octets, report.content.size());
  EXPECT_EQ(envelope.expires, kArrived + 120h);
}

TEST(SettlementTest, TheReportNamesTheOriginalRecipient) {
  QueuedMessage about = message({recipient("RCPT TO:<b@example.org> ORCPT=rfc822;bob+2Bx@example.org")});
  const Settlement outcome = settle_all(about, verdict(Verdict::Kind::failed), kArrived);
  const ReportRequest request = report_request(about, outcome.notices, "h", "id", "", kArrived);
  EXPECT_EQ(request.recipients[0].original_type, "rfc822");
  EXPECT_EQ(request.recipients[0].original, "bob+2Bx@example.org");
}

// ---- Deadlines, RFC 2852 ----

QueuedMessage with_deadline(bool returns, bool trace, std::vector<std::string> rcpts) {
  std::vector<QueuedRecipient> recipients;
  for (std::string& each : rcpts) recipients.push_back(recipient(std::move(each)));
  QueuedMessage out = message(std::move(recipients));
  out.deliver_by = DeliverBy{kArrived + 10min, returns, trace};
  if (returns) out.expires = kArrived + 10min;
  return out;
}

TEST(SettlementTest, WhatIsTooLateIsReturned) {
  QueuedMessage about = with_deadline(
      true, false,
      {"RCPT TO:<b@example.org>", "RCPT TO:<c@example.org> NOTIFY=NEVER", "RCPT TO:<d@example.org>"});
  about.recipients[0].last_reply = "451 4.3.0 Later";
  const Settlement outcome = settle_deadline(about, {"RCPT TO:<d@example.org>"});
  ASSERT_EQ(about.recipients.size(), 1U);
  EXPECT_EQ(about.recipients[0].rcpt, "RCPT TO:<d@example.org>") << "is being tried: that decides";
  EXPECT_EQ(outcome.failed, 2U);
  ASSERT_EQ(outcome.notices.size(), 1U);
  const ReportRequest request =
      report_request(about, outcome.notices, "mx.example.com", "id", "", kArrived + 10min);
  EXPECT_EQ(request.deliver_by, kArrived + 10min);
  EXPECT_EQ(request.recipients[0].action, ReportAction::failed);
  EXPECT_EQ(request.recipients[0].status, (protocol::EnhancedStatus{5, {4, 7}}));
  EXPECT_EQ(request.recipients[0].diagnostic,
            "451 4.4.7 The time within which it was to be delivered is over; last: 451 4.3.0 Later");
  const Settlement ended = settle_all(about, verdict(Verdict::Kind::deferred), kArrived + 11min);
  EXPECT_TRUE(about.recipients.empty());
  EXPECT_EQ(ended.failed, 1U);
}

TEST(SettlementTest, ADelayIsToldAtTheDeadlineAndDeliveryGoesOn) {
  QueuedMessage about =
      with_deadline(false, false, {"RCPT TO:<b@example.org>", "RCPT TO:<c@example.org> NOTIFY=FAILURE"});
  const Settlement outcome = settle_deadline(about, {});
  EXPECT_EQ(about.recipients.size(), 2U);
  EXPECT_EQ(outcome.deferred, 2U);
  ASSERT_EQ(outcome.notices.size(), 1U);
  const ReportRequest request =
      report_request(about, outcome.notices, "mx.example.com", "id", "", kArrived + 10min);
  EXPECT_EQ(request.recipients[0].action, ReportAction::delayed);
  EXPECT_EQ(request.recipients[0].status, (protocol::EnhancedStatus{4, {4, 7}}));
  EXPECT_EQ(request.recipients[0].will_retry_until, about.expires);
  EXPECT_FALSE(has_deadline_ahead(about));
  EXPECT_TRUE(settle_deadline(about, {}).notices.empty()) << "once";
  EXPECT_TRUE(settle_all(about, verdict(Verdict::Kind::deferred), kArrived + 5h).notices.empty());
}

TEST(SettlementTest, UntilTheDeadlineNoDelayIsTold) {
  QueuedMessage about = with_deadline(false, false, {"RCPT TO:<b@example.org>"});
  about.deliver_by->at = kArrived + 10h;
  EXPECT_TRUE(settle_all(about, verdict(Verdict::Kind::deferred), kArrived + 5h).notices.empty());
  EXPECT_EQ(settle_deadline(about, {}).notices.size(), 1U);
}

// RFC 2852 4
TEST(SettlementTest, ARelayIsToldWhereATraceIsWantedOrTheDeadlineIsLost) {
  Verdict relayed = verdict(Verdict::Kind::delivered);
  relayed.reports_success = true;
  const auto told = [&](bool returns, bool trace, const char* rcpt) {
    QueuedMessage about = with_deadline(returns, trace, {rcpt});
    const Settlement outcome = settle_all(about, relayed, kArrived);
    if (outcome.notices.empty()) return false;
    EXPECT_EQ(outcome.notices[0].action, ReportAction::relayed);
    return true;
  };
  EXPECT_TRUE(told(true, true, "RCPT TO:<b@example.org>"));
  EXPECT_TRUE(told(false, true, "RCPT TO:<b@example.org> NOTIFY=FAILURE"));
  EXPECT_FALSE(told(false, true, "RCPT TO:<b@example.org> NOTIFY=NEVER"));
  EXPECT_FALSE(told(false, false, "RCPT TO:<b@example.org>")) << "the next host keeps the time";
  relayed.deadline_lost = true;
  EXPECT_TRUE(told(false, false, "RCPT TO:<b@example.org>"));
  EXPECT_TRUE(told(false, false, "RCPT TO:<b@example.org> NOTIFY=DELAY"));
  EXPECT_FALSE(told(false, false, "RCPT TO:<b@example.org> NOTIFY=FAILURE"));
  EXPECT_FALSE(told(false, false, "RCPT TO:<b@example.org> NOTIFY=NEVER"));
  relayed.final_delivery = true;
  EXPECT_FALSE(told(false, true, "RCPT TO:<b@example.org>")) << "it has arrived";
}

// RFC 8689 5
TEST(SettlementTest, AReportAboutAMessageThatRequiresTlsRequiresItAndReturnsTheHeader) {
  QueuedMessage about =
      message({recipient("RCPT TO:<b@example.org>")}, "MAIL FROM:<a@example.com> REQUIRETLS RET=FULL");
  const Settlement outcome = settle_all(about, verdict(Verdict::Kind::failed), kArrived);
  const ReportRequest request = report_request(about, outcome.notices, "mx.example.com", "id", "", kArrived);
  EXPECT_EQ(request.ret, protocol::DsnReturn::headers);
  const QueuedMessage report =
      report_envelope(about, MessageId{8}, make_report(request), kArrived, std::chrono::hours(1));
  EXPECT_EQ(report.mail, "MAIL FROM:<> REQUIRETLS");
}

}  // namespace
}  // namespace postrider::queue
