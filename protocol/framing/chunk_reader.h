// Counts the octets of one BDAT chunk, RFC 3030 2. A refused chunk is read to its end all the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace postrider::protocol {

class ChunkReader {
 public:
  constexpr explicit ChunkReader(std::uint64_t size = 0) noexcept : left_(size) {}

  // The part of `input` that belongs to this chunk.
  constexpr std::string_view next(std::string_view input) noexcept {
    std::string_view part =
        input.substr(0, left_ < input.size() ? static_cast<std::size_t>(left_) : input.size());
    left_ -= part.size();
    return part;
  }
  [[nodiscard]] constexpr bool done() const noexcept { return left_ == 0; }
  [[nodiscard]] constexpr std::uint64_t left() const noexcept { return left_; }

 private:
  std::uint64_t left_;
};

}  // namespace postrider::protocol
