// A copy of some octets in a heap block of exactly their size, so that AddressSanitizer sees a reader that
// goes one octet too far.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

namespace postrider::protocol::testing {

class ExactCopy {
 public:
  explicit ExactCopy(std::string_view octets)
      : octets_(std::make_unique<char[]>(octets.size())), size_(octets.size()) {
    octets.copy(octets_.get(), size_);
  }
  [[nodiscard]] std::string_view view() const noexcept { return {octets_.get(), size_}; }

 private:
  std::unique_ptr<char[]> octets_;
  std::size_t size_;
};

}  // namespace postrider::protocol::testing
