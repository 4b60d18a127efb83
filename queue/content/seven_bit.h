// Converts a message for a next hop that cannot take it as it is: 8-bit content where there is no 8BITMIME
// (RFC 6152 3), content with arbitrary octets where there is no BINARYMIME (RFC 3030 3).
//
//   SevenBitScan scan(ContentTarget::seven_bit);
//   while (…) scan.put(slice);                      // the whole message
//   auto plan = scan.finish();                      // or why it cannot be converted
//   SevenBitConverter converter(std::move(*plan));
//   while (…) converter.put(slice, out);            // the whole message once more, cut anywhere
//   converter.finish(out);
//
// Two passes, since a part's header says how its content is encoded and comes before that. Memory is bounded
// by the header of one part and an octet for each part (MimeWalker). A message that needs no conversion comes
// out as it went in; so does every part of it that needs none.
//
// Text that has lines becomes quoted-printable, everything else base64. A multipart or a message/rfc822 may
// not be encoded (RFC 2045 6.4, RFC 2046 5.2.1); the parts inside are. Where a field must be added or
// replaced it is, behind the others. What stands before the first and behind the last part of a multipart is
// shown by nobody: its octets above 127 become '?'. Signatures of the header and the body as a whole (DKIM)
// do not survive conversion; what multipart/signed covers is not touched.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/protocol/grammar/enhanced_status.h"
#include "postrider/queue/content/mime_walker.h"
#include "postrider/queue/content/transfer_encoding.h"

namespace postrider::queue {

// What the next hop takes.
enum class ContentTarget : std::uint8_t {
  seven_bit,  // lines of ASCII
  eight_bit,  // lines, with 8BITMIME
};

enum class ConversionRefusal : std::uint8_t {
  eight_bit_header,  // UTF-8 in a header: only SMTPUTF8 carries it
  signed_content,    // RFC 1847 2.1: what is signed may not be changed
  bad_encoding,      // 8-bit or binary content in a part that claims an encoding which has none
  no_encoding,       // message/partial and its like, which have to be lines of ASCII: RFC 2046 5.2.2
  too_complex,       // the bounds of MimeWalker
};
// "a part that is signed would have to be changed"
std::string_view to_string(ConversionRefusal refusal) noexcept;
// 5.6.3, conversion required but not supported (RFC 3463 3.7); 5.6.9 for a header in UTF-8.
protocol::EnhancedStatus status_of(ConversionRefusal refusal) noexcept;

// What becomes of each part, in the order of their headers.
class SevenBitPlan {
 public:
  // True when nothing is changed at all.
  bool is_identity() const noexcept;

 private:
  friend class SevenBitScan;
  friend class SevenBitConverter;
  enum class Treatment : std::uint8_t {
    keep,
    say_seven_bit,  // as it is, but with this encoding said of it
    say_eight_bit,
    quoted_printable,
    base64,
  };
  std::vector<Treatment> parts_;
  bool clean_outside_ = false;  // what is outside of all parts has octets that must go
};

class SevenBitScan final : private MimeVisitor {
 public:
  explicit SevenBitScan(ContentTarget target) noexcept : target_(target) {}

  // Does nothing any more once the message is known to be refused.
  void put(std::string_view slice);
  std::expected<SevenBitPlan, ConversionRefusal> finish();

 private:
  using Treatment = SevenBitPlan::Treatment;

  void header(const MimePart& part, bool ended) override;
  void content(std::string_view octets) override;
  void content_line_end() override;
  void content_end() override;
  void boundary(std::string_view octets) override;
  void outside(std::string_view octets, bool is_signed) override;

  void refuse(ConversionRefusal refusal) noexcept;
  Treatment treatment_of_leaf() noexcept;
  Treatment relabelled(const MimePart& part) const noexcept;

  ContentTarget target_;
  MimeWalker walker_{*this};
  SevenBitPlan plan_;
  MimePart part_;       // the current leaf, without its header
  bool ended_ = false;  // its header was
  bool eight_bit_ = false;
  bool broken_lines_ = false;  // NUL, bare CR or LF
  bool long_line_ = false;
  std::size_t line_ = 0;
  bool refused_ = false;
  ConversionRefusal refusal_{};
};

class SevenBitConverter final : private MimeVisitor {
 public:
  explicit SevenBitConverter(SevenBitPlan plan) noexcept : plan_(std::move(plan)) {}

  // Append to `out`.
  void put(std::string_view slice, std::string& out);
  void finish(std::string& out);

 private:
  using Treatment = SevenBitPlan::Treatment;

  void header(const MimePart& part, bool ended) override;
  void content(std::string_view octets) override;
  void content_line_end() override;
  void content_end() override;
  void boundary(std::string_view octets) override;
  void outside(std::string_view octets, bool is_signed) override;

  SevenBitPlan plan_;
  MimeWalker walker_{*this};
  std::string* out_ = nullptr;  // during a call
  Treatment treatment_ = Treatment::keep;
  QuotedPrintable quoted_printable_;
  Base64Lines base64_;
};

}  // namespace postrider::queue
