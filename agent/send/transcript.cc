#include "postrider/agent/send/transcript.h"

namespace postrider::agent {
namespace {

// The most of a line that is kept until its end comes; content need not have lines at all.
constexpr std::size_t kLongestLine = 4096;

}  // namespace

void TranscriptPrinter::print(client::Direction direction, std::string_view octets) {
  if (direction != direction_) flush();
  direction_ = direction;
  while (!octets.empty()) {
    const std::size_t end = octets.find('\n');
    partial_ += octets.substr(0, end);
    if (end == std::string_view::npos) {
      if (partial_.size() > kLongestLine) flush();
      return;
    }
    print_line(partial_);
    partial_.clear();
    octets.remove_prefix(end + 1);
  }
}

void TranscriptPrinter::flush() {
  if (!partial_.empty()) print_line(partial_);
  partial_.clear();
  out_.flush();
}

void TranscriptPrinter::print_line(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  std::string shown = direction_ == client::Direction::received ? "<- "
                      : direction_ == client::Direction::note   ? "== "
                                                                : "-> ";
  for (const char c : line) {
    const auto octet = static_cast<unsigned char>(c);
    constexpr std::string_view kDigits = "0123456789abcdef";
    if ((octet < 0x20 && c != '\t') || octet == 0x7f) {
      shown += "\\x";
      shown += kDigits[octet >> 4];
      shown += kDigits[octet & 15];
    } else {
      shown += c;
    }
  }
  out_ << shown << '\n';
}

}  // namespace postrider::agent
