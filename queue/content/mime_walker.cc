#include "postrider/queue/content/mime_walker.h"

#include <algorithm>
#include <utility>

namespace postrider::queue {
namespace {

// "--", the boundary, "--", and white space that may follow.
constexpr std::size_t kLongestBoundaryLine = kMaxBoundary + 64;

bool is_identity(std::string_view encoding) noexcept {
  return encoding.empty() || encoding == "7bit" || encoding == "8bit" || encoding == "binary";
}

}  // namespace

bool MimeWalker::put(std::string_view slice) {
  while (!slice.empty() && place_ != Place::broken) {
    if (place_ == Place::header) {
      slice.remove_prefix(put_header(slice));
    } else if (at_line_start_ && !levels_.empty()) {
      slice.remove_prefix(put_line_start(slice));
    } else {
      slice.remove_prefix(put_line(slice));
    }
  }
  return place_ != Place::broken;
}

bool MimeWalker::finish() {
  if (place_ == Place::header) {
    // The last line has no end: it is part of the header, or a boundary.
    const std::string last = header_.substr(header_line_);
    header_.resize(header_line_);
    if (!take_boundary(last, "")) {
      header_ += last;
      end_header(false);
    }
  }
  if (place_ == Place::broken) return false;
  if (!line_.empty()) {
    const std::string last = std::exchange(line_, {});
    if (!take_boundary(last, "")) octets(last);
  }
  if (after_cr_) octets("\r");
  release_line_end();
  end_content();
  place_ = Place::outside;
  return true;
}

// ---- Headers ----

std::size_t MimeWalker::put_header(std::string_view slice) {
  const std::size_t feed = slice.find('\n');
  const std::size_t taken = feed == std::string_view::npos ? slice.size() : feed + 1;
  if (header_.size() + taken > kMaxPartHeader) {
    fail(MimeFault::header_too_long);
    return taken;
  }
  header_.append(slice.substr(0, taken));
  if (feed != std::string_view::npos && header_.ends_with("\r\n") && header_.size() - header_line_ >= 2) {
    header_line(std::exchange(header_line_, header_.size()));
  }
  return taken;
}

// A line of the header that begins at `begin` is complete.
void MimeWalker::header_line(std::size_t begin) {
  const std::string line = header_.substr(begin, header_.size() - begin - 2);
  if (line.empty()) {
    header_.resize(begin);
    end_header(true);
    return;
  }
  if (levels_.empty() || !line.starts_with("--")) return;
  // The line is no part of the header if it is a boundary: the part has no content.
  header_.resize(begin);
  if (take_boundary(line, "\r\n")) return;
  header_.append(line).append("\r\n");
}

void MimeWalker::end_header(bool ended) {
  if (parts_ == kMaxMimeParts) {
    fail(MimeFault::too_many_parts);
    return;
  }
  MimePart part;
  part.number = parts_++;
  part.is_message = next_is_message_;
  part.messages = messages_;
  part.is_signed = signed_;
  part.header = header_;
  for (HeaderFields fields(header_); fields.next();) {
    if (fields.is("CONTENT-TYPE") && !part.has_type) {
      part.type = read_content_type(fields.value());
      part.has_type = true;
    } else if (fields.is("CONTENT-TRANSFER-ENCODING") && part.encoding.empty()) {
      part.encoding = read_transfer_encoding(fields.value());
    } else if (fields.is("MIME-VERSION")) {
      part.has_version = true;
    }
  }
  if (part.type.type.empty()) {  // RFC 2045 5.2, RFC 2046 5.1.5
    part.type.type = next_in_digest_ ? "message" : "text";
    part.type.subtype = next_in_digest_ ? "rfc822" : "plain";
  }
  next_in_digest_ = false;
  const bool has_structure = is_identity(part.encoding) && ended;
  if (has_structure && part.type.type == "multipart" && !part.type.boundary.empty() &&
      part.type.boundary.size() <= kMaxBoundary && levels_.size() < kMaxMimeDepth) {
    part.kind = MimePart::Kind::multipart;
  } else if (has_structure && part.type.is("message", "rfc822")) {
    part.kind = MimePart::Kind::message;
  }
  visitor_->header(part, ended);
  enter(part);
}

void MimeWalker::enter(MimePart& part) {
  header_.clear();
  header_line_ = 0;
  at_line_start_ = true;
  next_is_message_ = part.kind == MimePart::Kind::message;
  if (part.kind == MimePart::Kind::message) {
    ++messages_;
    place_ = Place::header;
  } else if (part.kind == MimePart::Kind::multipart) {
    Level level;
    level.boundary = std::move(part.type.boundary);
    level.digest = part.type.subtype == "digest";
    level.itself_signed = signed_;
    level.parts_signed = signed_ || part.type.subtype == "signed";
    level.messages = messages_;
    levels_.push_back(std::move(level));
    place_ = Place::outside;
  } else {
    place_ = Place::content;
  }
}

// ---- Lines of content, and of what is none ----

// The line may be a boundary: its octets are kept until that is known.
std::size_t MimeWalker::put_line_start(std::string_view slice) {
  if (line_.empty() && slice[0] != '-') {
    at_line_start_ = false;
    return 0;
  }
  const std::size_t feed = slice.find('\n');
  const std::size_t room = kLongestBoundaryLine - line_.size();
  const std::size_t taken =
      std::min({feed == std::string_view::npos ? slice.size() : feed + 1, room, slice.size()});
  line_.append(slice.substr(0, taken));
  const bool complete = line_.ends_with("\r\n");
  const bool hopeless = line_.size() >= 2 && !line_.starts_with("--");
  if (!complete && !hopeless && line_.size() < kLongestBoundaryLine) return taken;
  const std::string line = std::exchange(line_, {});
  at_line_start_ = false;
  if (complete) {
    const std::string_view text = std::string_view(line).substr(0, line.size() - 2);
    if (take_boundary(text, "\r\n")) return taken;
    octets(text);
    line_end();
  } else {
    put_line(line);
  }
  return taken;
}

// Octets of a line that is no boundary, up to its end. Takes all of `slice` or up to a CRLF.
std::size_t MimeWalker::put_line(std::string_view slice) {
  std::size_t at = 0;
  if (after_cr_) {
    after_cr_ = false;
    if (slice[0] == '\n') {
      line_end();
      return 1;
    }
    octets("\r");
  }
  while (at < slice.size()) {
    const std::size_t cr = slice.find('\r', at);
    if (cr == std::string_view::npos) break;
    if (cr + 1 == slice.size()) {
      octets(slice.substr(0, cr));
      after_cr_ = true;
      at_line_start_ = false;
      return slice.size();
    }
    if (slice[cr + 1] == '\n') {
      octets(slice.substr(0, cr));
      line_end();
      return cr + 2;
    }
    at = cr + 1;
  }
  octets(slice);
  return slice.size();
}

void MimeWalker::octets(std::string_view octets) {
  if (octets.empty()) return;
  at_line_start_ = false;
  release_line_end();
  if (place_ == Place::content) {
    visitor_->content(octets);
  } else {
    visitor_->outside(octets, signed_);
  }
}

void MimeWalker::line_end() {
  release_line_end();
  held_line_end_ = true;
  at_line_start_ = true;
}

void MimeWalker::release_line_end() {
  if (!std::exchange(held_line_end_, false)) return;
  if (place_ == Place::content) {
    visitor_->content_line_end();
  } else {
    visitor_->outside("\r\n", signed_);
  }
}

void MimeWalker::end_content() {
  if (place_ == Place::content) visitor_->content_end();
}

// delimiter = "--" boundary, close-delimiter = delimiter "--", transport-padding: RFC 2046 5.1.1. The
// innermost multipart comes first; one whose end is missing ends with the one around it.
bool MimeWalker::take_boundary(std::string_view line, std::string_view line_end) {
  std::string_view text = line;
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  if (!text.starts_with("--")) return false;
  text.remove_prefix(2);
  for (std::size_t depth = levels_.size(); depth-- > 0;) {
    const Level& level = levels_[depth];
    if (!text.starts_with(level.boundary)) continue;
    const std::string_view behind = text.substr(level.boundary.size());
    if (!behind.empty() && behind != "--") continue;
    if (place_ == Place::header) {
      end_header(false);
      if (place_ == Place::broken) return true;
    }
    end_content();
    // RFC 2046 5.1.1: the CRLF before a boundary belongs to that.
    if (std::exchange(held_line_end_, false)) visitor_->boundary("\r\n");
    visitor_->boundary(line);
    if (!line_end.empty()) visitor_->boundary(line_end);
    at_line_start_ = true;
    messages_ = level.messages;
    const bool closes = !behind.empty();
    signed_ = closes ? level.itself_signed : level.parts_signed;
    next_in_digest_ = level.digest;
    next_is_message_ = false;
    place_ = closes ? Place::outside : Place::header;
    levels_.resize(closes ? depth : depth + 1);
    return true;
  }
  return false;
}

void MimeWalker::fail(MimeFault fault) noexcept {
  place_ = Place::broken;
  fault_ = fault;
}

}  // namespace postrider::queue
