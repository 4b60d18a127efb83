// Octets that wait to be written: a small part inside the object, so that a session that is idle or talks in
// short lines owns no memory, and a heap part that is given back as soon as all has been written.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace postrider::protocol {

template <std::size_t kInline>
class OutputBuffer {
 public:
  OutputBuffer() noexcept = default;
  OutputBuffer(const OutputBuffer&) = delete;
  OutputBuffer& operator=(const OutputBuffer&) = delete;

  // Octets in the order in which they were appended. Invalidated by every other call.
  [[nodiscard]] std::string_view data() const noexcept { return {memory() + begin_, end_ - begin_}; }
  [[nodiscard]] std::size_t size() const noexcept { return end_ - begin_; }
  [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }

  // `octets` must not lie in this buffer.
  void append(const char* octets, std::size_t n) {
    if (n == 0) return;
    if (end_ + n > capacity()) make_room(n);
    std::memcpy(memory() + end_, octets, n);
    end_ += n;
  }
  void append(std::string_view octets) { append(octets.data(), octets.size()); }

  // The first `n` octets have been written; n <= size().
  void consume(std::size_t n) noexcept {
    assert(n <= size());
    begin_ += n;
    if (begin_ == end_) clear();
  }
  // Gives the heap part back.
  void clear() noexcept {
    begin_ = end_ = 0;
    heap_.reset();
    heap_size_ = 0;
  }

 private:
  [[nodiscard]] char* memory() noexcept { return heap_ ? heap_.get() : inline_; }
  [[nodiscard]] const char* memory() const noexcept { return heap_ ? heap_.get() : inline_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return heap_ ? heap_size_ : kInline; }

  // What has been written makes room first, so that a buffer that never runs empty does not grow without end;
  // the memory doubles, so that each octet is moved a bounded number of times.
  void make_room(std::size_t n) {
    const std::size_t waiting = size();
    if (waiting + n <= capacity() && waiting <= capacity() / 2) {
      std::memmove(memory(), memory() + begin_, waiting);
    } else {
      const std::size_t size = 2 * (waiting + n);
      auto heap = std::make_unique_for_overwrite<char[]>(size);
      std::memcpy(heap.get(), memory() + begin_, waiting);
      heap_ = std::move(heap);
      heap_size_ = size;
    }
    begin_ = 0;
    end_ = waiting;
  }

  std::size_t begin_ = 0;  // of what waits, in inline_ or, once that was too small, in heap_
  std::size_t end_ = 0;
  std::unique_ptr<char[]> heap_;
  std::size_t heap_size_ = 0;
  char inline_[kInline];
};

}  // namespace postrider::protocol
