#include "postrider/transport/deadlines.h"

#include <algorithm>
#include <cassert>

namespace postrider::transport {

Deadlines::Deadlines(SteadyTime now) noexcept : start_(now) {
  for (Link& slot : slots_) slot.previous = slot.next = &slot;
}

Deadlines::~Deadlines() { assert(size_ == 0 && "an entry outlived its loop"); }

std::int64_t Deadlines::tick_at_or_after(SteadyTime at) const noexcept {
  if (at <= start_) return 0;
  const Duration since = at - start_;
  return since / kTick + (since % kTick != Duration::zero() ? 1 : 0);
}

void Deadlines::link(Entry& entry) noexcept {
  if (entry.next != nullptr) unlink(entry);
  const std::int64_t wanted = tick_at_or_after(entry.at_);
  const std::int64_t tick = std::clamp(wanted, swept_ + 1, swept_ + static_cast<std::int64_t>(kSlots) - 1);
  entry.looked_at_ = start_ + tick * kTick;
  Link& slot = slots_[static_cast<std::size_t>(tick) % kSlots];
  entry.previous = slot.previous;
  entry.next = &slot;
  slot.previous->next = &entry;
  slot.previous = &entry;
  if (++size_ == 1 && wake_ != nullptr) wake_(context_);
}

void Deadlines::unlink(Entry& entry) noexcept {
  if (entry.next == nullptr) return;
  entry.previous->next = entry.next;
  entry.next->previous = entry.previous;
  entry.previous = entry.next = nullptr;
  --size_;
}

void Deadlines::sweep(SteadyTime now) noexcept {
  const std::int64_t last = now <= start_ ? 0 : (now - start_) / kTick;
  // After a long pause every slot is due; going round once is enough.
  const std::int64_t first = std::max(swept_ + 1, last - static_cast<std::int64_t>(kSlots) + 1);
  if (first > last) return;
  // Entries that are linked again while this runs belong behind the ticks being swept.
  swept_ = last;
  for (std::int64_t tick = first; tick <= last; ++tick) {
    Link& slot = slots_[static_cast<std::size_t>(tick) % kSlots];
    if (slot.next == &slot) continue;
    Link due{slot.previous, slot.next};
    due.next->previous = due.previous->next = &due;
    slot.previous = slot.next = &slot;
    fire(due, now);
  }
}

// Takes one entry at a time from the front, since on_deadline() may destroy any other.
void Deadlines::fire(Link& due, SteadyTime now) noexcept {
  while (due.next != &due) {
    Entry& entry = static_cast<Entry&>(*due.next);
    unlink(entry);
    if (entry.at_ <= now) {
      entry.at_ = kNever;
      entry.on_deadline();
    } else if (entry.at_ != kNever) {
      link(entry);
    }
  }
}

SteadyTime Deadlines::next() const noexcept {
  SteadyTime earliest = kNever;
  for (const Link& slot : slots_) {
    for (const Link* link = slot.next; link != &slot; link = link->next) {
      earliest = std::min(earliest, static_cast<const Entry*>(link)->at_);
    }
  }
  return earliest;
}

}  // namespace postrider::transport
