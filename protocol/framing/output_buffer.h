// Octets that wait to be written: a small part inside the object, so that a session that is idle or talks in short
// lines owns no memory, and a heap part that is given back as soon as all has been written.
#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace postrider::protocol {

template <std::size_t kInline>
class OutputBuffer {
 public:
  OutputBuffer() noexcept = default;
  OutputBuffer(const OutputBuffer&) = delete;
  OutputBuffer& operator=(const OutputBuffer&) = delete;

  // Octets in the order in which they were appended. Invalidated by every other call.
  [[nodiscard]] std::string_view data() const noexcept {
    return spill_.empty() ? std::string_view(inline_ + begin_, end_ - begin_)
                          : std::string_view(spill_).substr(begin_);
  }
  [[nodiscard]] std::size_t size() const noexcept { return (spill_.empty() ? end_ : spill_.size()) - begin_; }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }

  void append(const char* octets, std::size_t n) {
    if (spill_.empty() && end_ + n <= kInline) {
      std::memcpy(inline_ + end_, octets, n);
      end_ += n;
      return;
    }
    if (spill_.empty()) {
      spill_.reserve(2 * kInline + n);
      spill_.assign(inline_, end_);
    }
    spill_.append(octets, n);
  }
  void append(std::string_view octets) { append(octets.data(), octets.size()); }

  // The first `n` octets have been written; n <= size().
  void consume(std::size_t n) noexcept {
    begin_ += n;
    if (begin_ == (spill_.empty() ? end_ : spill_.size())) clear();
  }
  void clear() noexcept {
    begin_ = end_ = 0;
    if (!spill_.empty()) std::string().swap(spill_);
  }

 private:
  std::size_t begin_ = 0;  // in inline_ or, when that is in use, in spill_
  std::size_t end_ = 0;    // of what is in inline_
  std::string spill_;      // everything, once inline_ was too small
  char inline_[kInline];
};

}  // namespace postrider::protocol
