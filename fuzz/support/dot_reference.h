// Transparency of message data, RFC 5321 4.5.2, octet by octet and for shortness: what the dot codec is
// compared with.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "postrider/protocol/framing/data_codec.h"

namespace postrider::fuzz {

struct DecodedData {
  std::string body;
  std::size_t consumed = 0;
  bool ended = false;
};

// A line begins at the beginning and behind CRLF. There, "." CRLF is the end, and any other dot is dropped.
// What is not decided yet, a dot or a dot and CR at the end of the octets, is consumed and not part of the
// body.
inline DecodedData decode_data(std::string_view wire) {
  DecodedData out;
  bool line_start = true;
  for (std::size_t i = 0; i < wire.size(); ++i) {
    const std::string_view rest = wire.substr(i);
    if (line_start && rest.starts_with(".\r\n")) {
      out.consumed = i + 3;
      out.ended = true;
      return out;
    }
    if (line_start && (rest == "." || rest == ".\r")) break;
    if (!(line_start && rest[0] == '.')) out.body += rest[0];
    line_start = rest[0] == '\n' && i > 0 && wire[i - 1] == '\r';
  }
  out.consumed = wire.size();
  return out;
}

// CR alone and LF alone as CRLF.
inline std::string with_crlf_alone(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool crlf = text.substr(i).starts_with("\r\n");
    const bool ending = text[i] == '\r' || text[i] == '\n';
    out += ending ? "\r\n" : std::string(1, text[i]);
    if (crlf) ++i;
  }
  return out;
}

// The same where bare endings are converted: every line, however it ended, ends in CRLF; its first dot goes
// if it has more octets; only "." between two CRLFs of the wire is the end. `wire` has the end of data
// somewhere.
inline DecodedData decode_data_converting(std::string_view wire) {
  DecodedData out;
  bool behind_crlf = true;
  std::size_t at = 0;
  while (at < wire.size()) {
    const std::size_t end = wire.find_first_of("\r\n", at);
    if (end == std::string_view::npos) break;
    std::string_view line = wire.substr(at, end - at);
    const bool crlf = wire.substr(end).starts_with("\r\n");
    at = end + (crlf ? 2 : 1);
    if (line == "." && behind_crlf && crlf) {
      out.consumed = at;
      out.ended = true;
      return out;
    }
    if (line.size() > 1 && line[0] == '.') line.remove_prefix(1);
    out.body += line;
    out.body += "\r\n";
    behind_crlf = crlf;
  }
  return out;
}

// The flaws of octets that are complete; lines are counted in `body`, which is what became of them.
inline protocol::Flaws flaws_of(std::string_view octets, std::string_view body, std::size_t text_line) {
  protocol::Flaws flaws;
  for (std::size_t i = 0; i < octets.size(); ++i) {
    const bool before_lf = i + 1 < octets.size() && octets[i + 1] == '\n';
    if (octets[i] == '\r' && !before_lf) flaws.bare_cr = true;
    if (octets[i] == '\n' && (i == 0 || octets[i - 1] != '\r')) flaws.bare_lf = true;
    if (octets[i] == '\0') flaws.nul = true;
    if (static_cast<unsigned char>(octets[i]) > 127) flaws.eight_bit = true;
  }
  while (!body.empty()) {
    const std::size_t crlf = body.find("\r\n");
    // The last line gets a CRLF on its way, if it has none.
    const std::size_t line = (crlf == std::string_view::npos ? body.size() : crlf) + 2;
    if (line > text_line) flaws.long_line = true;
    body.remove_prefix(crlf == std::string_view::npos ? body.size() : line);
  }
  return flaws;
}

}  // namespace postrider::fuzz
