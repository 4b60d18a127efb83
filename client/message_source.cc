#include "postrider/client/message_source.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace postrider::client {
namespace {

using transport::error_code;
using transport::system_error;

constexpr std::size_t kBlock = std::size_t{64} * 1024;

// Appends `text` with CRLF for each line end; `after_cr` carries over from one part to the next. A CR is
// written out with its LF at once, and an LF behind it swallowed.
void append_with_crlf(std::string_view text, bool& after_cr, std::string& out) {
  while (!text.empty()) {
    const bool swallow = std::exchange(after_cr, false) && text.front() == '\n';
    if (swallow) text.remove_prefix(1);
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    out.append(text.substr(0, end));
    if (end == text.size()) return;
    out.append("\r\n");
    after_cr = text[end] == '\r';
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::string with_crlf(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 32);
  bool after_cr = false;
  append_with_crlf(text, after_cr, out);
  return out;
}

void MessageInspector::look(std::string_view slice) noexcept {
  if (slice.empty()) return;
  scanner_.look(slice);
  octets_ += slice.size();
  last_[0] = slice.size() > 1 ? slice[slice.size() - 2] : last_[1];
  last_[1] = slice.back();
}

MessageFacts MessageInspector::finish() noexcept {
  scanner_.finish();
  MessageFacts facts;
  facts.octets = octets_;
  facts.inspected = true;
  facts.flaws = scanner_.flaws();
  facts.ends_with_line = last_[0] == '\r' && last_[1] == '\n';
  return facts;
}

MemoryMessage::MemoryMessage(std::string_view octets, Content content) : octets_(octets) {
  MessageInspector inspector;
  inspector.look(octets);
  facts_ = inspector.finish();
  facts_.binary = content == Content::binary;
}

Task<MessageSource::SliceResult> MemoryMessage::next() {
  Slice slice;
  slice.octets = octets_;
  slice.last = true;
  co_return slice;
}

std::expected<FileMessage, error_code> FileMessage::open(const std::string& path, LineEnds line_ends) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return std::unexpected(system_error(errno));
  return adopt(descriptor, line_ends);
}

std::expected<FileMessage, error_code> FileMessage::adopt(int descriptor, LineEnds line_ends) {
  FileMessage message(descriptor, line_ends);
  if (const error_code failure = message.inspect()) return std::unexpected(failure);
  return message;
}

FileMessage::FileMessage(FileMessage&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      line_ends_(other.line_ends_),
      offset_(other.offset_),
      after_cr_(other.after_cr_),
      block_(std::move(other.block_)),
      converted_(std::move(other.converted_)),
      facts_(other.facts_) {}

FileMessage& FileMessage::operator=(FileMessage&& other) noexcept {
  if (this == &other) return *this;
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = std::exchange(other.descriptor_, -1);
  line_ends_ = other.line_ends_;
  offset_ = other.offset_;
  after_cr_ = other.after_cr_;
  block_ = std::move(other.block_);
  converted_ = std::move(other.converted_);
  facts_ = other.facts_;
  return *this;
}

FileMessage::~FileMessage() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

error_code FileMessage::inspect() {
  MessageInspector inspector;
  for (bool last = false; !last;) {
    const SliceResult slice = read_block();
    if (!slice) return slice.error();
    inspector.look(slice->octets);
    last = slice->last;
  }
  facts_ = inspector.finish();
  return rewind();
}

Task<MessageSource::SliceResult> FileMessage::next() { co_return read_block(); }

MessageSource::SliceResult FileMessage::read_block() {
  block_.resize(kBlock);
  std::size_t filled = 0;
  while (filled < kBlock) {
    const ::ssize_t count =
        ::pread(descriptor_, block_.data() + filled, kBlock - filled, static_cast<::off_t>(offset_ + filled));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::unexpected(system_error(errno));
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  offset_ += filled;
  Slice slice;
  slice.octets = std::string_view(block_).substr(0, filled);
  slice.last = filled < kBlock;
  if (line_ends_ == LineEnds::convert) {
    converted_.clear();
    append_with_crlf(slice.octets, after_cr_, converted_);
    slice.octets = converted_;
  }
  return slice;
}

error_code FileMessage::rewind() {
  offset_ = 0;
  after_cr_ = false;
  return {};
}

}  // namespace postrider::client
