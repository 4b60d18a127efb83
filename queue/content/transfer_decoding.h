// Undoes the content transfer encodings of RFC 2045 6.7 and 6.8, of text that anybody may have written: what
// is no encoding is left out or stays as it is, and nothing fails.
#pragma once

#include <string>
#include <string_view>

namespace postrider::queue {

// Octets that are not of the alphabet are passed over (RFC 2045 6.8); padding ends the text.
std::string decode_base64(std::string_view text);
// White space at the end of lines goes (RFC 2045 6.7, rule 3); an "=" that begins nothing stays. Lines may
// end in CRLF or LF.
std::string decode_quoted_printable(std::string_view text);

}  // namespace postrider::queue
