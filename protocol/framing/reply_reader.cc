#include "postrider/protocol/framing/reply_reader.h"

#include <algorithm>

#include "postrider/protocol/framing/scan.h"

namespace postrider::protocol {
namespace {

// RFC 5321 4.2: Reply-code, of which the text behind it begins at octet 4. nullopt: none.
std::optional<ReplyCode> reply_code(std::string_view line) noexcept {
  if (line.size() < 3) return std::nullopt;
  const unsigned a = static_cast<unsigned char>(line[0]) - unsigned{'0'};
  const unsigned b = static_cast<unsigned char>(line[1]) - unsigned{'0'};
  const unsigned c = static_cast<unsigned char>(line[2]) - unsigned{'0'};
  if (b > 9 || c > 9 || a > 5) return std::nullopt;
  return ReplyCode::received(a * 100 + b * 10 + c);
}

// RFC 5321 4.2.1: '-' before more lines, SP before the last one; the SP may be missing when no text follows.
enum class Separator : std::uint8_t { last, more, wrong };
Separator separator(std::string_view line) noexcept {
  if (line.size() == 3 || line[3] == ' ') return Separator::last;
  return line[3] == '-' ? Separator::more : Separator::wrong;
}

// Takes the status off the text, if it is one that may stand there: RFC 2034 4 wants the class of the code,
// and none with 3xx.
std::optional<EnhancedDetail> take_status(ReplyCode code, std::string_view& text) noexcept {
  // Few texts begin so: decided here, without a call.
  if (text.size() < 5 || text[1] != '.' || text[0] != static_cast<char>('0' + code.value() / 100))
    return std::nullopt;
  const std::optional<EnhancedStatus> status = parse_enhanced_status(text);
  if (!status) return std::nullopt;
  return status->code;
}

}  // namespace

ReplyReader::ReplyReader(const Limits& limits) noexcept
    : max_line_(limits.reply_line), max_text_(limits.reply_text), max_lines_(limits.reply_lines) {}

ReplyReader::Read ReplyReader::next(std::string_view input) {
  Read read;
  while (!error_) {
    std::string_view line;
    const Found found = find_line(input.substr(read.consumed), line);
    if (found == Found::need_more) return read;
    if (found == Found::flaw) break;
    const std::optional<ReplyCode> code = reply_code(line);
    const Separator end = code ? separator(line) : Separator::wrong;
    if (end == Separator::wrong) {
      flaw(Errc::bad_reply_code, code ? 3 : 0);
      break;
    }
    if (lines_ == 0) {
      reply_ = ReplyView(*code, {});
    } else if (*code != reply_.code) {
      flaw(Errc::reply_code_changed, 0);  // RFC 5321 4.2.1
      break;
    }
    if (!take_line(line.substr(std::min<std::size_t>(line.size(), 4)), end == Separator::last)) break;
    read.consumed += line.size() + 2;
    looked_ = 0;
    if (end == Separator::last) {
      lines_ = 0;
      read.reply = reply_;
      return read;
    }
  }
  read.reply = std::unexpected(*error_);
  return read;
}

// The next line without its CRLF, of which `input` is the beginning.
ReplyReader::Found ReplyReader::find_line(std::string_view input, std::string_view& line) noexcept {
  // No octet beyond the longest line is looked at, so that what is found does not depend on how much has
  // come.
  const std::string_view window = input.substr(0, max_line_);
  const std::size_t from = std::min(looked_, window.size());
  const std::size_t end = from + find_line_breaker(window.substr(from));
  if (end + 1 >= window.size()) {
    if (end == window.size() || window[end] == '\r') {
      if (window.size() == max_line_) return flaw(Errc::line_too_long, end), Found::flaw;
      looked_ = end;
      return Found::need_more;
    }
  } else if (window[end] == '\r' && window[end + 1] == '\n') {
    line = window.substr(0, end);
    return Found::line;
  }
  switch (window[end]) {
    case '\n': flaw(Errc::bare_line_feed, end); break;  // RFC 5321 2.3.8
    case '\0': flaw(Errc::nul_octet, end); break;
    default: flaw(Errc::bare_carriage_return, end); break;  // RFC 5321 2.3.8
  }
  return Found::flaw;
}

// Adds a line's text to the reply. False: there are too many of them.
bool ReplyReader::take_line(std::string_view text, bool last) {
  if (lines_ == max_lines_) return flaw(Errc::reply_too_long, 0), false;
  if (lines_++ == 0) {
    reply_.status = take_status(reply_.code, text);
    if (last) {
      reply_.truncated = text.size() > max_text_;
      reply_.text = text.substr(0, max_text_);
      return true;
    }
    text_.clear();
    append(text);
    return true;
  }
  // RFC 2034 4 wants the status on every line. One that says something else than the first is left in the
  // text.
  std::string_view without = text;
  if (const std::optional<EnhancedDetail> status = take_status(reply_.code, without)) {
    if (!reply_.status) reply_.status = status;
    if (reply_.status == status) text = without;
  }
  if (!reply_.truncated) {
    append("\n");
    append(text);
  }
  if (last) reply_.text = text_;
  return true;
}

void ReplyReader::append(std::string_view text) {
  const std::size_t room = max_text_ - text_.size();
  if (text.size() > room) reply_.truncated = true;
  text_.append(text.substr(0, room));
}

void ReplyReader::reset() noexcept {
  looked_ = lines_ = 0;
  reply_ = ReplyView();
  error_.reset();
  text_.clear();
}

}  // namespace postrider::protocol
