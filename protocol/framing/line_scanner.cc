#include "postrider/protocol/framing/line_scanner.h"

#include <algorithm>

#include "postrider/protocol/framing/scan.h"

namespace postrider::protocol {

LineScanner::Scan LineScanner::scan(std::string_view input, std::size_t limit) noexcept {
  std::size_t at = 0;
  if (!swallowing_) {
    // Octets beyond the limit are not looked at here: by then the line is too long whatever they are. The
    // same goes for a CR that is the last octet within it.
    const std::string_view window = input.substr(0, limit);
    at = std::min(looked_, window.size());
    at += find_line_breaker(window.substr(at));
    if (at == window.size() || (window[at] == '\r' && at + 1 == window.size())) {
      if (input.size() < limit) return need_more(at);
      swallowing_ = true;
    }
  }
  if (swallowing_) at += find_line_breaker(input.substr(at));
  if (at == input.size()) return need_more(at);

  const char octet = input[at];
  if (octet == '\0') return ended(Status::bad_ending, Errc::nul_octet, at + 1);
  if (octet == '\r' && at + 1 == input.size()) return need_more(at);
  if (octet == '\r' && input[at + 1] != '\n') {
    return ended(Status::bad_ending, Errc::bare_carriage_return, at + 1);
  }
  const bool bare = octet == '\n';
  if (bare && policy_ == BareLineFeed::refuse) return ended(Status::bad_ending, Errc::bare_line_feed, at + 1);
  const std::size_t consumed = at + (bare ? 1 : 2);
  if (swallowing_) return ended(Status::too_long, Errc::line_too_long, consumed, bare);
  return ended(Status::line, Errc{}, consumed, bare, input.substr(0, at));
}

LineScanner::Scan LineScanner::ended(Status status, Errc flaw, std::size_t consumed, bool bare_line_feed,
                                     std::string_view line) noexcept {
  looked_ = 0;
  swallowing_ = false;
  return {status, flaw, bare_line_feed, consumed, line};
}

// `looked` octets are known to break no line. Those of an over-long line are dropped; a CR behind them stays,
// since only the octet after it says what it is.
LineScanner::Scan LineScanner::need_more(std::size_t looked) noexcept {
  looked_ = swallowing_ ? 0 : looked;
  return {Status::need_more, Errc{}, false, swallowing_ ? looked : 0, {}};
}

}  // namespace postrider::protocol
