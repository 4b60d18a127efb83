#include "postrider/queue/content/transfer_decoding.h"

#include <algorithm>
#include <cstdint>

#include "postrider/protocol/grammar/octets.h"

namespace postrider::queue {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// -1 for what is no hexadecimal digit. Lower case is none by the letter, and written all the same.
int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char upper = protocol::to_upper(c);
  return upper >= 'A' && upper <= 'F' ? upper - 'A' + 10 : -1;
}

}  // namespace

std::string decode_base64(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    if (c == '=') break;
    const std::size_t value = kAlphabet.find(c);
    if (value == std::string_view::npos) continue;
    bits = (bits << 6 | static_cast<std::uint32_t>(value)) & 0xFFFFFFU;
    count += 6;
    if (count >= 8) {
      count -= 8;
      out.push_back(static_cast<char>(bits >> count & 0xFFU));
    }
  }
  return out;
}

std::string decode_quoted_printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t feed = text.find('\n');
    std::string_view line = text.substr(0, feed);
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    std::string_view end = feed == std::string_view::npos ? "" : "\n";
    if (!end.empty() && line.ends_with('\r')) {
      line.remove_suffix(1);
      end = "\r\n";
    }
    while (line.ends_with(' ') || line.ends_with('\t')) line.remove_suffix(1);
    if (line.ends_with('=')) {  // a soft line break
      line.remove_suffix(1);
      end = {};
    }
    for (std::size_t at = 0; at < line.size(); ++at) {
      const bool begins = line[at] == '=' && at + 2 < line.size();
      const int high = begins ? hex_value(line[at + 1]) : -1;
      const int low = begins ? hex_value(line[at + 2]) : -1;
      if (high < 0 || low < 0) {
        out.push_back(line[at]);
      } else {
        out.push_back(static_cast<char>(high * 16 + low));
        at += 2;
      }
    }
    out.append(end);
  }
  return out;
}

}  // namespace postrider::queue
