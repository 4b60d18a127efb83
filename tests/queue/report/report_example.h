// A report's request as the tests begin with: one recipient failed, with everything that a report can say.
#pragma once

#include <chrono>

#include "postrider/queue/report/delivery_report.h"

namespace postrider::queue {

inline constexpr std::string_view kExampleContent =
    "From: <alice@example.com>\r\nTo: <bob@example.org>\r\nMessage-ID: <1@example.com>\r\nSubject: hello\r\n"
    "\r\nThe text.\r\n";

inline ReportRecipient failed_recipient() {
  ReportRecipient recipient;
  recipient.address = "bob@example.org";
  recipient.original_type = "rfc822";
  recipient.original = "bob+2Btag@example.org";
  recipient.status = {5, protocol::status::bad_mailbox};
  recipient.remote_mta = "mx.example.org";
  recipient.diagnostic = "550 5.1.1 No such user here";
  recipient.last_attempt = Time(std::chrono::seconds(1'790'000'100));
  return recipient;
}

inline ReportRequest example_request() {
  ReportRequest request;
  request.hostname = "mail.example.com";
  request.id = "0123456789abc";
  request.now = Time(std::chrono::seconds(1'790'000'200));
  request.sender = "alice@example.com";
  request.envelope_id = "QQ+2B314";
  request.arrived = Time(std::chrono::seconds(1'790'000'000));
  request.recipients = {failed_recipient()};
  request.content = kExampleContent;
  request.content_octets = kExampleContent.size();
  return request;
}

}  // namespace postrider::queue
