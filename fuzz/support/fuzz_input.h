// A fuzzer's input as text: lines of choices first, the octets for the wire behind them. Seeds stay readable,
// and an octet that is added to one line does not shift the meaning of the others.
//
//   FuzzInput in(octets, size);
//   OctetChoices settings(in.line());     // "013", see OctetChoices
//   std::string_view wire = in.rest();
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace postrider::fuzz {

// Octets in heap memory of exactly their size, so that AddressSanitizer sees a look at the one behind them.
class ExactCopy {
 public:
  ExactCopy() = default;
  explicit ExactCopy(std::string_view octets)
      : size_(octets.size()), octets_(std::make_unique_for_overwrite<char[]>(octets.size())) {
    if (size_ != 0) std::memcpy(octets_.get(), octets.data(), size_);
  }
  [[nodiscard]] std::string_view view() const { return {octets_.get(), size_}; }

 private:
  std::size_t size_ = 0;
  std::unique_ptr<char[]> octets_;
};

class FuzzInput {
 public:
  FuzzInput(const std::uint8_t* octets, std::size_t size)
      : copy_(as_text(octets, size)), rest_(copy_.view()) {}

  // Up to the next LF, which is taken too; everything when there is none.
  std::string_view line() {
    const std::size_t end = std::min(rest_.find('\n'), rest_.size());
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return line;
  }
  // What no line() has taken.
  [[nodiscard]] std::string_view rest() const { return rest_; }

  static std::string_view as_text(const std::uint8_t* octets, std::size_t size) {
    return {reinterpret_cast<const char*>(octets), size};
  }

 private:
  ExactCopy copy_;
  std::string_view rest_;
};

}  // namespace postrider::fuzz
