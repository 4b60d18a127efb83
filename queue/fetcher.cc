#include "postrider/queue/fetcher.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace postrider::queue {
namespace {

constexpr std::size_t kLooksAMessage = 16;         // that a refilling may cost when there is other work
constexpr std::size_t kDearest = 64 * 1'000;       // a refilling waits for no more messages than pay for this
constexpr std::size_t kMessagesBetweenStops = 64;  // before a pass that has found no room tries again

// In front of everything that is due later than `now`.
Consignment end_of(Time now) { return Consignment{{}, {}, later(now, Duration(1)), 0}; }

bool is_before(const Consignment& a, const Consignment& b) {
  return std::tie(a.due, a.id, a.destination) < std::tie(b.due, b.id, b.destination);
}

}  // namespace

void Fetcher::clock_set_back(Time now) {
  // What comes due again comes from the spool, like everything else.
  if (passed_.due > end_of(now).due) passed_ = end_of(now);
  next_due_ = now;
  next_pass_ = std::min(next_pass_, later(now, kBetweenPasses));
  not_before_ = std::min(not_before_, later(now, kAfterFailure));
}

void Fetcher::fetch(Time now) {
  if (passed_.due > end_of(now).due) clock_set_back(now);
  if (now < not_before_) return;
  if (next_due_ > now) {
    passed_ = end_of(now);
    if (lines_.lost() && now >= next_pass_) {
      const Consignment first = lines_.take_lost()->before();
      if (is_before(first, passed_)) passed_ = first;
      next_due_ = std::min(next_due_, first.due);
      next_pass_ = later(now, kBetweenPasses);
    }
  }
  const bool passes = pass_is_due(now) && may_go_on();
  const bool refills = lines_.wants_refilling() && may_refill();
  if (!passes && !refills) return;
  const std::size_t looks = std::max<std::size_t>(1, lines_.options().scan / (passes && refills ? 2 : 1));
  refill_first_ = !refill_first_;
  if (refills && refill_first_) refill(now, looks);
  if (passes && now >= not_before_) pass(now, looks);
  if (refills && !refill_first_ && now >= not_before_) refill(now, looks);
}

Time Fetcher::wake() const {
  Time at = kNever;
  if (!stopped_ || lines_.room() > 0) at = next_due_;
  if (!stopped_ && lines_.lost()) at = std::min(at, next_pass_);
  if (lines_.wants_refilling() && lines_.room() > 0) at = Time::min();
  return std::max(at, not_before_);
}

bool Fetcher::is_ahead(const Consignment& consignment) const { return is_before(passed_, consignment); }

void Fetcher::expect(const Consignment& consignment) {
  if (is_ahead(consignment)) {
    next_due_ = std::min(next_due_, consignment.due);
  } else {
    lines_.lose(Position(consignment));
  }
}

void Fetcher::handed_out() noexcept {
  ++since_stop_;
  paid_ += kLooksAMessage;
}

bool Fetcher::pass_is_due(Time now) const { return next_due_ <= now; }

bool Fetcher::may_go_on() const {
  if (!stopped_) return true;
  if (lines_.room() == 0) return false;
  return !lines_.ready() || since_stop_ >= kMessagesBetweenStops;
}

bool Fetcher::may_refill() const {
  return !lines_.ready() || paid_ >= std::min(looks_, kDearest) || lines_.refilling();
}

void Fetcher::pass(Time now, std::size_t looks) {
  stopped_ = false;
  bool ended = true;
  const Consignment after = passed_;
  const SpoolResult<void> read = spool_.due(after, now, [&](const Consignment& each) {
    if (lines_.place(each, Lines::From::spool) == Lines::Placed::no_room) {
      passed_ = Position(each).before();
      stopped_ = true;
      since_stop_ = 0;
    } else if (--looks == 0) {
      passed_ = each;
    } else {
      return true;
    }
    return ended = false;
  });
  if (!read) return failed(read.error(), now);
  if (!ended) return;
  passed_ = end_of(now);
  const SpoolResult<Time> next = spool_.next_due(passed_);
  if (!next) return failed(next.error(), now);
  next_due_ = *next;
}

void Fetcher::refill(Time now, std::size_t looks) {
  starved_ = lines_.room() == 0;
  if (starved_) return;
  if (const std::optional<Position> first = lines_.begin_refilling()) {
    refilled_ = first->before();
    looks_ = 0;
  }
  bool ended = true;
  bool served = false;
  const Consignment after = refilled_;
  const SpoolResult<void> read = spool_.due(after, now, [&](const Consignment& each) {
    ++looks_;
    served = !lines_.refill(each);
    if (!served && --looks != 0) return true;
    refilled_ = each;
    return ended = false;
  });
  if (!read) return failed(read.error(), now);
  if (ended) lines_.end_refilling();
  if (ended || served) paid_ = 0;
}

void Fetcher::failed(SpoolFailure failure, Time now) {
  failure_ = std::move(failure);
  not_before_ = later(now, kAfterFailure);
}

}  // namespace postrider::queue
