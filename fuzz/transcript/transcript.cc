#include "postrider/fuzz/transcript/transcript.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "postrider/protocol/grammar/utf8.h"

namespace postrider::fuzz {
namespace {

struct KindName {
  TranscriptKind kind;
  std::string_view name;
  bool has_text;
};
constexpr std::array kKinds{
    KindName{TranscriptKind::connected, "connected", true},
    KindName{TranscriptKind::client, "C:", true},
    KindName{TranscriptKind::server, "S:", true},
    KindName{TranscriptKind::tls, "tls", true},
    KindName{TranscriptKind::client_closed, "client-closed", false},
    KindName{TranscriptKind::server_closed, "server-closed", false},
    KindName{TranscriptKind::reset, "reset", false},
    KindName{TranscriptKind::timeout, "timeout", false},
    KindName{TranscriptKind::note, "note", true},
};
constexpr std::string_view kContinues = "+";
constexpr std::string_view kDigits = "0123456789abcdef";
// Where a long event goes on in another line: behind a line end, or at about this many columns.
constexpr std::size_t kWidth = 100;
constexpr std::size_t kFractionDigits = 6;
constexpr std::size_t kMostSecondsDigits = 9;

const KindName& name_of(TranscriptKind kind) { return *std::ranges::find(kKinds, kind, &KindName::kind); }

void append_hex(std::string& out, char octet) {
  const auto value = static_cast<unsigned char>(octet);
  out += "\\x";
  out += kDigits[value >> 4];
  out += kDigits[value & 15];
}

// What a terminal would obey or show in another order: C1 controls, separators of lines and paragraphs, marks
// of direction.
bool is_shown_as_it_is(std::uint32_t point) noexcept {
  return !(point < 0xA0 || point == 0x2028 || point == 0x2029 || (point >= 0x202A && point <= 0x202E) ||
           (point >= 0x2066 && point <= 0x2069));
}

// Appends the first character of `octets`, and says how many octets it has.
std::size_t append_character(std::string& out, std::string_view octets) {
  const char octet = octets.front();
  switch (octet) {
    case '\r': out += "\\r"; return 1;
    case '\n': out += "\\n"; return 1;
    case '\t': out += "\\t"; return 1;
    case '\\': out += "\\\\"; return 1;
    default: break;
  }
  const auto value = static_cast<unsigned char>(octet);
  if (value >= 0x20 && value < 0x7F) {
    out += octet;
    return 1;
  }
  const std::size_t length = value < 0x80 ? 0 : protocol::utf8_sequence(octets);
  if (length < 2 || !is_shown_as_it_is(protocol::utf8_code_point(octets, length))) {
    append_hex(out, octet);
    return 1;
  }
  out.append(octets.substr(0, length));
  return length;
}

// Up to a line end or the width; the rest is for the next line.
std::string_view append_line(std::string& out, std::string_view octets) {
  const std::size_t begin = out.size();
  while (!octets.empty()) {
    const bool ends = octets.front() == '\n';
    octets.remove_prefix(append_character(out, octets));
    if (ends || out.size() - begin >= kWidth) break;
  }
  // Editors strip what ends a line.
  if (out.size() != begin && out.back() == ' ') {
    out.pop_back();
    append_hex(out, ' ');
  }
  return octets;
}

void append_time(std::string& out, TranscriptTime at) {
  const auto total = std::clamp(at, TranscriptTime::zero(), kLastTranscriptTime).count();
  const std::string fraction = std::to_string(total % 1'000'000);
  out.append(std::to_string(total / 1'000'000)).append(".");
  out.append(kFractionDigits - fraction.size(), '0').append(fraction);
}

// ---- Reading ----

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

std::optional<unsigned> hex_value(char c) noexcept {
  if (is_digit(c)) return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

// "12.000345": whole seconds without need of leading zeros, and six digits.
std::optional<TranscriptTime> read_time(std::string_view text) {
  const std::size_t dot = text.find('.');
  if (dot == 0 || dot == text.npos || dot > kMostSecondsDigits) return std::nullopt;
  if (text.size() - dot - 1 != kFractionDigits) return std::nullopt;
  std::int64_t total = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (at == dot) continue;
    if (!is_digit(text[at])) return std::nullopt;
    total = total * 10 + (text[at] - '0');
  }
  return TranscriptTime(total);
}

std::string quoted(std::string_view text) {
  constexpr std::size_t kMost = 40;
  std::string out = "'" + escaped(text.substr(0, kMost));
  return out.append(text.size() > kMost ? "…'" : "'");
}

using Read = std::expected<void, std::string>;

Read unescape(std::string_view text, std::string& out) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto value = static_cast<unsigned char>(text[at]);
    if (value < 0x20 || value == 0x7F) {
      return std::unexpected("an octet that cannot be seen; write " + escaped(text.substr(at, 1)));
    }
    if (text[at] != '\\') {
      out += text[at];
      continue;
    }
    const char which = at + 1 < text.size() ? text[++at] : '\0';
    switch (which) {
      case 'r': out += '\r'; continue;
      case 'n': out += '\n'; continue;
      case 't': out += '\t'; continue;
      case '\\': out += '\\'; continue;
      default: break;
    }
    const auto high = which == 'x' && at + 1 < text.size() ? hex_value(text[at + 1]) : std::nullopt;
    const auto low = which == 'x' && at + 2 < text.size() ? hex_value(text[at + 2]) : std::nullopt;
    if (!high || !low) {
      return std::unexpected(
          "a backslash that begins none of \\r \\n \\t \\\\ \\xHH; write a backslash itself as \\\\");
    }
    out += static_cast<char>(*high * 16 + *low);
    at += 2;
  }
  return {};
}

class Parser {
 public:
  TranscriptResult read(std::string_view text) {
    if (text.size() > kMostTranscriptText) {
      return fail("the text is longer than 64 MiB; cut it in several");
    }
    if (text.substr(0, text.find('\n')).size() > kLongestTranscriptLine) return too_long();
    if (!take_header(text)) {
      return fail("the first line is not '" +
                  std::string(kTranscriptHeader.substr(0, kTranscriptHeader.size() - 1)) + "'");
    }
    while (!text.empty()) {
      const std::string_view line = next_line(text);
      if (line.size() > kLongestTranscriptLine) return too_long();
      if (const Read taken = take(line); !taken) return fail(taken.error());
    }
    return std::move(out_);
  }

 private:
  std::unexpected<TranscriptError> fail(std::string text) {
    return std::unexpected(TranscriptError{std::max<std::size_t>(line_, 1), std::move(text)});
  }
  std::unexpected<TranscriptError> too_long() {
    return fail("the line is longer than 64 KiB; go on in a line that begins with '+ '");
  }

  std::string_view next_line(std::string_view& text) {
    ++line_;
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    // Some editors write CRLF; a CR that belongs to an event is written as \r.
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }

  bool take_header(std::string_view& text) {
    return next_line(text) == kTranscriptHeader.substr(0, kTranscriptHeader.size() - 1);
  }

  static std::string_view word(std::string_view& line) {
    const std::size_t end = std::min(line.find(' '), line.size());
    const std::string_view out = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    return out;
  }

  Read take(std::string_view line) {
    while (line.starts_with(' ')) line.remove_prefix(1);
    if (line.empty() || line.starts_with('#')) return {};
    const std::string_view first = word(line);
    if (first == kContinues) {
      const bool can = !out_.events.empty() && name_of(out_.events.back().kind).has_text;
      if (!can) return std::unexpected("there is no event before that could go on here");
      return unescape(line, out_.events.back().octets);
    }
    const auto at = read_time(first);
    if (!at) {
      return std::unexpected("the line begins with " + quoted(first) +
                             "; write a time as 0.000000, '+' to go on, or '#' for a comment");
    }
    if (!out_.events.empty() && *at < out_.events.back().at) {
      return std::unexpected("the time " + quoted(first) + " is before that of the event above");
    }
    return take_event(*at, line);
  }

  Read take_event(TranscriptTime at, std::string_view line) {
    if (out_.events.size() == kMostTranscriptEvents) {
      return std::unexpected("there are more than a million events; cut the transcript in several");
    }
    const std::string_view name = word(line);
    const auto kind = std::ranges::find(kKinds, name, &KindName::name);
    if (kind == kKinds.end()) {
      return std::unexpected(quoted(name) +
                             " is no event; there are connected, C:, S:, tls, client-closed, server-closed, "
                             "reset, timeout and note");
    }
    if (!kind->has_text && !line.empty()) {
      return std::unexpected(std::string(name) + " has no text behind it; take " + quoted(line) + " away");
    }
    out_.events.push_back({at, kind->kind, {}});
    return unescape(line, out_.events.back().octets);
  }

  Transcript out_;
  std::size_t line_ = 0;
};

}  // namespace

TranscriptResult parse_transcript(std::string_view text) { return Parser().read(text); }

void append_event(std::string& out, const TranscriptEvent& event) {
  append_time(out, event.at);
  const KindName& kind = name_of(event.kind);
  out.append(" ").append(kind.name);
  if (kind.has_text && !event.octets.empty()) {
    out += ' ';
    std::string_view rest = append_line(out, event.octets);
    while (!rest.empty()) {
      out.append("\n  ").append(kContinues).append(" ");
      rest = append_line(out, rest);
    }
  }
  out += '\n';
}

std::string write_transcript(const Transcript& transcript) {
  std::string out(kTranscriptHeader);
  for (const TranscriptEvent& event : transcript.events) append_event(out, event);
  return out;
}

std::string escaped(std::string_view octets) {
  std::string out;
  while (!octets.empty()) octets.remove_prefix(append_character(out, octets));
  return out;
}

std::string sent_by(TranscriptKind side, const Transcript& transcript, std::size_t connection) {
  std::string out;
  std::size_t current = 0;
  bool begun = false;
  for (const TranscriptEvent& event : transcript.events) {
    if (event.kind == TranscriptKind::connected && begun) ++current;
    begun = true;
    if (event.kind == side && current == connection) out += event.octets;
  }
  return out;
}

}  // namespace postrider::fuzz
