// Text from anywhere, made safe for one line of a log.
#pragma once

#include <string>
#include <string_view>

namespace postrider::agent {

// A value of key=value: bare when it needs no care, else in quotes with \" \\ \n \r \t and \xNN. Octets that
// are not UTF-8 become \xNN too, as do C1 controls, which some terminals obey.
void append_text_value(std::string_view value, std::string& out);

// A JSON string with its quotes, RFC 8259 7. Octets that are not UTF-8 become U+FFFD, since JSON has no form
// for them.
void append_json_string(std::string_view value, std::string& out);

}  // namespace postrider::agent
