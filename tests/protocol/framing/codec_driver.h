// Drives decoder and encoder over text cut anywhere, and all strings over an alphabet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "postrider/protocol/framing/data_codec.h"

namespace postrider::protocol {

// One decoder and what came out of it.
class Decoding {
 public:
  explicit Decoding(BareEndings endings, std::size_t text_line = 1000) : decoder_(text_line, endings) {}

  // Feeds `slice` up to its end or the end of data. Returns false when a call made no progress.
  bool feed(std::string_view slice) {
    while (!slice.empty() && !done_) {
      const DotDecoder::Slice got = decoder_.next(slice);
      if (got.consumed == 0 && got.body.empty() && !got.done) return false;
      body_ += got.body;
      slice.remove_prefix(got.consumed);
      consumed_ += got.consumed;
      done_ = got.done;
    }
    return true;
  }
  // Bit i of `cuts` set: a cut behind octet i.
  bool feed_cut(std::string_view wire, std::uint32_t cuts) {
    std::size_t begin = 0;
    for (std::size_t at = 0; at < wire.size(); ++at) {
      if (at + 1 != wire.size() && (cuts >> at & 1) == 0) continue;
      if (!feed(wire.substr(begin, at + 1 - begin))) return false;
      begin = at + 1;
    }
    return true;
  }

  const std::string& body() const { return body_; }
  std::size_t consumed() const { return consumed_; }
  bool done() const { return done_; }
  Flaws flaws() const { return decoder_.flaws(); }
  std::uint64_t octets() const { return decoder_.octets(); }

 private:
  DotDecoder decoder_;
  std::string body_;
  std::size_t consumed_ = 0;
  bool done_ = false;
};

struct Encoded {
  std::string wire;
  std::optional<Errc> error;

  friend bool operator==(const Encoded&, const Encoded&) = default;
};

// The message through a DotEncoder, with its end. A call that makes no progress ends it with Errc::misuse.
inline Encoded encode(std::string_view message, BareEndings endings, std::uint32_t cuts = 0) {
  DotEncoder encoder(endings);
  Encoded out;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < message.size(); ++at) {
    if (at + 1 != message.size() && (cuts >> (at % 32) & 1) == 0) continue;
    std::string_view slice = message.substr(begin, at + 1 - begin);
    begin = at + 1;
    while (!slice.empty()) {
      const Result<DotEncoder::Piece> piece = encoder.next(slice);
      if (piece && piece->consumed == 0 && piece->wire.empty()) out.error = Errc::misuse;
      if (!piece) out.error = piece.error().code;
      if (out.error) return out;
      out.wire += piece->wire;
      slice.remove_prefix(piece->consumed);
    }
  }
  const Result<std::string_view> end = encoder.finish();
  if (end)
    out.wire += *end;
  else
    out.error = end.error().code;
  return out;
}

// All strings over `alphabet` (of four octets) of this length; visit returns false to stop. Returns how many
// there were.
template <class Visit>
std::size_t for_all_strings(std::string_view alphabet, std::size_t length, Visit visit) {
  const std::size_t count = std::size_t{1} << (2 * length);
  std::string text(length, ' ');
  for (std::size_t number = 0; number < count; ++number) {
    for (std::size_t i = 0; i < length; ++i) text[i] = alphabet[number >> (2 * i) & 3];
    if (!visit(std::string_view(text))) return number + 1;
  }
  return count;
}

// For messages of failing tests: CR, LF, NUL as \r, \n, \0.
inline std::string visible(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\r')
      out += "\\r";
    else if (c == '\n')
      out += "\\n";
    else if (c == '\0')
      out += "\\0";
    else
      out += c;
  }
  return out;
}

}  // namespace postrider::protocol
