// Assembles replies, one line or many, from a growing buffer: RFC 5321 4.2.1.
//
//   ReplyReader::Read read = reader.next(in.data());
//   in.consume(read.consumed);
//   if (!read.reply) ...           // more octets are needed; hand in the unconsumed ones again, with more
//   behind them if (!*read.reply) ...          // the stream is out of step: read.reply->error(), again at
//   each later call
//
// Facts of the field that are built in: "250" alone is a legal last line, and text may be empty on any line;
// the code must be the same on all lines; an enhanced status is ignored with 3xx and when its class is not
// the code's; text beyond the limit is read and dropped, and `truncated` set; garbage is an error and never
// skipped, because under pipelining one lost line would give every later command its neighbour's reply. A
// line that ends in LF alone is an error too. Octets above 127 are kept: many servers put UTF-8 or worse into
// their texts, which are for logs alone. A second digit above 5 is taken (see ReplyCode::received).
//
// Any split of the input gives the same replies, and feeding one octet at a time costs the same as feeding
// all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "postrider/protocol/error.h"
#include "postrider/protocol/grammar/reply.h"
#include "postrider/protocol/limits.h"

namespace postrider::protocol {

class ReplyReader {
 public:
  struct Read {
    std::size_t consumed = 0;
    // nullopt: need more. The lines of the text are separated by '\n', without the enhanced status; that is
    // given once. The text is valid until the next call, and, when the reply had one line, while the input
    // is.
    std::optional<Result<ReplyView>> reply;
  };

  // Reserves nothing: text of one-line replies stays in the input; that of longer ones is kept in one string
  // that grows to at most Limits::reply_text and is used again.
  explicit ReplyReader(const Limits& limits) noexcept;

  // Errors, sticky until reset(): bad_reply_code, reply_code_changed, line_too_long (above
  // Limits::reply_line, with CRLF), reply_too_long (more than Limits::reply_lines), bare_line_feed,
  // bare_carriage_return, nul_octet. What came before the line with the error is consumed, that line and what
  // follows it is not.
  Read next(std::string_view input);
  // Some lines of a reply have been read, but not its last one?
  [[nodiscard]] bool mid_reply() const noexcept { return lines_ != 0; }
  void reset() noexcept;

 private:
  enum class Found : std::uint8_t { need_more, line, flaw };

  Found find_line(std::string_view input, std::string_view& line) noexcept;
  bool keep_line(ReplyCode code, std::string_view text);
  void append(std::string_view text);
  void flaw(Errc code, std::size_t offset) noexcept {
    error_ = Error{code, static_cast<std::uint16_t>(offset < UINT16_MAX ? offset : UINT16_MAX)};
  }

  std::size_t max_line_;
  std::size_t max_text_;
  std::size_t max_lines_;
  std::size_t looked_ = 0;  // octets of the unconsumed input known to have no CR, LF or NUL
  std::size_t lines_ = 0;   // of the reply that is being read
  ReplyView reply_;         // so far, when it has several lines: code, status, truncated
  std::optional<Error> error_;
  std::string text_;  // of a reply of more than one line
};

}  // namespace postrider::protocol
