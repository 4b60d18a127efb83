// Where the octets of a message come from: memory, a file, or whatever a user writes.
//
//   MemoryMessage message("Subject: hi\r\n\r\nhello\r\n");
//   Outcome... = co_await client.send(envelope, message);
//
// A source gives the content as it is to arrive: without dot-stuffing, lines ended by CRLF. Unix text, whose
// lines end in LF, is turned into that by LineEnds::convert. A message is looked through before it is sent
// (inspect()), because once the server has said 354 a fault in it can only be met by cutting the connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "postrider/protocol/framing/data_codec.h"
#include "postrider/transport/error.h"
#include "postrider/transport/task.h"

namespace postrider::client {

using transport::Task;

// What is known of a message before it is sent.
struct MessageFacts {
  // Octets as slices will give them; nullopt: unknown, so SIZE= is not sent.
  std::optional<std::uint64_t> octets;
  // Are the flaws those of the whole message? If not, it is looked at while it is sent.
  bool inspected = false;
  protocol::Flaws flaws;
  bool ends_with_line = true;  // the last octets are CRLF, or there are none; counts with `inspected`
  // Not text: CR, LF and NUL mean nothing in it. Needs a server with BINARYMIME (RFC 3030 3).
  bool binary = false;
};

// Looks through content that comes in slices.
class MessageInspector {
 public:
  void look(std::string_view slice) noexcept;
  // Those seen so far.
  protocol::Flaws flaws() const noexcept { return scanner_.flaws(); }
  MessageFacts finish() noexcept;

 private:
  protocol::FlawScanner scanner_;
  std::uint64_t octets_ = 0;
  char last_[2] = {'\r', '\n'};
};

class MessageSource {
 public:
  struct Slice {
    std::string_view octets;  // valid until the next call of next() or rewind(); may be empty
    bool last = false;
  };
  using SliceResult = std::expected<Slice, transport::error_code>;

  virtual ~MessageSource() = default;
  virtual MessageFacts facts() const = 0;
  // The next part; not called again after the last one.
  virtual Task<SliceResult> next() = 0;
  // Back to the beginning, whatever was given so far: a second transaction for the recipients whom the first
  // one had no room for. An error when that is impossible.
  virtual transport::error_code rewind() = 0;
};

enum class LineEnds : std::uint8_t {
  keep,     // as they are; a bare LF or CR makes the message unfit for SMTP
  convert,  // each bare LF and each bare CR becomes CRLF
};

// `text` with all its line ends as CRLF.
std::string with_crlf(std::string_view text);

// Octets in memory.
class MemoryMessage final : public MessageSource {
 public:
  enum class Content : std::uint8_t { text, binary };

  // The octets outlive the source.
  explicit MemoryMessage(std::string_view octets, Content content = Content::text);

  MessageFacts facts() const override { return facts_; }
  Task<SliceResult> next() override;
  transport::error_code rewind() override { return {}; }

 private:
  std::string_view octets_;
  MessageFacts facts_;
};

// A file, read in blocks. Opening reads it through once; the blocks then come from the system's cache, so
// that reading them does not hold up the loop for long.
class FileMessage final : public MessageSource {
 public:
  static std::expected<FileMessage, transport::error_code> open(const std::string& path,
                                                                LineEnds line_ends = LineEnds::keep);
  // Takes over a descriptor of something that can be read again from its beginning.
  static std::expected<FileMessage, transport::error_code> adopt(int descriptor,
                                                                 LineEnds line_ends = LineEnds::keep);
  FileMessage(FileMessage&& other) noexcept;
  FileMessage& operator=(FileMessage&& other) noexcept;
  ~FileMessage() override;

  MessageFacts facts() const override { return facts_; }
  Task<SliceResult> next() override;
  transport::error_code rewind() override;

 private:
  FileMessage(int descriptor, LineEnds line_ends) : descriptor_(descriptor), line_ends_(line_ends) {}
  transport::error_code inspect();
  SliceResult read_block();

  int descriptor_ = -1;
  LineEnds line_ends_ = LineEnds::keep;
  std::uint64_t offset_ = 0;
  bool after_cr_ = false;  // the last block ended in a CR (convert)
  std::string block_;
  std::string converted_;
  MessageFacts facts_;
};

}  // namespace postrider::client
