// Splits a growing buffer into CRLF lines without copying: RFC 5321 2.3.8, where only CRLF ends a line.
//
//   LineScanner::Scan scan = scanner.scan(in.data(), limit);
//   in.consume(scan.consumed);
//
// Feeding one octet at a time costs the same as feeding all: the scanner remembers how far it has looked. The
// caller hands in the same unconsumed octets again, with more behind them; it needs room for `limit` of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "postrider/protocol/error.h"

namespace postrider::protocol {

class LineScanner {
 public:
  enum class Status : std::uint8_t {
    need_more,   // no whole line yet; nothing is consumed, except while an over-long line is being swallowed
    line,        // `line` is without its CRLF
    too_long,    // reported once, when the over-long line has been swallowed to its end
    bad_ending,  // a bare CR, a bare LF or a NUL, also in a line being swallowed, which is then told of by
                 // this alone; consumed through it, and what follows is taken as a new line. `flaw` says
                 // which
  };
  struct Scan {
    Status status;
    Errc flaw;              // for bad_ending and too_long
    bool bare_line_feed;    // a line, or an over-long one, that ended in LF alone, where that is allowed
    std::size_t consumed;   // not 0 unless need_more
    std::string_view line;  // part of `input`
  };
  enum class BareLineFeed : bool { refuse, accept };

  constexpr explicit LineScanner(BareLineFeed policy = BareLineFeed::refuse) noexcept : policy_(policy) {}

  // `limit` counts the octets of the longest line with its CRLF; it may change between lines.
  Scan scan(std::string_view input, std::size_t limit) noexcept;
  // In the middle of swallowing an over-long line?
  [[nodiscard]] constexpr bool swallowing() const noexcept { return swallowing_; }
  constexpr void reset() noexcept { looked_ = 0, swallowing_ = false; }

 private:
  Scan ended(Status status, Errc flaw, std::size_t consumed, bool bare_line_feed = false,
             std::string_view line = {}) noexcept;
  Scan need_more(std::size_t consumed) noexcept;

  std::size_t looked_ = 0;  // octets of the unconsumed input known to have no CR, LF or NUL
  BareLineFeed policy_;
  bool swallowing_ = false;
};

}  // namespace postrider::protocol
