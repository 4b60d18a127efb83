#include "postrider/protocol/framing/reply_reader.h"

#include <algorithm>
#include <utility>

#include "postrider/protocol/framing/scan.h"

namespace postrider::protocol {
namespace {

// 0 to 9, or something greater.
constexpr unsigned digit(char c) noexcept { return static_cast<unsigned char>(c) - unsigned{'0'}; }

// RFC 5321 4.2: Reply-code, of which the text behind it begins at octet 4. nullopt: none.
std::optional<ReplyCode> reply_code(std::string_view line) noexcept {
  if (line.size() < 3) return std::nullopt;
  const unsigned a = digit(line[0]);
  const unsigned b = digit(line[1]);
  const unsigned c = digit(line[2]);
  if (b > 9 || c > 9 || a > 5) return std::nullopt;
  return ReplyCode::received(a * 100 + b * 10 + c);
}

// RFC 5321 4.2.1: '-' before more lines, SP before the last one; the SP may be missing when no text follows.
enum class Separator : std::uint8_t { last, more, wrong };
Separator separator(std::string_view line) noexcept {
  if (line.size() == 3 || line[3] == ' ') return Separator::last;
  return line[3] == '-' ? Separator::more : Separator::wrong;
}

// How many octets at the beginning of the text are a status that may stand there: RFC 2034 4 wants the class
// of the code, and none with 3xx. 0: none.
std::size_t read_status(ReplyCode code, std::string_view text, EnhancedDetail& status) noexcept {
  // Most texts begin with "2.1.5 ", or with no status: both are decided here, without a call.
  if (text.size() < 5 || text[1] != '.' || text[0] != static_cast<char>('0' + code.value() / 100)) return 0;
  const unsigned subject = digit(text[2]);
  const unsigned detail = digit(text[4]);
  if (text.size() > 5 && text[3] == '.' && text[5] == ' ' && subject <= 9 && detail <= 9 &&
      !code.intermediate()) {
    status = {static_cast<std::uint16_t>(subject), static_cast<std::uint16_t>(detail)};
    return 6;
  }
  std::string_view rest = text;
  const std::optional<EnhancedStatus> seen = parse_enhanced_status(rest);
  if (!seen) return 0;
  status = seen->code;
  return text.size() - rest.size();
}

}  // namespace

ReplyReader::ReplyReader(const Limits& limits) noexcept
    : max_line_(limits.reply_line),
      max_text_(limits.reply_text),
      max_lines_(std::max<std::size_t>(limits.reply_lines, 1)) {}

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
    std::string_view text = line.substr(std::min<std::size_t>(line.size(), 4));
    if (lines_ == 0 && end == Separator::last) {
      // Nothing is kept of the reply of one line, which most are.
      ReplyView& reply = read.reply.emplace(std::in_place, *code, text).value();
      EnhancedDetail status;
      if (const std::size_t n = read_status(*code, text, status); n != 0) {
        reply.status = status;
        reply.text.remove_prefix(n);
      }
      reply.truncated = reply.text.size() > max_text_;
      if (reply.truncated) reply.text = reply.text.substr(0, max_text_);
      read.consumed = line.size() + 2;
      looked_ = 0;
      return read;
    }
    if (!keep_line(*code, text)) break;
    read.consumed += line.size() + 2;
    looked_ = 0;
    if (end == Separator::last) {
      lines_ = 0;
      reply_.text = text_;
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

// Adds a line to the reply of several lines. False: it does not belong to it.
bool ReplyReader::keep_line(ReplyCode code, std::string_view text) {
  EnhancedDetail status;
  const std::size_t n = read_status(code, text, status);
  if (lines_ == 0) {
    reply_ = ReplyView(code, {});
    text_.clear();
  } else {
    if (code != reply_.code) return flaw(Errc::reply_code_changed, 0), false;  // RFC 5321 4.2.1
    if (lines_ == max_lines_) return flaw(Errc::reply_too_long, 0), false;
    append("\n");
  }
  if (n != 0 && !reply_.status) reply_.status = status;
  // RFC 2034 4 wants the status on every line. One that says something else than the first stays in the text.
  append(text.substr(n != 0 && reply_.status == status ? n : 0));
  ++lines_;
  return true;
}

// Once something was dropped, nothing is added.
void ReplyReader::append(std::string_view text) {
  const std::size_t room = reply_.truncated ? 0 : max_text_ - text_.size();
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
