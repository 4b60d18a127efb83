// What a transcript does not show.
#pragma once

#include <string>
#include <string_view>

#include "postrider/protocol/grammar/command.h"

namespace postrider::client {

// The line of a command as a transcript may show it: what AUTH carries behind the mechanism is a password, or
// as good as one, and becomes "****". `line` ends in CRLF.
std::string redact_command(protocol::Verb verb, std::string_view line);

}  // namespace postrider::client
