// The date-time of header fields and of delivery reports, RFC 5322 3.3, in both directions.
//
// Written in UTC with a numeric zone, as RFC 3464 2.2.5 wants it; whole seconds. Read as it comes: with or
// without the day of the week and the seconds, with comments, with years of two digits and the old names of
// zones (RFC 5322 4.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "postrider/queue/time.h"

namespace postrider::queue {

// "Sat, 21 Nov 2026 22:31:04 +0000". Times outside of the years 1900 to 9999, kNever among them, are written
// as the nearest of these years.
std::string write_mail_date(Time time);

// nullopt for what is no date, or none of the years 1900 to 9999.
std::optional<Time> read_mail_date(std::string_view text) noexcept;

}  // namespace postrider::queue
