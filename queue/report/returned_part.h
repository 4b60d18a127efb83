// The third part of a delivery report: the message that the report is about, or its header.
#pragma once

#include <string>
#include <string_view>

#include "postrider/protocol/grammar/address.h"
#include "postrider/queue/report/delivery_report.h"

namespace postrider::queue {

// A part of the report: Content-Type and the rest of its header, and its content.
struct ReportPart {
  std::string_view type;      // "message/rfc822"
  std::string_view encoding;  // "7bit", "8bit", "quoted-printable", "base64"
  std::string_view description;
  std::string body;
};

// All of the message when its sender asked for that and a recipient failed (RFC 3461 4.3), it is no larger
// than kReturnedContent, and its octets may stand in a message; else its header, with what may not stand
// there encoded. `utf8` says whether the report may go with SMTPUTF8.
ReportPart returned_part(const ReportRequest& request, protocol::Utf8 utf8);

// True when the part has all of the message.
bool is_whole(const ReportPart& part) noexcept;

// "7bit" or "8bit" can be said of `text`: lines that end in CRLF and have at most 998 octets, no NUL.
bool is_plain_lines(std::string_view text) noexcept;
bool is_ascii(std::string_view text) noexcept;

}  // namespace postrider::queue
