// Sessions that a client may resume, by whom they were verified for and how. For the backends.
//
// A resumed session is not verified again, so it is kept only under what session_key() says, together with
// the outcome of its verification. Bounded: the one stored longest ago goes first. Any thread.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include "postrider/transport/tls/info.h"

namespace postrider::transport {

struct Verification {
  TlsTrust trust = TlsTrust::unchecked;
  std::string text;
};

// `Handle` owns a library's session.
template <class Handle>
class SessionCache {
 public:
  struct Entry {
    Handle session;
    Verification verification;
  };

  explicit SessionCache(std::size_t most) : most_(most) {}

  bool enabled() const noexcept { return most_ != 0; }

  std::shared_ptr<Entry> find(const std::string& key) {
    const std::lock_guard lock(mutex_);
    const auto found = index_.find(key);
    return found == index_.end() ? nullptr : found->second->second;
  }

  void store(const std::string& key, Entry entry) {
    if (most_ == 0) return;
    auto shared = std::make_shared<Entry>(std::move(entry));
    const std::lock_guard lock(mutex_);
    forget(key);
    if (index_.size() >= most_) forget(std::string(order_.back().first));
    order_.emplace_front(key, std::move(shared));
    index_.emplace(key, order_.begin());
  }

  void remove(const std::string& key) {
    const std::lock_guard lock(mutex_);
    forget(key);
  }

  std::size_t size() {
    const std::lock_guard lock(mutex_);
    return index_.size();
  }

 private:
  using Order = std::list<std::pair<std::string, std::shared_ptr<Entry>>>;

  void forget(const std::string& key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return;
    order_.erase(found->second);
    index_.erase(found);
  }

  std::mutex mutex_;
  std::size_t most_;
  Order order_;  // the newest first
  std::unordered_map<std::string, typename Order::iterator> index_;
};

}  // namespace postrider::transport
