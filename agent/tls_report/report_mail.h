// The mail that carries a day's report: RFC 8460 5.3.
//
//   ReportMail mail;
//   mail.domain = "example.org"; …
//   const std::string content = write_report_mail(mail);
//
// It asks to be sent without regard to TLS policies, "TLS-Required: No" of RFC 8689: what it tells about may
// be what would stop it (RFC 8460 3 and 5.3.1). Pure; ASCII, in lines as RFC 5322 2.1.1 wants them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "postrider/agent/tls_report/report_counts.h"
#include "postrider/queue/time.h"

namespace postrider::agent {

struct ReportMail {
  std::string domain;           // about which it is
  std::string submitter;        // the domain of whoever reports
  std::string from;             // an address of that domain
  std::vector<std::string> to;  // addresses, at least one
  std::string report_id;        // left of the "@": letters, digits, "." and "-"
  std::string message_id;       // whole, without brackets
  ReportCounts::Day day;
  std::string unique_id;  // letters and digits
  queue::Time date;
  std::string gzipped_json;
};

std::string write_report_mail(const ReportMail& mail);

}  // namespace postrider::agent
