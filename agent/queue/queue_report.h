// The queue in words, for people: the lines of `postrider queue list` and `show`.
//
// What senders and other servers wrote is escaped, so that no control octet reaches the terminal and nothing
// can look like another line.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "postrider/agent/queue/queue_entry.h"

namespace postrider::agent {

// Of one message, several lines.
std::string list_text(const QueueEntry& entry, queue::Time now);
std::string show_text(const QueueEntry& entry, queue::Time now);
// The header of `content`, which may be cut, as far as its first empty line.
std::string header_text(std::string_view content);

// The last line of a list.
class QueueSummary {
 public:
  void add(const QueueEntry& entry) noexcept;
  std::uint64_t messages() const noexcept { return messages_; }
  std::string text() const;  // "3 messages, 14.2 KiB: 1 ready, 2 deferred"; "the queue is empty"

 private:
  std::array<std::uint64_t, 5> states_{};
  std::uint64_t messages_ = 0;
  std::uint64_t octets_ = 0;
};

std::string duration_text(
    queue::Duration duration);                // "45s", "14m", "3h12m", "2d4h"; of what is left out none
std::string size_text(std::uint64_t octets);  // "512 B", "12.4 KiB"

}  // namespace postrider::agent
