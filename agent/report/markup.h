// Text from anywhere, made safe for XML 1.0 and HTML.
//
//   out += "<name id=\"" + markup_attribute(id) + "\">" + markup_text(name) + "</name>";
//
// What XML has no form for, not even a reference, becomes U+FFFD: most control characters, U+FFFE, U+FFFF,
// and octets that are not UTF-8 (XML 1.0 2.2, production Char).
#pragma once

#include <string>
#include <string_view>

namespace postrider::agent {

// Between tags. Line ends and tabs stay; a CR becomes a reference, which no reader turns into a line end.
std::string markup_text(std::string_view text);

// Between double quotes. Line ends and tabs become references too: readers turn bare ones into spaces.
std::string markup_attribute(std::string_view text);

}  // namespace postrider::agent
