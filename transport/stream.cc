#include "postrider/transport/stream.h"

#include <algorithm>
#include <array>

namespace postrider::transport {
namespace {

// The next pieces to write, the first of them shortened by what has already gone.
class Window {
 public:
  explicit Window(std::span<const std::string_view> pieces) noexcept : rest_(pieces) { fill(); }

  std::span<const std::string_view> pieces() const noexcept { return {shown_.data(), count_}; }
  bool empty() const noexcept { return count_ == 0; }

  void sent(std::size_t octets) noexcept {
    while (!rest_.empty() && octets >= rest_.front().size() - offset_) {
      octets -= rest_.front().size() - offset_;
      rest_ = rest_.subspan(1);
      offset_ = 0;
    }
    offset_ += octets;
    fill();
  }

 private:
  void fill() noexcept {
    while (!rest_.empty() && rest_.front().size() == offset_) {
      rest_ = rest_.subspan(1);
      offset_ = 0;
    }
    count_ = std::min(rest_.size(), shown_.size());
    std::copy_n(rest_.begin(), count_, shown_.begin());
    if (count_ != 0) shown_[0].remove_prefix(offset_);
  }

  std::span<const std::string_view> rest_;
  std::size_t offset_ = 0;
  std::array<std::string_view, 16> shown_;
  std::size_t count_ = 0;
};

}  // namespace

Task<IoResult> Stream::read_some(std::span<char> into) {
  for (;;) {
    const IoResult result = try_read(into);
    if (result.status != IoStatus::would_block) co_return result;
    const error_code failure = co_await wait_readable();
    if (failure) co_return IoResult::failure(failure);
  }
}

Task<error_code> Stream::write_all(std::span<const std::string_view> pieces) {
  Window window(pieces);
  while (!window.empty()) {
    const IoResult result = try_write(window.pieces());
    if (result.status == IoStatus::failed) co_return result.error;
    if (result.done()) {
      window.sent(result.octets);
      continue;
    }
    const error_code failure = co_await wait_writable();
    if (failure) co_return failure;
  }
  co_return error_code();
}

Task<error_code> Stream::write_all(std::string_view octets) {
  while (!octets.empty()) {
    const IoResult result = try_write(std::span(&octets, 1));
    if (result.status == IoStatus::failed) co_return result.error;
    if (result.done()) {
      octets.remove_prefix(result.octets);
      continue;
    }
    const error_code failure = co_await wait_writable();
    if (failure) co_return failure;
  }
  co_return error_code();
}

}  // namespace postrider::transport
