#include "postrider/queue/report/delivery_report.h"

#include <algorithm>
#include <array>
#include <vector>

#include "postrider/protocol/grammar/octets.h"
#include "postrider/protocol/grammar/utf8.h"
#include "postrider/protocol/grammar/xtext.h"
#include "postrider/queue/content/transfer_encoding.h"
#include "postrider/queue/report/mail_date.h"
#include "postrider/queue/report/report_field.h"
#include "postrider/queue/report/report_text.h"
#include "postrider/queue/report/returned_part.h"

namespace postrider::queue {
namespace {

using protocol::Utf8;

constexpr std::size_t kLongestId = 64;

// What may stand in a host name or in the left-hand side of a Message-ID.
std::string clean_word(std::string_view text, std::size_t bound) {
  std::string out(text.substr(0, bound));
  for (char& c : out) {
    if (!protocol::is(c, protocol::kLdh) && std::string_view("._[]:").find(c) == std::string_view::npos)
      c = '-';
  }
  return out.empty() ? "-" : out;
}

std::string write_status(const protocol::EnhancedStatus& status) {
  return std::to_string(status.klass) + "." + std::to_string(std::min<unsigned>(status.code.subject, 999)) +
         "." + std::to_string(std::min<unsigned>(status.code.detail, 999));
}

// What xtext stands for, where that can be shown; else as it is.
std::string decode_xtext(std::string_view text) {
  std::string decoded(text.size(), '\0');
  const auto used = protocol::xtext_decode(text, decoded);
  if (!used || !protocol::all(*used, protocol::kPrintable)) return std::string(text);
  return std::string(*used);
}

// RFC 3464 2.3.1 with type utf-8 of RFC 6533 3: as it is, or in the form that is ASCII. False when it has
// none.
bool put_utf8_address(FieldWriter& out, std::string_view name, std::string_view address, Utf8 utf8) {
  std::string encoded;
  if (utf8 == Utf8::no) {
    if (!protocol::utf8_address_encode(address, encoded) || encoded.size() > kMaxFieldAddress) return false;
    address = encoded;
  }
  out.address(name, "utf-8", address);
  return true;
}

// An address in whatever octets.
void put_address(FieldWriter& out, std::string_view name, std::string_view address, Utf8 utf8) {
  const bool needs_utf8 = !is_ascii(address) && protocol::is_utf8(address);
  if (needs_utf8 && put_utf8_address(out, name, address, utf8)) return;
  out.address(name, "rfc822", address);
}

void put_original(FieldWriter& out, const ReportRecipient& recipient, Utf8 utf8) {
  constexpr std::string_view kName = "Original-Recipient";
  const std::string_view original = recipient.original;
  if (recipient.original_type.empty()) {
    if (!original.empty() && original != recipient.address) put_address(out, kName, original, utf8);
    return;
  }
  std::string decoded(original.size(), '\0');
  const bool is_utf8_type = protocol::equal_ignoring_case(recipient.original_type, "utf-8");
  if (const auto used = protocol::utf8_address_decode(original, decoded); is_utf8_type && used) {
    if (put_utf8_address(out, kName, *used, utf8)) return;
  }
  out.address(kName, clean_word(recipient.original_type, kLongestId), decode_xtext(original));
}

// "mx.example.org" of "mx.example.org[192.0.2.1]"
std::string host_name(const std::string& host) {
  const std::size_t bracket = host.find('[');
  return bracket == 0 ? host : host.substr(0, bracket);
}

// RFC 3464 2.3
void put_recipient(const ReportRecipient& recipient, Utf8 utf8, std::string& out) {
  FieldWriter fields(out, utf8);
  out.append("\r\n");
  put_original(fields, recipient, utf8);
  put_address(fields, "Final-Recipient", recipient.address, utf8);
  fields.raw("Action", to_string(recipient.action));
  fields.raw("Status", write_status(recipient.status));
  if (!recipient.remote_mta.empty() && !recipient.is_of_a_socket_here()) {
    fields.text("Remote-MTA", "dns; " + host_name(recipient.remote_mta));
  }
  if (!recipient.diagnostic.empty()) {
    // 2.3.6: "smtp" is for what an SMTP server has really said.
    const std::string_view type = recipient.remote_mta.empty() ? "x-postrider; " : "smtp; ";
    fields.text("Diagnostic-Code", std::string(type) + recipient.diagnostic);
  }
  if (recipient.last_attempt) fields.date("Last-Attempt-Date", *recipient.last_attempt);
  if (recipient.will_retry_until && recipient.action == ReportAction::delayed) {
    fields.date("Will-Retry-Until", *recipient.will_retry_until);
  }
}

ReportPart status_part(const ReportRequest& request, const std::string& hostname, Utf8 utf8) {
  ReportPart part;
  part.description = "Delivery report";
  FieldWriter fields(part.body, utf8);
  // RFC 3464 2.2, with ENVID decoded: RFC 3461 6.3
  if (!request.envelope_id.empty()) fields.text("Original-Envelope-Id", decode_xtext(request.envelope_id));
  fields.raw("Reporting-MTA", "dns; " + hostname);
  fields.date("Arrival-Date", request.arrived);
  if (request.deliver_by) fields.date("Deliver-By-Date", *request.deliver_by);  // RFC 2852
  for (const ReportRecipient& each : request.recipients) put_recipient(each, utf8, part.body);
  const bool ascii = is_ascii(part.body);
  part.type = ascii ? "message/delivery-status" : "message/global-delivery-status";
  part.encoding = ascii ? "7bit" : "8bit";
  return part;
}

ReportPart human_part(const ReportRequest& request, bool whole, Utf8 utf8) {
  ReportPart part;
  part.description = "What happened";
  part.body = report_text(request, whole);
  part.type = "text/plain; charset=us-ascii";
  part.encoding = "7bit";
  if (is_ascii(part.body)) return part;
  part.type = "text/plain; charset=utf-8";
  part.encoding = utf8 == Utf8::yes ? "8bit" : "quoted-printable";
  if (utf8 == Utf8::no) part.body = quoted_printable(part.body);
  return part;
}

using Parts = std::array<ReportPart, 3>;

// A boundary that stands in none of the parts. Each try differs in its end, so a part would have to hold
// every one of them.
std::string choose_boundary(const std::string& id, const Parts& parts) {
  for (std::size_t attempt = 0;; ++attempt) {
    std::string boundary = "=_" + id.substr(0, 48) + "." + std::to_string(attempt);
    const auto has = [&boundary](const ReportPart& part) {
      return part.body.find(boundary) != std::string::npos;
    };
    if (std::ranges::none_of(parts, has)) return boundary;
  }
}

void put_header(const ReportRequest& request, const std::string& hostname, const std::string& id,
                const std::string& boundary, bool eight_bit, Utf8 utf8, std::string& out) {
  FieldWriter fields(out, utf8);
  fields.raw("Date", write_mail_date(request.now));
  fields.raw("From", "Mail Delivery System <postmaster@" + hostname + ">");
  fields.raw("To", "<" + clean_address(request.sender, utf8) + ">");
  fields.text("Subject", report_subject(request, utf8));
  fields.raw("Message-ID", "<" + id + "@" + hostname + ">");
  fields.raw("Auto-Submitted", "auto-replied");  // RFC 3834 5
  fields.raw("MIME-Version", "1.0");
  fields.raw("Content-Type",
             "multipart/report; report-type=delivery-status;\r\n boundary=\"" + boundary + "\"");
  fields.raw("Content-Transfer-Encoding", eight_bit ? "8bit" : "7bit");
  out.append("\r\n");
}

void put_part(const ReportPart& part, const std::string& boundary, std::string& out) {
  out.append("--").append(boundary).append("\r\n");
  FieldWriter fields(out, Utf8::no);
  fields.raw("Content-Description", part.description);
  fields.raw("Content-Type", part.type);
  fields.raw("Content-Transfer-Encoding", part.encoding);
  // The line end before a boundary belongs to that, RFC 2046 5.1.1.
  out.append("\r\n").append(part.body).append("\r\n");
}

}  // namespace

std::string_view to_string(ReportAction action) noexcept {
  switch (action) {
    case ReportAction::failed: return "failed";
    case ReportAction::delayed: return "delayed";
    case ReportAction::delivered: return "delivered";
    case ReportAction::relayed: return "relayed";
    case ReportAction::expanded: return "expanded";
  }
  return {};
}

DeliveryReport make_report(const ReportRequest& request) {
  const bool utf8_sender = !is_ascii(request.sender);
  const Utf8 utf8 = utf8_sender || request.sender_takes_smtputf8 ? Utf8::yes : Utf8::no;
  const std::string hostname = clean_word(request.hostname, protocol::kMaxDomain);
  const std::string id = clean_word(request.id, kLongestId);
  ReportPart returned = returned_part(request, utf8);
  const bool whole = is_whole(returned);
  const Parts parts = {human_part(request, whole, utf8), status_part(request, hostname, utf8),
                       std::move(returned)};

  DeliveryReport report;
  report.needs_eight_bit =
      std::ranges::any_of(parts, [](const ReportPart& part) { return part.encoding == "8bit"; });
  const std::string boundary = choose_boundary(id, parts);
  put_header(request, hostname, id, boundary, report.needs_eight_bit, utf8, report.content);
  const bool utf8_header = !is_ascii(report.content);
  for (const ReportPart& each : parts) put_part(each, boundary, report.content);
  report.content.append("--").append(boundary).append("--\r\n");
  report.needs_smtputf8 =
      utf8_sender || utf8_header || std::ranges::any_of(parts, [](const ReportPart& part) {
        return part.encoding == "8bit" && part.type.starts_with("message/global");
      });
  return report;
}

bool wants_report(const protocol::DsnNotify& notify, ReportAction action, bool sender_is_null) noexcept {
  if (sender_is_null || notify.never) return false;
  switch (action) {
    case ReportAction::failed: return !notify.given || notify.failure;
    case ReportAction::delayed: return !notify.given || notify.delay;
    case ReportAction::delivered:
    case ReportAction::relayed:
    case ReportAction::expanded: return notify.success;
  }
  return false;
}

}  // namespace postrider::queue
