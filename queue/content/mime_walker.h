// Walks through the structure of a message while its octets come in: which of them are a part's header, its
// content, or nobody's. RFC 2045, RFC 2046.
//
//   MimeWalker walker(visitor);
//   walker.put(slice);      // as often as there is something; cut anywhere
//   walker.finish();
//
// Every octet is handed to the visitor once, in order: what it gets, joined, is the message. Only CRLF ends a
// line (RFC 5321 2.3.8). No recursion. What is kept is one header (kMaxPartHeader), the beginning of a line,
// and the boundaries of the parts around the current one (kMaxMimeDepth). A multipart that is nested more
// deeply, has no usable boundary, or is encoded as a whole (which RFC 2045 6.4 forbids) counts as one part
// without structure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/queue/content/mime_field.h"

namespace postrider::queue {

// The attack that these stop: a message whose structure costs more memory than its octets.
inline constexpr std::size_t kMaxPartHeader = std::size_t{256} << 10;
inline constexpr std::size_t kMaxMimeDepth = 32;
inline constexpr std::size_t kMaxMimeParts = 10'000;
inline constexpr std::size_t kMaxBoundary = 200;  // RFC 2046 5.1.1 allows 70; some programs write more

// A message, or a part of one.
struct MimePart {
  enum class Kind : std::uint8_t {
    leaf,       // content without structure
    multipart,  // parts follow
    message,    // message/rfc822: a message follows, with a header of its own
  };
  Kind kind = Kind::leaf;
  std::size_t number = 0;    // in the order of their headers, from 0
  bool is_message = false;   // the message itself, or the one in a message/rfc822
  std::size_t messages = 0;  // message/rfc822 parts around it
  // Covered by the signature of a multipart/signed around it, RFC 1847 2.1: not an octet may change.
  bool is_signed = false;
  ContentType type;          // the default one where the header has none: text/plain, RFC 2045 5.2
  bool has_type = false;     // the header has one
  bool has_version = false;  // MIME-Version
  std::string encoding;      // in lower case; empty: none given, which means 7bit
  std::string_view header;   // with CRLF ends, without the empty line behind it; during the call alone
};

enum class MimeFault : std::uint8_t { header_too_long, too_many_parts };

class MimeVisitor {
 public:
  virtual ~MimeVisitor() = default;
  // The header of `part`, and whether the empty line follows which ends it (else its end was missing).
  virtual void header(const MimePart& part, bool ended) = 0;
  // Content of the last leaf; no CRLF is in it. What stands here of CR or LF is a bare one.
  virtual void content(std::string_view octets) = 0;
  virtual void content_line_end() = 0;  // a CRLF of the content
  virtual void content_end() = 0;       // once for each leaf
  // Boundaries with the line ends around them, and what stands before, between and behind them.
  virtual void boundary(std::string_view octets) = 0;
  virtual void outside(std::string_view octets, bool is_signed) = 0;
};

class MimeWalker {
 public:
  // `visitor` outlives this.
  explicit MimeWalker(MimeVisitor& visitor) noexcept : visitor_(&visitor) {}

  // False, and from then on nothing happens, when a bound is passed: fault() says which.
  bool put(std::string_view slice);
  bool finish();
  MimeFault fault() const noexcept { return fault_; }

 private:
  enum class Place : std::uint8_t { header, content, outside, broken };
  struct Level {
    std::string boundary;
    bool digest = false;  // its parts are messages unless they say otherwise, RFC 2046 5.1.5
    bool parts_signed = false;
    bool itself_signed = false;
    std::size_t messages = 0;
  };

  std::size_t put_header(std::string_view slice);
  std::size_t put_line_start(std::string_view slice);
  std::size_t put_line(std::string_view slice);
  void header_line(std::size_t begin);
  void end_header(bool ended);
  void enter(MimePart& part);
  bool take_boundary(std::string_view line, std::string_view line_end);
  void octets(std::string_view octets);
  void line_end();
  void release_line_end();
  void end_content();
  void fail(MimeFault fault) noexcept;

  MimeVisitor* visitor_;
  Place place_ = Place::header;
  std::vector<Level> levels_;
  std::string header_;           // of the current part, as far as it came
  std::size_t header_line_ = 0;  // where its last line begins
  std::string line_;             // the beginning of a line that may be a boundary
  bool at_line_start_ = true;
  bool after_cr_ = false;        // a CR whose successor has not come
  bool held_line_end_ = false;   // a CRLF that belongs to the boundary, if one follows
  bool next_is_message_ = true;  // the next header is that of a message
  bool next_in_digest_ = false;
  bool signed_ = false;  // the current part, or the multipart whose preamble or epilogue this is
  std::size_t messages_ = 0;
  std::size_t parts_ = 0;
  MimeFault fault_{};
};

}  // namespace postrider::queue
