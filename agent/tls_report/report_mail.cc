#include "postrider/agent/tls_report/report_mail.h"

#include "postrider/queue/content/transfer_encoding.h"
#include "postrider/queue/report/mail_date.h"
#include "postrider/queue/report/report_field.h"

namespace postrider::agent {
namespace {

using queue::FieldWriter;

std::string recipients(const std::vector<std::string>& to) {
  std::string out;
  for (const std::string& each : to) {
    if (!out.empty()) out += ",\r\n ";
    out += "<" + queue::clean_address(each, protocol::Utf8::no) + ">";
  }
  return out;
}

std::string date_of(ReportCounts::Day day) {
  // "Sat, 21 Nov 2026 00:00:00 +0000" without its time.
  return queue::write_mail_date(queue::Time(day)).substr(0, 16);
}

std::string human_text(const ReportMail& mail) {
  std::string text;
  queue::wrap("This is a report by " + mail.submitter + " about TLS on the way to the mail servers of " +
                  mail.domain + " on " + date_of(mail.day) +
                  " (UTC), as RFC 8460 describes it. It was asked for by the TXT record _smtp._tls." +
                  mail.domain + ". The report itself is attached.",
              "", 76, text);
  return text;
}

void put_part(std::string_view boundary, std::string_view type, std::string_view encoding,
              std::string_view disposition, std::string_view body, std::string& out) {
  out.append("--").append(boundary).append("\r\n");
  FieldWriter fields(out, protocol::Utf8::no);
  fields.raw("Content-Type", type);
  fields.raw("Content-Transfer-Encoding", encoding);
  if (!disposition.empty()) fields.raw("Content-Disposition", disposition);
  // The line end before a boundary belongs to that, RFC 2046 5.1.1.
  out.append("\r\n").append(body).append("\r\n");
}

}  // namespace

std::string write_report_mail(const ReportMail& mail) {
  const std::string id = "<" + mail.report_id + "@" + mail.submitter + ">";
  const std::string boundary = "=_" + mail.unique_id;  // "=_" is in no base64 and not in the text
  std::string out;
  FieldWriter fields(out, protocol::Utf8::no);
  fields.raw("Date", queue::write_mail_date(mail.date));
  fields.raw("From", "<" + queue::clean_address(mail.from, protocol::Utf8::no) + ">");
  fields.raw("To", recipients(mail.to));
  // RFC 8460 5.3 gives the words and their order.
  fields.text("Subject",
              "Report Domain: " + mail.domain + " Submitter: " + mail.submitter + " Report-ID: " + id);
  fields.raw("Message-ID", "<" + mail.message_id + ">");
  fields.raw("Auto-Submitted", "auto-generated");  // RFC 3834 5
  fields.raw("TLS-Required", "No");                // RFC 8689
  fields.text("TLS-Report-Domain", mail.domain);
  fields.text("TLS-Report-Submitter", mail.submitter);
  fields.raw("MIME-Version", "1.0");
  fields.raw("Content-Type", "multipart/report; report-type=\"tlsrpt\";\r\n boundary=\"" + boundary + "\"");
  out.append("\r\n");
  put_part(boundary, "text/plain; charset=us-ascii", "7bit", "", human_text(mail), out);
  // RFC 8460 5.1; the name has neither quotes nor spaces.
  const std::string name = report_file_name(mail.submitter, mail.domain, mail.day, mail.unique_id) + ".gz";
  put_part(boundary, "application/tlsrpt+gzip", "base64", "attachment;\r\n filename=\"" + name + "\"",
           queue::base64_lines(mail.gzipped_json), out);
  return out.append("--").append(boundary).append("--\r\n");
}

}  // namespace postrider::agent
