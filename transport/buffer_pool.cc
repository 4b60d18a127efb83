#include "postrider/transport/buffer_pool.h"

namespace postrider::transport {

BufferPool::BufferPool(std::size_t spare) : spare_(spare) {
  for (auto& list : free_) list.reserve(spare);
}

BufferPool::Buffer BufferPool::borrow(BufferSize size) {
  auto& list = free_[static_cast<std::size_t>(size)];
  std::unique_ptr<char[]> storage;
  if (list.empty()) {
    storage = std::make_unique_for_overwrite<char[]>(octets_of(size));
  } else {
    storage = std::move(list.back());
    list.pop_back();
  }
  ++borrowed_;
  return Buffer(*this, std::move(storage), size);
}

void BufferPool::take_back(std::unique_ptr<char[]> storage, BufferSize size) noexcept {
  --borrowed_;
  auto& list = free_[static_cast<std::size_t>(size)];
  if (list.size() < spare_) list.push_back(std::move(storage));
}

}  // namespace postrider::transport
