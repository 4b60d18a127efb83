// Where the due index begins: keys that were removed lie before the first that is there, by the hundred
// thousand on a busy day, and a search from the beginning would stumble over each of them.
//
//   floor.writing(least);                   // the thread that writes: before a batch with new keys, and
//   floor.written();                        // after it
//   DueFloor::Look look = floor.look(from);  // a reader: search from look.from
//   floor.saw(look, first);                 // what was found first
//
// No key is there between the beginning, where most searches start, and the floor. It rises to what a search
// from the floor has found first, or to the least key that was written since the search began. A search from
// before the beginning is left alone. Any thread may call.
#pragma once

#include <algorithm>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace postrider::queue {

class DueFloor {
 public:
  struct Look {
    std::string from;
    bool raises = false;
  };

  // Greater than every key: for a batch without new keys, and a search that found none.
  static std::string end() { return std::string(32, '\xff'); }

  explicit DueFloor(std::string beginning) : beginning_(std::move(beginning)), floor_(beginning_) {}

  void writing(const std::string& least) {
    const std::lock_guard lock(mutex_);
    writing_ = std::max(least, beginning_);
    floor_ = std::min(floor_, writing_);
    meanwhile_ = std::min(meanwhile_, writing_);
  }

  void written() {
    const std::lock_guard lock(mutex_);
    writing_ = end();
  }

  Look look(std::string from) {
    const std::lock_guard lock(mutex_);
    if (from < beginning_ || from > floor_) return Look{std::move(from), false};
    // One at a time, since there is one `meanwhile_`.
    const bool raises = !std::exchange(looking_, true);
    if (raises) meanwhile_ = writing_;
    return Look{floor_, raises};
  }

  void saw(const Look& look, const std::string& first) {
    if (!look.raises) return;
    const std::lock_guard lock(mutex_);
    floor_ = std::min(first, meanwhile_);
    looking_ = false;
  }

 private:
  std::mutex mutex_;
  const std::string beginning_;
  std::string floor_;
  std::string writing_ = end();    // the least key of the batch that is being written
  std::string meanwhile_ = end();  // the least that was written since the search began
  bool looking_ = false;
};

}  // namespace postrider::queue
