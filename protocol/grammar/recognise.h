// The recognisers of address.h and parameters.h in the form that parse_command uses: they write their result
// where it is to stay instead of returning it, since a Mail is large and a command must cost little. Not for
// use outside of protocol/. Each moves the cursor on success alone; after a failure what was written to `out`
// means nothing.
#pragma once

#include <string_view>

#include "postrider/protocol/grammar/address.h"
#include "postrider/protocol/grammar/parameters.h"
#include "postrider/protocol/grammar/verdict.h"

namespace postrider::protocol::recognise {

// `out` must be empty: default-made.
Verdict host(Cursor& cursor, Utf8 utf8, Host& out) noexcept;
Verdict reverse_path(Cursor& cursor, Utf8 utf8, bool brackets_optional, ReversePath& out) noexcept;
Verdict forward_path(Cursor& cursor, Utf8 utf8, bool brackets_optional, ForwardPath& out) noexcept;
Verdict mail_parameters(Cursor& cursor, Utf8 utf8, const ExtensionTable* extensions,
                        MailParameters& out) noexcept;
Verdict rcpt_parameters(Cursor& cursor, Utf8 utf8, const ExtensionTable* extensions,
                        RcptParameters& out) noexcept;

// Is this keyword (any case) one of a MAIL or RCPT parameter that the core reads itself?
bool is_core_parameter(std::string_view keyword) noexcept;

// Splits a parameter list into its members, which are separated by single spaces; what is no parameter comes
// out as it is. False at the end.
bool next_parameter(std::string_view& list, Parameter& out) noexcept;

}  // namespace postrider::protocol::recognise
