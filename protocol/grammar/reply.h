// Replies: RFC 5321 4.2 with the enhanced statuses of RFC 2034.
//
//   constexpr ReplyView ok{code::ok, status::other, "Ok"};                         // "250 2.0.0 Ok"
//   Reply refusal(code::mailbox_unavailable, status::bad_mailbox, "No such user");  // owns its text
//
// Text has no line ends but '\n', which separates the lines of a multi-line reply. The writer replaces every
// octet that RFC 5321 4.2 does not allow in a textstring by '?', so nothing that is echoed in a reply can
// begin a new line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "postrider/protocol/grammar/enhanced_status.h"
#include "postrider/protocol/grammar/octets.h"
#include "postrider/protocol/grammar/reply_code.h"

namespace postrider::protocol {

struct ReplyView {
  ReplyCode code;
  std::optional<EnhancedDetail> status;
  std::string_view text;   // lines separated by '\n'
  bool truncated = false;  // received: there was more text than Limits::reply_text

  constexpr ReplyView() noexcept = default;
  constexpr ReplyView(ReplyCode c, std::string_view t) noexcept : code(c), text(t) {}
  constexpr ReplyView(ReplyCode c, std::optional<EnhancedDetail> s, std::string_view t) noexcept
      : code(c), status(s), text(t) {}

  friend constexpr bool operator==(const ReplyView&, const ReplyView&) noexcept = default;
};

class Reply {
 public:
  Reply() = default;
  Reply(ReplyCode code, std::string_view text) : code_(code), text_(text) {}
  Reply(ReplyCode code, std::optional<EnhancedDetail> status, std::string_view text)
      : code_(code), status_(status), text_(text) {}
  explicit Reply(const ReplyView& view)
      : code_(view.code), status_(view.status), text_(view.text), truncated_(view.truncated) {}

  Reply& add_line(std::string_view line) {
    text_.append("\n").append(line);
    return *this;
  }

  [[nodiscard]] ReplyCode code() const noexcept { return code_; }
  [[nodiscard]] std::optional<EnhancedDetail> status() const noexcept { return status_; }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] ReplyView view() const noexcept {
    ReplyView view(code_, status_, text_);
    view.truncated = truncated_;
    return view;
  }
  operator ReplyView() const noexcept { return view(); }  // NOLINT(google-explicit-constructor)

 private:
  ReplyCode code_;
  std::optional<EnhancedDetail> status_;
  std::string text_;
  bool truncated_ = false;
};

// Which statuses go on the wire.
enum class WriteEnhanced : bool {
  no,  // none: the greeting, the replies to EHLO, HELO and LHLO (RFC 2034 4), or the extension is not offered
  yes,  // on every line of 2xx, 4xx and 5xx; x.0.0 where the reply has none
};

// A text line longer than this is folded into continuation lines: 512 with code, separator and CRLF, RFC 5321
// 4.5.3.1.5.
inline constexpr std::size_t kMaxReplyTextLine = 512 - 4 - 2;

// Appends the reply with CRLF ends to `out`, which has append(const char*, std::size_t): std::string or
// OutputBuffer. Whatever the text is, every line is one of RFC 5321 4.2 and at most 512 octets: other octets
// than HT and %d32-126 become '?', a long line is folded (at a space, where there is one), '\n's in a row and
// at the ends make no empty lines, a code with a second digit above 5 becomes x50, and a status number above
// 999 becomes 0. An empty text gives "250 " and CRLF (RFC 5321 4.2.1: the space stays).
template <class Out>
void write_reply(const ReplyView& reply, WriteEnhanced enhanced, Out& out);

// "550 5.1.1 No such user; ask someone": one line for logs and reports, '\n' as " / ", other controls as '?'.
std::string to_log_line(const ReplyView& reply);

// ---- Implementation of the template ----

namespace reply_detail {

// "250-" or "250 " and maybe "2.0.0 ", at most 16 octets.
struct LinePrefix {
  char octets[24];
  std::size_t size = 0;
  std::size_t separator = 3;  // where '-' or ' ' stands
};
LinePrefix make_prefix(const ReplyView& reply, WriteEnhanced enhanced) noexcept;

// The part of `text` that the next reply line takes, without the '\n' behind it; `text` is advanced.
std::string_view next_line(std::string_view& text, std::size_t width, bool& more) noexcept;

}  // namespace reply_detail

template <class Out>
void write_reply(const ReplyView& reply, WriteEnhanced enhanced, Out& out) {
  reply_detail::LinePrefix prefix = reply_detail::make_prefix(reply, enhanced);
  std::string_view text = reply.text;
  bool more = true;
  while (more) {
    std::string_view line = reply_detail::next_line(text, kMaxReplyTextLine + 4 - prefix.size, more);
    prefix.octets[prefix.separator] = more ? '-' : ' ';
    out.append(prefix.octets, prefix.size);
    while (!line.empty()) {
      std::size_t clean = 0;
      while (clean < line.size() && is(line[clean], kReplyText)) ++clean;
      out.append(line.data(), clean);
      if (clean < line.size()) {
        out.append("?", 1);
        ++clean;
      }
      line.remove_prefix(clean);
    }
    out.append("\r\n", 2);
  }
}

}  // namespace postrider::protocol
