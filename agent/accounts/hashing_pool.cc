#include "postrider/agent/accounts/hashing_pool.h"

#include <algorithm>
#include <utility>

#include "postrider/transport/signal.h"

namespace postrider::agent {

HashingPool::HashingPool(std::size_t threads, std::size_t most_waiting) : most_waiting_(most_waiting) {
  for (std::size_t i = 0; i < std::max<std::size_t>(threads, 1); ++i) {
    threads_.emplace_back([this] { serve(); });
  }
}

HashingPool::~HashingPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& each : threads_) each.join();
}

transport::Task<bool> HashingPool::run(transport::Loop& loop, std::move_only_function<void()> work) {
  transport::Signal done(loop);
  const bool taken = submit([&loop, &done, work = std::move(work)]() mutable {
    work();
    loop.post([&done] { done.notify(); });
  });
  if (!taken) co_return false;
  const transport::error_code ended = co_await done.wait();
  co_return !ended;
}

bool HashingPool::submit(std::move_only_function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || waiting_.size() >= most_waiting_) return false;
    waiting_.push_back(std::move(work));
  }
  changed_.notify_one();
  return true;
}

void HashingPool::serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    std::move_only_function<void()> work = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    work();
    work = nullptr;
    lock.lock();
  }
}

}  // namespace postrider::agent
