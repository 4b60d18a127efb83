#include "postrider/queue/content_scan.h"

#include <limits>

namespace postrider::queue {
namespace {

constexpr std::string_view kReceived = "received";
constexpr std::string_view kTlsRequired = "tls-required:";
constexpr std::string_view kNo = "no";
constexpr std::size_t kNoMatch = std::numeric_limits<std::size_t>::max();

char lower(char octet) { return octet >= 'A' && octet <= 'Z' ? static_cast<char>(octet + 32) : octet; }

}  // namespace

void ContentScan::feed(std::string_view octets) noexcept {
  if (octets.empty()) return;
  scanner_.look(octets);
  octets_ += octets.size();
  if (!header_is_over_) look_at_header(octets);
  if (octets.size() >= 2) {
    last_[0] = octets[octets.size() - 2];
  } else {
    last_[0] = last_[1];
  }
  last_[1] = octets.back();
}

void ContentScan::look_at_header(std::string_view octets) noexcept {
  for (const char octet : octets) {
    look_at(octet);
    if (header_is_over_) return;
  }
}

void ContentScan::look_at(char octet) noexcept {
  look_for_tls_required(octet);
  if (octet == '\n') {
    header_is_over_ = at_line_start_;
    at_line_start_ = true;
    matched_ = 0;
    return;
  }
  if (static_cast<unsigned char>(octet) > 0x7f) eight_bit_header_ = true;
  if (octet == '\r') return;  // an empty line is CRLF; a CR elsewhere is a flaw that is found anyway
  at_line_start_ = false;
  if (matched_ == kNoMatch) return;
  if (matched_ < kReceived.size()) {
    matched_ = lower(octet) == kReceived[matched_] ? matched_ + 1 : kNoMatch;
  } else if (octet == ':') {
    if (hops_ < std::numeric_limits<std::uint16_t>::max()) ++hops_;
    matched_ = kNoMatch;
  } else if (octet != ' ' && octet != '\t') {  // obs-optional, RFC 5322 4.5: spaces before the colon
    matched_ = kNoMatch;
  }
}

// requiretls-field = "TLS-Required:" [FWS] "No" CRLF, RFC 8689 3; white space before the end is tolerated.
void ContentScan::look_for_tls_required(char octet) noexcept {
  constexpr std::size_t kWhole = kTlsRequired.size() + kNo.size();
  const bool space = octet == ' ' || octet == '\t';
  if (octet == '\r') return;
  if (octet == '\n') {
    tls_optional_ = tls_optional_ || tls_required_ == kWhole;
    if (tls_required_ != kTlsRequired.size()) tls_required_ = 0;  // else the field may be folded here
    return;
  }
  if (tls_required_ == kNoMatch) return;
  // Behind the name's line: another field, unless it is folded.
  if (at_line_start_ && tls_required_ == kTlsRequired.size() && !space) tls_required_ = 0;
  if (space && (tls_required_ == kTlsRequired.size() || tls_required_ == kWhole)) return;
  const bool in_name = tls_required_ < kTlsRequired.size();
  const char wanted = tls_required_ == kWhole ? '\0'
                      : in_name               ? kTlsRequired[tls_required_]
                                              : kNo[tls_required_ - kTlsRequired.size()];
  tls_required_ = wanted != '\0' && lower(octet) == wanted ? tls_required_ + 1 : kNoMatch;
}

ContentFacts ContentScan::finish() noexcept {
  scanner_.finish();
  const protocol::Flaws flaws = scanner_.flaws();
  ContentFacts facts;
  facts.octets = octets_;
  facts.eight_bit = flaws.eight_bit;
  facts.bare_cr = flaws.bare_cr;
  facts.bare_lf = flaws.bare_lf;
  facts.nul = flaws.nul;
  facts.long_line = flaws.long_line;
  facts.ends_with_line = last_[0] == '\r' && last_[1] == '\n';
  facts.hops = hops_;
  facts.eight_bit_header = eight_bit_header_;
  facts.tls_optional = tls_optional_;
  return facts;
}

}  // namespace postrider::queue
