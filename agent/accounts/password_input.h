// Where a new password comes from: a prompt that shows nothing, or a line of a file.
#pragma once

#include <expected>
#include <iosfwd>
#include <string>

#include "postrider/protocol/sasl/secret.h"

namespace postrider::agent {

using PasswordResult = std::expected<protocol::sasl::Secret, std::string>;

// Asks twice on a terminal, without echo; else takes the first line of stdin. Errors are for people: nothing
// there, not the same twice, and those of check_password().
PasswordResult ask_for_password();

// The first line, without its end.
PasswordResult read_password_line(std::istream& in);

// Fit to be one: 1 to 1024 octets that SASL takes (protocol/sasl/prepare.h). Says what is wrong.
std::expected<void, std::string> check_password(std::string_view password);

}  // namespace postrider::agent
