#include "postrider/protocol/grammar/reply.h"

#include <algorithm>

namespace postrider::protocol {
namespace {

constexpr char digit(unsigned value) noexcept { return static_cast<char>('0' + value % 10); }

// RFC 3463 2: up to three digits. A number that cannot be written says nothing, which is 0.
char* write_number(unsigned value, char* to) noexcept {
  if (value > 999) value = 0;
  if (value >= 100) *to++ = digit(value / 100);
  if (value >= 10) *to++ = digit(value / 10);
  *to++ = digit(value);
  return to;
}

// RFC 5321 4.2: the second digit is 0 to 5. A code from elsewhere (see ReplyCode::received) that we pass on
// becomes the mail system's general one of its severity.
unsigned writable(ReplyCode code) noexcept {
  return static_cast<unsigned>(code.category()) > 5 ? code.value() / 100u * 100 + 50 : code.value();
}

char* write_code(const ReplyView& reply, char* to) noexcept {
  const unsigned value = writable(reply.code);
  *to++ = digit(value / 100);
  *to++ = digit(value / 10);
  *to++ = digit(value);
  return to;
}

char* write_status(const ReplyView& reply, EnhancedDetail status, char* to) noexcept {
  *to++ = digit(static_cast<unsigned>(reply.code.severity()));
  *to++ = '.';
  to = write_number(status.subject, to);
  *to++ = '.';
  to = write_number(status.detail, to);
  *to++ = ' ';
  return to;
}

}  // namespace

namespace reply_detail {

LinePrefix make_prefix(const ReplyView& reply, WriteEnhanced enhanced) noexcept {
  LinePrefix prefix;
  char* at = write_code(reply, prefix.octets);
  *at++ = ' ';
  // RFC 2034 4: all but 3xx have one.
  if (enhanced == WriteEnhanced::yes && !reply.code.intermediate()) {
    at = write_status(reply, reply.status.value_or(status::other), at);
  }
  prefix.size = static_cast<std::size_t>(at - prefix.octets);
  return prefix;
}

std::string_view next_line(std::string_view& text, std::size_t width, bool& more) noexcept {
  std::size_t begin = 0;
  while (begin < text.size() && text[begin] == '\n') ++begin;
  text.remove_prefix(begin);
  std::size_t end = std::min(text.substr(0, width + 1).find('\n'), text.size());
  std::size_t next = end;
  if (end > width) {
    // Too long for one line: cut behind the last word that fits, or, if that wastes too much, within it.
    end = next = width;
    for (std::size_t i = width; i > width / 2; --i) {
      if (text[i] == ' ') {
        end = i;
        next = i + 1;
        break;
      }
    }
  }
  const std::string_view line = text.substr(0, end);
  while (next < text.size() && text[next] == '\n') ++next;
  text.remove_prefix(next);
  more = !text.empty();
  return line;
}

}  // namespace reply_detail

std::string to_log_line(const ReplyView& reply) {
  char prefix[24];
  char* at = prefix;
  // A log shows the code as it came.
  const unsigned code = reply.code.value();
  *at++ = digit(code / 100);
  *at++ = digit(code / 10);
  *at++ = digit(code);
  *at++ = ' ';
  if (reply.status) at = write_status(reply, *reply.status, at);
  std::string line(prefix, at);
  line.reserve(line.size() + reply.text.size() + 8);
  for (char c : reply.text) {
    if (c == '\n') {
      line.append(" / ");
    } else {
      line.push_back(static_cast<unsigned char>(c) < 32 || c == 127 ? '?' : c);
    }
  }
  while (line.back() == ' ') line.pop_back();
  return line;
}

}  // namespace postrider::protocol
