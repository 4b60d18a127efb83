#include "postrider/fuzz/transcript/redactor.h"

#include <algorithm>

#include "postrider/protocol/grammar/octets.h"

namespace postrider::fuzz {
namespace {

constexpr std::string_view kAuth = "AUTH";
constexpr std::string_view kBdat = "BDAT ";
constexpr std::string_view kHidden = "****";
// Of a line: enough for "BDAT 18446744073709551615 LAST".
constexpr std::size_t kHead = 40;
constexpr unsigned kStartMailInput = 354;
constexpr unsigned kChallenge = 334;
constexpr unsigned kAuthenticated = 235;

char upper(char c) noexcept { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
bool is_space(char c) noexcept { return c == ' ' || c == '\t'; }

}  // namespace

std::string TranscriptRedactor::from_client(std::string_view octets) {
  std::string out;
  out.reserve(octets.size());
  for (const char octet : octets) take(octet, out);
  return out;
}

void TranscriptRedactor::take(char octet, std::string& out) {
  if (line_octets_ == 0 && part_ == Part::verb) {
    if (challenged_ || answering_) part_ = Part::secret;
    if (content_) part_ = Part::plain;
  }
  ++line_octets_;
  if (octet == '\n') {
    out += octet;
    line_ended();
  } else {
    if (head_.size() < kHead) head_ += octet;
    take_in_line(octet, out);
  }
  if (chunk_ != 0 && --chunk_ == 0) {  // what follows a chunk is a command, also without a line end before it
    if (part_ == Part::plain) {
      part_ = Part::verb;
      matched_ = 0;
    }
    anywhere_ = true;
    line_octets_ = 0;
    head_.clear();
  }
}

void TranscriptRedactor::take_in_line(char octet, std::string& out) {
  switch (part_) {
    case Part::verb:
      if (matched_ == kAuth.size() && is_space(octet)) {
        part_ = Part::mechanism;
        auth_line_ = true;
        matched_ = 0;
      } else if (matched_ < kAuth.size() && upper(octet) == kAuth[matched_]) {
        ++matched_;
      } else if (octet == '\r') {
        matched_ = 0;
      } else if (anywhere_) {
        matched_ = upper(octet) == kAuth[0] ? 1 : 0;
      } else if (matched_ != 0 || !is_space(octet)) {
        part_ = Part::plain;
      }
      break;
    case Part::mechanism:
      // The spaces before a name are no gap; `matched_` says that the name has begun.
      if (octet == '\r' || (is_space(octet) && matched_ != 0)) {
        part_ = Part::gap;
      } else if (!is_space(octet)) {
        matched_ = 1;
      }
      break;
    case Part::gap:
    case Part::secret:
      if (octet == '\r' || (part_ == Part::gap && is_space(octet))) break;
      part_ = Part::secret;
      if (!shown_) out += kHidden;
      shown_ = true;
      return;
    case Part::plain:
      // There are servers for which a bare CR ends a line.
      if (octet == '\r' && !content_) {
        part_ = Part::verb;
        matched_ = 0;
      }
      break;
  }
  out += octet;
}

void TranscriptRedactor::line_ended() {
  if (head_.ends_with('\r')) head_.pop_back();
  if (content_) {
    if (head_ == ".") content_ = false;
  } else {
    const bool hidden_answer = part_ == Part::secret && !auth_line_;
    if (hidden_answer) challenged_ = false;
    // A line in a chunk that looks like one is text, and hidden for its looks alone.
    if (auth_line_ && chunk_ == 0) answering_ = true;
    if (!hidden_answer && chunk_ == 0) count_chunk();
  }
  part_ = Part::verb;
  matched_ = 0;
  auth_line_ = shown_ = anywhere_ = false;
  line_octets_ = 0;
  head_.clear();
}

// RFC 3030 2: as many octets as the command says come behind it, whatever they are.
void TranscriptRedactor::count_chunk() {
  if (head_.size() < kBdat.size()) return;
  if (!std::ranges::equal(std::string_view(head_).substr(0, kBdat.size()), kBdat, {}, upper)) return;
  std::uint64_t size = 0;
  for (const char c : std::string_view(head_).substr(kBdat.size())) {
    if (c < '0' || c > '9' || size > UINT64_MAX / 16) break;
    size = size * 10 + static_cast<unsigned>(c - '0');
  }
  // One more: the LF that ends the command is counted by take() when this returns.
  if (size != 0) chunk_ = size + 1;
}

void TranscriptRedactor::from_server(std::string_view octets) {
  for (const char octet : octets) {
    if (octet == '\n') {
      if (column_ >= 3 && last_) reply(code_);
      column_ = 0;
      code_ = 0;
      last_ = true;
      continue;
    }
    if (column_ < 3) {
      // Not a digit: a code above any.
      code_ = octet >= '0' && octet <= '9' ? code_ * 10 + static_cast<unsigned>(octet - '0') : 1000;
    } else if (column_ == 3) {
      last_ = octet != '-';
    }
    column_ = std::min<std::size_t>(column_ + 1, 4);
  }
}

void TranscriptRedactor::reply(unsigned code) {
  content_ = false;
  if (code == kChallenge) {
    challenged_ = answering_ = true;
    return;
  }
  if (code == kStartMailInput) {
    content_ = !answering_;
    return;
  }
  // Replies to commands before AUTH do not end it, unless they are refusals.
  if (code == kAuthenticated || (code >= 400 && code < 600)) answering_ = challenged_ = false;
}

Transcript redacted(const Transcript& transcript) {
  Transcript out;
  out.events.reserve(transcript.events.size());
  TranscriptRedactor redactor;
  for (const TranscriptEvent& event : transcript.events) {
    TranscriptEvent shown{event.at, event.kind, {}};
    switch (event.kind) {
      case TranscriptKind::client: shown.octets = redactor.from_client(event.octets); break;
      case TranscriptKind::server:
        redactor.from_server(event.octets);
        shown.octets = event.octets;
        break;
      case TranscriptKind::connected:
      case TranscriptKind::tls:
        redactor.start_over();
        shown.octets = event.octets;
        break;
      default: shown.octets = event.octets; break;
    }
    const bool nothing_left = event.kind == TranscriptKind::client && shown.octets.empty();
    if (!nothing_left) out.events.push_back(std::move(shown));
  }
  return out;
}

}  // namespace postrider::fuzz
