// Assembles replies, one line or many, from a growing buffer: RFC 5321 4.2.1.
//
// Facts of the field that are built in: "250" alone is a legal last line; the code must be the same on all lines; an
// enhanced status is ignored with 3xx and when its class is not the code's; text beyond the limit is read and dropped,
// and `truncated` set; garbage is an error and never skipped, because under pipelining one lost line would give every
// later command its neighbour's reply. A line that ends in LF alone is an error too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "postrider/protocol/error.h"
#include "postrider/protocol/framing/line_scanner.h"
#include "postrider/protocol/grammar/reply.h"
#include "postrider/protocol/limits.h"

namespace postrider::protocol {

class ReplyReader {
 public:
  struct Read {
    std::size_t consumed = 0;
    // nullopt: need more. The text is valid until the next call, and, when the reply had one line, while the input is.
    std::optional<Result<ReplyView>> reply;
  };

  // Reserves nothing: text of one-line replies stays in the input; that of longer ones is kept in one string that grows
  // to at most Limits::reply_text and is used again.
  explicit ReplyReader(const Limits& limits) noexcept;

  // Errors, sticky until reset(): bad_reply_code, reply_code_changed, line_too_long, reply_too_long (lines), bare_line_feed,
  // bare_carriage_return, nul_octet.
  Read next(std::string_view input);
  // Some lines of a reply have been read, but not its last one?
  [[nodiscard]] bool mid_reply() const noexcept;
  void reset() noexcept;
};

}  // namespace postrider::protocol
