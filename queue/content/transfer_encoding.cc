#include "postrider/queue/content/transfer_encoding.h"

#include <algorithm>

#include "postrider/protocol/grammar/base64.h"
#include "postrider/protocol/grammar/octets.h"

namespace postrider::queue {
namespace {

constexpr std::string_view kHexDigits = "0123456789ABCDEF";
constexpr std::size_t kLine = 76;        // RFC 2045 6.7 rule 5, 6.8
constexpr std::size_t kLineOctets = 57;  // which base64 writes in one line

}  // namespace

void QuotedPrintable::put(std::string_view octets, std::string& out) {
  for (const char c : octets) octet(c, out);
}

void QuotedPrintable::octet(char c, std::string& out) {
  if (held_ == '\r') {
    held_ = 0;
    if (c == '\n') {
      out.append("\r\n");
      column_ = 0;
      return;
    }
    encoded('\r', out);
  }
  if (c == '\r') {
    // Spaces before it are decided by what follows it; to encode them anyhow costs two octets and keeps one
    // octet of state.
    if (held_ != 0) space(out, true);
    held_ = '\r';
    return;
  }
  if (held_ != 0) space(out, false);
  if (c == ' ' || c == '\t') {
    held_ = c;
  } else if (protocol::is(c, protocol::kPrintable) && c != '=') {
    literal(c, out);
  } else {
    encoded(c, out);
  }
}

void QuotedPrintable::space(std::string& out, bool at_line_end) {
  const char c = held_;
  held_ = 0;
  if (at_line_end) {
    encoded(c, out);
  } else {
    literal(c, out);
  }
}

void QuotedPrintable::literal(char c, std::string& out) {
  make_room(1, out);
  // A soft line break may have made this octet the first of a line.
  if (column_ == 0 && (c == '.' || c == 'F' || c == '-')) {
    encoded(c, out);
    return;
  }
  out.push_back(c);
  ++column_;
}

void QuotedPrintable::encoded(char c, std::string& out) {
  const auto octet = static_cast<unsigned char>(c);
  make_room(3, out);
  out.push_back('=');
  out.push_back(kHexDigits[octet >> 4]);
  out.push_back(kHexDigits[octet & 0x0FU]);
  column_ += 3;
}

// One octet of each line is left for the "=" of a soft line break.
void QuotedPrintable::make_room(std::size_t octets, std::string& out) {
  if (column_ + octets <= kLine - 1) return;
  out.append("=\r\n");
  column_ = 0;
}

void QuotedPrintable::finish(std::string& out) {
  if (held_ == '\r') {
    held_ = 0;
    encoded('\r', out);
  } else if (held_ != 0) {
    space(out, true);
  }
  column_ = 0;
}

void Base64Lines::put(std::string_view octets, std::string& out) {
  while (!octets.empty()) {
    const std::size_t taken = std::min(kLineOctets - line_.size(), octets.size());
    line_.append(octets.substr(0, taken));
    octets.remove_prefix(taken);
    if (line_.size() == kLineOctets) finish(out);
  }
}

void Base64Lines::finish(std::string& out) {
  if (line_.empty()) return;
  protocol::base64_encode(line_, out);
  out.append("\r\n");
  line_.clear();
}

std::string quoted_printable(std::string_view text) {
  std::string out;
  QuotedPrintable encoder;
  encoder.put(text, out);
  encoder.finish(out);
  return out;
}

std::string base64_lines(std::string_view octets) {
  std::string out;
  Base64Lines encoder;
  encoder.put(octets, out);
  encoder.finish(out);
  return out;
}

}  // namespace postrider::queue
