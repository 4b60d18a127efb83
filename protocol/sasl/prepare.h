// Which names and passwords are taken, and as which octets: the part of SASLprep (RFC 4013) that refuses.
//
// ASCII without control characters is taken as it is, and that is what SASLprep makes of it too. Other text
// must be UTF-8, and is refused when it holds a character that SASLprep prohibits (RFC 4013 2.3) or would
// map to a space or to nothing (RFC 4013 2.1). Nothing is ever changed: no normalization (NFKC) is done, so
// that two spellings of what looks the same are two passwords; the rules for text in both directions (RFC
// 3454 6) and unassigned code points are not looked at.
#pragma once

#include <string_view>

namespace postrider::protocol::sasl {

// True for the empty text as well.
[[nodiscard]] bool is_prepared(std::string_view text) noexcept;

}  // namespace postrider::protocol::sasl
