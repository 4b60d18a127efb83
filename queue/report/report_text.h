// The part of a delivery report that people read: what happened to whom, what the other server said, and what
// can be done about it.
#pragma once

#include <string>
#include <string_view>

#include "postrider/protocol/grammar/address.h"
#include "postrider/queue/report/delivery_report.h"

namespace postrider::queue {

// "Undeliverable: your message to bob@example.org", clean for a Subject. An address that has octets which
// `utf8` does not allow is not named.
std::string report_subject(const ReportRequest& request, protocol::Utf8 utf8);

// Lines with CRLF. `whole` says whether the third part has all of the message. Addresses and replies are in
// UTF-8 as far as they have it.
std::string report_text(const ReportRequest& request, bool whole);

}  // namespace postrider::queue
