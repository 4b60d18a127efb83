// The receive buffers of one loop.
//
// A connection borrows a buffer only while it has input to work on, so ten thousand idle connections need one
// or two buffers between them, and the one in use is warm in the cache. One thread only. The pool outlives
// its buffers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace postrider::transport {

enum class BufferSize : std::uint8_t {
  small,  // 16 KiB: commands; the longest line is that of AUTH, 12288 octets
  large,  // 64 KiB: message text
};

class BufferPool {
 public:
  // A borrowed buffer; empty when default-constructed or given back.
  class Buffer {
   public:
    Buffer() = default;
    Buffer(Buffer&& other) noexcept { swap(other); }
    Buffer& operator=(Buffer&& other) noexcept {
      Buffer(std::move(other)).swap(*this);
      return *this;
    }
    ~Buffer() { release(); }

    explicit operator bool() const noexcept { return storage_ != nullptr; }
    std::span<char> span() const noexcept { return {storage_.get(), storage_ ? octets_of(size_) : 0}; }
    BufferSize size() const noexcept { return size_; }
    void release() noexcept {
      if (storage_) std::exchange(pool_, nullptr)->take_back(std::move(storage_), size_);
    }

   private:
    friend class BufferPool;
    Buffer(BufferPool& pool, std::unique_ptr<char[]> storage, BufferSize size) noexcept
        : pool_(&pool), storage_(std::move(storage)), size_(size) {}
    void swap(Buffer& other) noexcept {
      std::swap(pool_, other.pool_);
      std::swap(storage_, other.storage_);
      std::swap(size_, other.size_);
    }

    BufferPool* pool_ = nullptr;
    std::unique_ptr<char[]> storage_;
    BufferSize size_ = BufferSize::small;
  };

  static constexpr std::size_t octets_of(BufferSize size) noexcept {
    return size == BufferSize::small ? std::size_t{16} * 1024 : std::size_t{64} * 1024;
  }

  // Keeps up to `spare` unused buffers of each size; more go back to the heap.
  explicit BufferPool(std::size_t spare = 16);

  Buffer borrow(BufferSize size);

  std::size_t borrowed() const noexcept { return borrowed_; }
  std::size_t spare(BufferSize size) const noexcept { return free_[static_cast<std::size_t>(size)].size(); }

 private:
  void take_back(std::unique_ptr<char[]> storage, BufferSize size) noexcept;

  std::array<std::vector<std::unique_ptr<char[]>>, 2> free_;
  std::size_t spare_;
  std::size_t borrowed_ = 0;
};

}  // namespace postrider::transport
