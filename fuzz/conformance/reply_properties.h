// What a check may ask of a reply beside its code: `is NAME` in a script.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "postrider/fuzz/wire/wire_reply.h"

namespace postrider::fuzz {

// What a property may have to be compared with.
struct PropertyContext {
  std::string_view recipient;
};

// What is wrong with the reply; empty: it has the property. nullopt: there is no property of this name.
//   domain-first    the first word of the first line is a domain or an address literal (RFC 5321 4.2)
//   one-line        not a reply of several lines
//   short-lines     no line is longer than 512 octets with its CRLF (RFC 5321 4.5.3.1.5)
//   ascii           HT, SP and printable ASCII alone (RFC 5321 4.2)
//   ehlo-lines      keywords with their arguments, RFC 5321 4.1.1.1
//   size-value      SIZE in a reply to EHLO has at most one number of at most 20 digits (RFC 1870 3)
//   no-parameter-NAME  the keyword NAME in a reply to EHLO stands alone
//   status          every line begins with the same status, and it agrees with the code (RFC 2034 4)
//   no-status       no line begins with a status
//   mailbox         it names the recipient's mailbox (RFC 5321 3.5.2)
//   challenge       334, a space, and base64 or nothing (RFC 4954 4)
std::optional<std::string> property_fault(std::string_view name, const WireReply& reply,
                                          const PropertyContext& context);

// The keyword's line in a reply to EHLO without the keyword, "" when it stands alone; nullopt: it is not
// there.
std::optional<std::string> offered(const WireReply& hello, std::string_view keyword);

}  // namespace postrider::fuzz
