// A message made on the command line: from a subject and a body, and from header lines to add.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/transport/clock.h"

namespace postrider::agent {

struct Draft {
  std::string from;             // an address; empty for the null sender
  std::vector<std::string> to;  // addresses
  std::string subject;
  std::string body;  // any line ends
  std::vector<std::string>
      headers;           // "K: V"; one that is made otherwise (From, To, Subject, Date …) replaces it
  std::string hostname;  // for Message-ID
  transport::SystemTime date;
};

// The whole message with CRLF line ends. A subject that is not ASCII becomes encoded words (RFC 2047 2). The
// failure says what cannot be in a header.
std::expected<std::string, std::string> compose(const Draft& draft);

// "K: V" lines with CRLF ends, to stand before the header of a message that exists.
std::expected<std::string, std::string> header_lines(const std::vector<std::string>& headers);

}  // namespace postrider::agent
