#include "postrider/protocol/framing/scan.h"

#include <algorithm>

namespace postrider::protocol {

std::size_t find_line_breaker(std::string_view text) noexcept {
  std::size_t at = 0;
  while (at < text.size() && text[at] != '\r' && text[at] != '\n' && text[at] != '\0') ++at;
  return at;
}

TextRun scan_text(std::string_view text, TextPlace place, Stops stops) noexcept {
  const bool at_dots = (static_cast<unsigned>(stops) & static_cast<unsigned>(Stops::dots)) != 0;
  const bool at_bare = (static_cast<unsigned>(stops) & static_cast<unsigned>(Stops::bare_endings)) != 0;
  TextRun run{.end = place, .longest_line = place.line};
  for (const char octet : text) {
    const bool bare = run.end.after_cr != (octet == '\n');
    if ((bare && at_bare) || (run.end.line_start && octet == '.' && at_dots)) break;
    if (bare) (octet == '\n' ? run.bare_lf : run.bare_cr) = true;
    if (octet == '\0') run.nul = true;
    if (static_cast<unsigned char>(octet) > 127) run.eight_bit = true;
    run.longest_line = std::max(run.longest_line, ++run.end.line);
    run.end.line_start = run.end.after_cr && octet == '\n';
    run.end.after_cr = octet == '\r';
    if (run.end.line_start) run.end.line = 0;
    ++run.length;
  }
  return run;
}

}  // namespace postrider::protocol
