// What a message in the queue is called: in the 250, in logs, in `postrider queue`, and in the spool.
//
// Ids grow with time, so that the order of ids is the order of arrival. A process gives none twice, and one
// that is started again none of an earlier run, unless the system's clock was set back meanwhile by more than
// the process was away; the spool is asked then (Spool::newest).
#pragma once

#include <atomic>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "postrider/queue/time.h"

namespace postrider::queue {

struct MessageId {
  std::uint64_t value = 0;  // 0 is nobody's

  std::string to_string() const;  // 13 of 0-9 a-v
  static std::optional<MessageId> parse(std::string_view text) noexcept;

  friend auto operator<=>(MessageId, MessageId) = default;
};

// Any thread may ask.
class MessageIds {
 public:
  // Ids are greater than `newest`.
  explicit MessageIds(MessageId newest = {}) noexcept : last_(newest.value) {}

  MessageId next(Time now) noexcept;

 private:
  std::atomic<std::uint64_t> last_;
};

}  // namespace postrider::queue
