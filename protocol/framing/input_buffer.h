// A contiguous receive buffer over memory that its owner lends. consume() moves an index only, so views
// handed out by the parsers stay valid until the next writable(), which compacts.
//
//   std::span<char> space = in.writable();
//   in.commit(read(fd, space.data(), space.size()));
//   Step step = session.next(in.data());
//   in.consume(step.consumed);
#pragma once

#include <cassert>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

namespace postrider::protocol {

class InputBuffer {
 public:
  InputBuffer() noexcept = default;
  explicit InputBuffer(std::span<char> memory) noexcept : memory_(memory) {}

  // Where the next octets go. Empty only when the buffer is full of unconsumed octets: it is smaller than the
  // longest line, which is a fault of set-up.
  std::span<char> writable() noexcept {
    if (begin_ != 0) {
      std::memmove(memory_.data(), memory_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    return memory_.subspan(end_);
  }
  void commit(std::size_t n) noexcept {
    assert(n <= memory_.size() - end_);
    end_ += n;
  }
  [[nodiscard]] std::string_view data() const noexcept { return {memory_.data() + begin_, end_ - begin_}; }
  [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }
  void consume(std::size_t n) noexcept {
    assert(n <= end_ - begin_);
    begin_ += n;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  // STARTTLS: nothing that came in clear survives. Returns how many octets were dropped.
  std::size_t discard_all() noexcept {
    const std::size_t n = end_ - begin_;
    begin_ = end_ = 0;
    return n;
  }
  // Moves what is unconsumed into other memory, of at least data().size() octets, and goes on there.
  void move_to(std::span<char> memory) noexcept {
    assert(memory.size() >= end_ - begin_);
    if (!empty()) std::memmove(memory.data(), memory_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    memory_ = memory;
  }
  [[nodiscard]] std::span<char> memory() const noexcept { return memory_; }

 private:
  std::span<char> memory_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace postrider::protocol
