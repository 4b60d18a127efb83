#include "postrider/fuzz/wire/wire_reply.h"

#include <algorithm>
#include <utility>

#include "postrider/fuzz/transcript/transcript.h"
#include "postrider/protocol/grammar/octets.h"

namespace postrider::fuzz {
namespace {

bool is_digit(char c, char from, char to) noexcept { return c >= from && c <= to; }
bool has_code(std::string_view line) noexcept {
  return line.size() >= 3 &&
         std::ranges::all_of(line.substr(0, 3), [](char c) { return is_digit(c, '0', '9'); });
}
bool goes_on(std::string_view line) noexcept { return has_code(line) && line.size() > 3 && line[3] == '-'; }
unsigned code_of(std::string_view line) noexcept {
  if (!has_code(line)) return 0;
  return static_cast<unsigned>((line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0'));
}

// RFC 5321 4.2: what is wrong with one line, without what concerns the others; empty: nothing.
std::string flaw_of(std::string_view line) {
  const std::string shown = "'" + escaped(line.substr(0, 80)) + "'";
  if (!line.ends_with("\r\n")) return shown + " ends in LF alone";
  line.remove_suffix(2);
  if (!has_code(line)) return shown + " has no code of three digits";
  if (!is_digit(line[0], '2', '5')) return shown + " has a code that does not begin with 2, 3, 4 or 5";
  if (!is_digit(line[1], '0', '5')) return shown + " has a code whose second digit is above 5";
  if (line.size() > 3 && line[3] != ' ' && line[3] != '-')
    return shown + " has neither space nor hyphen behind the code";
  for (const char c : line) {
    const auto octet = static_cast<unsigned char>(c);
    if ((octet < 0x20 && c != '\t') || octet == 0x7F) return shown + " has a control character";
  }
  return "";
}

}  // namespace

std::string_view to_string(WireOutcome outcome) noexcept {
  switch (outcome) {
    case WireOutcome::done: return "answered";
    case WireOutcome::closed: return "closed the connection";
    case WireOutcome::cut: return "cut the connection without close_notify";
    case WireOutcome::reset: return "reset the connection";
    case WireOutcome::timeout: return "did not answer in time";
    case WireOutcome::refused: return "cannot be connected to";
    case WireOutcome::tls_failed: return "failed in TLS";
    case WireOutcome::too_much: return "sent more than is read";
    case WireOutcome::not_connected: return "is not connected";
  }
  return "";
}

std::string WireReply::text() const {
  if (outcome != WireOutcome::done) {
    std::string out("(");
    out.append(to_string(outcome));
    if (!raw.empty()) out.append(" after '").append(escaped(raw)).append("'");
    return out.append(")");
  }
  if (code == 0) return escaped(raw);
  std::string out = std::to_string(code);
  for (const std::string& line : lines) out.append(&line == lines.data() ? " " : " / ").append(escaped(line));
  return out;
}

std::size_t reply_length(std::string_view octets, std::size_t most_lines) noexcept {
  std::size_t begin = 0;
  for (std::size_t lines = 0; lines < most_lines; ++lines) {
    const std::size_t end = octets.find('\n', begin);
    if (end == octets.npos) return 0;
    const std::string_view line = octets.substr(begin, end - begin);
    begin = end + 1;
    if (!goes_on(line)) return begin;
  }
  return begin;
}

WireReply read_wire_reply(std::string_view octets) {
  WireReply reply;
  reply.raw = octets;
  bool first = true;
  while (!octets.empty()) {
    const std::size_t end = std::min(octets.find('\n'), octets.size() - 1) + 1;
    std::string_view line = octets.substr(0, end);
    octets.remove_prefix(end);
    if (reply.malformed.empty()) reply.malformed = flaw_of(line);
    if (first) reply.code = code_of(line);
    if (reply.malformed.empty() && code_of(line) != reply.code) {
      reply.malformed = "the code changes from " + std::to_string(reply.code) + " in '" + escaped(line) + "'";
    }
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (has_code(line)) line.remove_prefix(std::min<std::size_t>(line.size(), 4));
    if (first) {
      std::string_view text = line;
      reply.status = protocol::parse_enhanced_status(text);
    }
    reply.lines.emplace_back(line);
    first = false;
  }
  return reply;
}

}  // namespace postrider::fuzz
