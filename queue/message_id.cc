#include "postrider/queue/message_id.h"

#include <algorithm>

namespace postrider::queue {
namespace {

constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuv";
constexpr std::size_t kLength = 13;  // of five bits each

}  // namespace

std::string MessageId::to_string() const {
  std::string text(kLength, '0');
  std::uint64_t rest = value;
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit, rest >>= 5) *digit = kDigits[rest & 31];
  return text;
}

std::optional<MessageId> MessageId::parse(std::string_view text) noexcept {
  if (text.size() != kLength || text.front() > 'f') return std::nullopt;  // 13 digits hold one bit too many
  MessageId id;
  for (const char each : text) {
    const std::size_t digit = kDigits.find(each);
    if (digit == std::string_view::npos) return std::nullopt;
    id.value = id.value << 5 | digit;
  }
  return id;
}

MessageId MessageIds::next(Time now) noexcept {
  // Microseconds, so that a millisecond has room for a thousand before the clock is left behind.
  const auto time =
      static_cast<std::uint64_t>(std::max<std::int64_t>(now.time_since_epoch().count(), 0)) * 1000;
  std::uint64_t last = last_.load(std::memory_order_relaxed);
  std::uint64_t id = 0;
  do id = std::max(last + 1, time);
  while (!last_.compare_exchange_weak(last, id, std::memory_order_relaxed));
  return MessageId{id};
}

}  // namespace postrider::queue
