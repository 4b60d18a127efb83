// What an attempt's verdicts make of a message: who is done, who is tried again and when, and what the sender
// is to hear.
//
//   const Settlement outcome = settle(message, "mx:example.org", verdicts, schedule, now);
//   // `message` lists those who are left; without any it is to be removed
//   // outcome.notices: what a report has to say, if there are any
//
// Pure. The caller makes the message's new state and the report durable together, so that neither can be lost
// and the report does not go out twice.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/queue/message.h"
#include "postrider/queue/report/delivery_report.h"
#include "postrider/queue/retry_schedule.h"
#include "postrider/queue/time.h"
#include "postrider/queue/verdict.h"

namespace postrider::queue {

struct RecipientVerdict {
  RecipientVerdict(std::string command, Verdict what) : rcpt(std::move(command)), verdict(std::move(what)) {}

  std::string rcpt;  // the recipient's command, which tells it from the message's others
  Verdict verdict;
};

// What the sender is to hear about one recipient.
struct Notice {
  Notice(QueuedRecipient whom, ReportAction what, Verdict why)
      : recipient(std::move(whom)), action(what), verdict(std::move(why)) {}

  QueuedRecipient recipient;
  ReportAction action;
  Verdict verdict;
};

struct Settlement {
  std::vector<Notice> notices;
  std::optional<Time> again;  // when those who are left in this line are due
  std::size_t delivered = 0;
  std::size_t failed = 0;
  std::size_t deferred = 0;
};

// About recipients of `message` who wait in line for `destination`; those without a verdict stay as they are.
Settlement settle(QueuedMessage& message, std::string_view destination,
                  const std::vector<RecipientVerdict>& verdicts, const RetrySchedule& schedule, Time now);

// The deadline of `message` has come. In mode R whoever still waits has failed, but for those who are being
// tried just now (`tried`, RCPT commands): their attempts decide. In mode N the sender hears of the delay.
Settlement settle_deadline(QueuedMessage& message, const std::vector<std::string>& tried);

// The report that tells `notices`; at least one. `content` as ReportRequest wants it.
ReportRequest report_request(const QueuedMessage& message, const std::vector<Notice>& notices,
                             std::string_view hostname, std::string_view id, std::string_view content,
                             Time now);

// The envelope of a report on its way to the sender of `message`, without destination.
QueuedMessage report_envelope(const QueuedMessage& message, MessageId id, const DeliveryReport& report,
                              Time now, Duration lifetime);

}  // namespace postrider::queue
