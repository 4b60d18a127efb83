// xtext of RFC 3461 4 (with RFC 6533 3's way of writing Unicode in it): how arbitrary octets travel in ENVID,
// ORCPT and AUTH parameters.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "postrider/protocol/error.h"
#include "postrider/protocol/grammar/octets.h"

namespace postrider::protocol {

// xtext = *( xchar / hexchar ). Lower-case hex and a cut "+4" are no xtext.
[[nodiscard]] bool is_xtext(std::string_view text) noexcept;
// Recogniser: takes as much xtext as there is (maybe nothing) and moves the cursor.
std::string_view xtext(Cursor& cursor) noexcept;

// What `text` stands for, written into `out`, which must be at least as long as `text`. Errors: bad_xtext
// (also when `out` is too small).
Result<std::string_view> xtext_decode(std::string_view text, std::span<char> out) noexcept;
// Appends the xtext for any octets.
void xtext_encode(std::string_view octets, std::string& out);

// utf-8-addr-xtext / utf-8-addr-unitext of RFC 6533 3: an ORCPT address of type utf-8. "\x{HEX}" stands for a
// code point; UTF-8 may stand for itself in unitext. The result is UTF-8. Errors: bad_xtext (surrogates, code
// points that must not be embedded, unterminated "\x{"). ABNF literals have no case (RFC 5234 2.3), so
// lower-case hex is read.
Result<std::string_view> utf8_address_decode(std::string_view text, std::span<char> out) noexcept;
// Appends utf-8-addr-xtext: pure ASCII, so that it may pass hosts without SMTPUTF8. False (nothing appended)
// when `utf8` is not well-formed UTF-8 or has a control octet for which HEXPOINT knows no form, such as CR or
// LF.
bool utf8_address_encode(std::string_view utf8, std::string& out);

}  // namespace postrider::protocol
