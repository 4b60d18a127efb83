#include "postrider/queue/content/seven_bit.h"

#include <algorithm>
#include <utility>

#include "postrider/protocol/grammar/octets.h"

namespace postrider::queue {
namespace {

constexpr std::size_t kLongestLine = 998;  // RFC 5322 2.1.1

bool is_eight_bit(char c) noexcept { return static_cast<unsigned char>(c) > 127; }
bool has_eight_bit(std::string_view octets) noexcept { return std::ranges::any_of(octets, is_eight_bit); }

bool is_identity(std::string_view encoding) noexcept {
  return encoding.empty() || encoding == "7bit" || encoding == "8bit" || encoding == "binary";
}

}  // namespace

std::string_view to_string(ConversionRefusal refusal) noexcept {
  switch (refusal) {
    case ConversionRefusal::eight_bit_header: return "its header is in UTF-8, which needs SMTPUTF8";
    case ConversionRefusal::signed_content: return "a part that is signed would have to be changed";
    case ConversionRefusal::bad_encoding: return "a part is not encoded as it says";
    case ConversionRefusal::no_encoding: return "a part must be ASCII and is not";
    case ConversionRefusal::too_complex: return "it has too many parts, or too long a header";
  }
  return {};
}

protocol::EnhancedStatus status_of(ConversionRefusal refusal) noexcept {
  const bool utf8 = refusal == ConversionRefusal::eight_bit_header;
  return {5, {6, static_cast<std::uint16_t>(utf8 ? 9 : 3)}};
}

bool SevenBitPlan::is_identity() const noexcept {
  const auto keeps = [](Treatment each) { return each == Treatment::keep; };
  return !clean_outside_ && std::ranges::all_of(parts_, keeps);
}

// ---- The first pass ----

void SevenBitScan::put(std::string_view slice) {
  if (refused_) return;
  if (!walker_.put(slice)) refuse(ConversionRefusal::too_complex);
}

std::expected<SevenBitPlan, ConversionRefusal> SevenBitScan::finish() {
  if (!refused_ && !walker_.finish()) refuse(ConversionRefusal::too_complex);
  if (refused_) return std::unexpected(refusal_);
  return std::move(plan_);
}

void SevenBitScan::refuse(ConversionRefusal refusal) noexcept {
  if (!std::exchange(refused_, true)) refusal_ = refusal;
}

void SevenBitScan::header(const MimePart& part, bool ended) {
  if (target_ == ContentTarget::seven_bit && has_eight_bit(part.header)) {
    refuse(ConversionRefusal::eight_bit_header);
  }
  part_ = part;
  part_.header = {};
  eight_bit_ = false;
  broken_lines_ = false;
  long_line_ = false;
  line_ = 0;
  ended_ = ended;
  plan_.parts_.push_back(part.kind == MimePart::Kind::leaf ? Treatment::keep : relabelled(part));
}

void SevenBitScan::content(std::string_view octets) {
  for (const char c : octets) {
    if (is_eight_bit(c)) eight_bit_ = true;
    if (protocol::is(c, protocol::kLineBreaker)) broken_lines_ = true;  // NUL, and what is no CRLF
  }
  line_ += octets.size();
  if (line_ > kLongestLine) long_line_ = true;
}

void SevenBitScan::content_line_end() { line_ = 0; }

void SevenBitScan::content_end() { plan_.parts_.back() = treatment_of_leaf(); }

SevenBitScan::Treatment SevenBitScan::treatment_of_leaf() noexcept {
  const bool plain = is_identity(part_.encoding);
  // Long lines are a fault that others live with: they are no reason to touch what is signed or encoded.
  const bool too_long = long_line_ && plain && !part_.is_signed;
  if (!broken_lines_ && !too_long && !(eight_bit_ && target_ == ContentTarget::seven_bit)) {
    return ended_ ? relabelled(part_) : Treatment::keep;
  }
  if (part_.is_signed) {
    refuse(ConversionRefusal::signed_content);
  } else if (!plain) {
    refuse(ConversionRefusal::bad_encoding);
  } else if (part_.type.type == "multipart" || part_.type.is("message", "rfc822")) {
    refuse(ConversionRefusal::too_complex);
  } else if (part_.type.is("message", "partial") || part_.type.is("message", "external-body")) {
    refuse(ConversionRefusal::no_encoding);
  }
  return part_.type.type == "text" && !broken_lines_ ? Treatment::quoted_printable : Treatment::base64;
}

// What is to be said of the encoding of a part whose content stays, or whose parts are converted: that they
// are lines of ASCII, or lines.
SevenBitScan::Treatment SevenBitScan::relabelled(const MimePart& part) const noexcept {
  if (part.is_signed) return Treatment::keep;
  if (target_ == ContentTarget::eight_bit) {
    return part.encoding == "binary" ? Treatment::say_eight_bit : Treatment::keep;
  }
  const bool says_more = part.encoding == "binary" || part.encoding == "8bit";
  return says_more ? Treatment::say_seven_bit : Treatment::keep;
}

void SevenBitScan::boundary(std::string_view) {}

void SevenBitScan::outside(std::string_view octets, bool is_signed) {
  if (target_ == ContentTarget::eight_bit || !has_eight_bit(octets)) return;
  if (is_signed) refuse(ConversionRefusal::signed_content);
  plan_.clean_outside_ = true;
}

// ---- The second pass ----

void SevenBitConverter::put(std::string_view slice, std::string& out) {
  out_ = &out;
  walker_.put(slice);
}

void SevenBitConverter::finish(std::string& out) {
  out_ = &out;
  walker_.finish();
}

void SevenBitConverter::header(const MimePart& part, bool ended) {
  // The same message has the same parts; another one is handed on as it is.
  treatment_ = part.number < plan_.parts_.size() ? plan_.parts_[part.number] : Treatment::keep;
  if (treatment_ == Treatment::keep) {
    out_->append(part.header).append(ended ? "\r\n" : "");
    return;
  }
  for (HeaderFields fields(part.header); fields.next();) {
    if (!fields.is("CONTENT-TRANSFER-ENCODING")) out_->append(fields.whole());
  }
  const bool encodes = treatment_ == Treatment::quoted_printable || treatment_ == Treatment::base64;
  if (part.is_message && !part.has_version) out_->append("MIME-Version: 1.0\r\n");
  if (encodes && !part.has_type && part.type.type == "text") {
    // RFC 1428 3: what it is nobody has said, and ASCII it is not.
    out_->append("Content-Type: text/plain; charset=unknown-8bit\r\n");
  }
  out_->append("Content-Transfer-Encoding: ");
  switch (treatment_) {
    case Treatment::say_seven_bit: out_->append("7bit"); break;
    case Treatment::say_eight_bit: out_->append("8bit"); break;
    case Treatment::quoted_printable: out_->append("quoted-printable"); break;
    case Treatment::base64: out_->append("base64"); break;
    case Treatment::keep: break;
  }
  out_->append("\r\n").append(ended ? "\r\n" : "");
}

void SevenBitConverter::content(std::string_view octets) {
  if (treatment_ == Treatment::quoted_printable) {
    quoted_printable_.put(octets, *out_);
  } else if (treatment_ == Treatment::base64) {
    base64_.put(octets, *out_);
  } else {
    out_->append(octets);
  }
}

void SevenBitConverter::content_line_end() { content("\r\n"); }

void SevenBitConverter::content_end() {
  quoted_printable_.finish(*out_);
  base64_.finish(*out_);
}

void SevenBitConverter::boundary(std::string_view octets) { out_->append(octets); }

void SevenBitConverter::outside(std::string_view octets, bool) {
  if (!plan_.clean_outside_) {
    out_->append(octets);
    return;
  }
  for (const char c : octets) out_->push_back(is_eight_bit(c) ? '?' : c);
}

}  // namespace postrider::queue
