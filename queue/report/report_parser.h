// Reads delivery reports (delivery status notifications, RFC 3464) that others have written.
//
//   auto report = parse_report(message);
//   if (report) for (const ParsedRecipient& each : report->recipients) …
//
// Reads what Postfix, Exim, sendmail, Exchange and Gmail write, and what is written with less care: line ends
// without CR, a multipart that is no multipart/report, missing types, comments, several recipients in one
// group. A field that is missing or cannot be read is empty. All texts are one line without control octets,
// in UTF-8 where they are not in ASCII.
//
// Whoever can send a message can send a report: it proves nothing about the recipient, and not even that the
// message it is about was ever sent. Compare envelope id or Message-ID with what was sent before you act.
//
// Bounded by the constants below, iterative; nothing is thrown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/protocol/grammar/enhanced_status.h"
#include "postrider/queue/report/delivery_report.h"
#include "postrider/queue/time.h"

namespace postrider::queue {

// Of the message no more is looked at. The report comes before the returned message, which may be large.
inline constexpr std::size_t kParsedReport = std::size_t{1} << 20;
inline constexpr std::size_t kParsedRecipients = 1'000;  // further ones are left out

// "rfc822; bob@example.org", "dns; mx.example.org", "smtp; 550 No such user"
struct TypedText {
  std::string type;  // in lower case; empty: there was none
  std::string text;

  friend bool operator==(const TypedText&, const TypedText&) = default;
};

struct ParsedRecipient {
  TypedText original;  // addresses of type utf-8 are decoded, RFC 6533 3
  TypedText final;
  std::optional<ReportAction> action;
  std::optional<protocol::EnhancedStatus> status;
  TypedText remote_mta;  // its name alone
  TypedText diagnostic;
  std::optional<Time> last_attempt;
  std::optional<Time> will_retry_until;

  friend bool operator==(const ParsedRecipient&, const ParsedRecipient&) = default;
};

struct ParsedReport {
  std::string envelope_id;
  TypedText reporting_mta;
  std::optional<Time> arrived;
  std::vector<ParsedRecipient> recipients;  // at least one
  std::string message_id;                   // of the message that the report is about, without brackets

  friend bool operator==(const ParsedReport&, const ParsedReport&) = default;
};

enum class ReportFault : std::uint8_t {
  no_report,      // nothing in the message is a message/delivery-status
  no_recipients,  // it names nobody
};

std::expected<ParsedReport, ReportFault> parse_report(std::string_view message);

}  // namespace postrider::queue
