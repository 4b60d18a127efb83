#include "postrider/queue/scheduler.h"

#include <algorithm>

#include "postrider/queue/fetcher.h"
#include "postrider/queue/lines.h"

namespace postrider::queue {

class Scheduler::Impl {
 public:
  Impl(Spool& spool, SchedulerOptions options) : lines_(options), fetcher_(spool, lines_) {}

  void offer(const Consignment& consignment, Time now) {
    set_time(now);
    // What the pass has yet to come to is found by it when it is due.
    if (consignment.due > now && (consignment.due == kNever || fetcher_.is_ahead(consignment))) {
      lines_.take_out(consignment);
      fetcher_.expect(consignment);
      return;
    }
    const Lines::From from = fetcher_.hungry() ? Lines::From::offer_in_line : Lines::From::offer;
    if (lines_.place(consignment, from) == Lines::Placed::no_room) fetcher_.expect(consignment);
  }

  std::optional<Consignment> next(Time now) {
    set_time(now);
    if (!lines_.may_start()) return std::nullopt;
    fetcher_.fetch(now);
    std::optional<Consignment> out = lines_.hand_out();
    if (out) fetcher_.handed_out();
    return out;
  }

  void finished(const Consignment& consignment, Health health, std::string_view site,
                std::optional<Time> again, Time now) {
    set_time(now);
    if (lines_.finished(consignment, health, site) && again) {
      offer(Consignment{consignment.id, consignment.destination, *again, consignment.priority}, now);
    }
    lines_.trim();
  }

  Time wake(Time now) const {
    if (!lines_.may_start()) return kNever;
    if (lines_.ready()) return now;
    return std::max(now, std::min(lines_.timer(), fetcher_.wake()));
  }

  void set_time(Time now) {
    if (!lines_.set_time(now)) fetcher_.clock_set_back(now);
  }

  Lines lines_;
  Fetcher fetcher_;
};

Scheduler::Scheduler(Spool& spool, SchedulerOptions options)
    : impl_(std::make_unique<Impl>(spool, options)) {}
Scheduler::~Scheduler() = default;

void Scheduler::offer(Consignment consignment, Time now) { impl_->offer(consignment, now); }
std::optional<Consignment> Scheduler::next(Time now) { return impl_->next(now); }
void Scheduler::finished(const Consignment& consignment, Health health, std::string_view site,
                         std::optional<Time> again, Time now) {
  impl_->finished(consignment, health, site, again, now);
}
void Scheduler::forget(MessageId id) { impl_->lines_.forget(id); }
void Scheduler::wake_up(std::string_view destination) { impl_->lines_.wake_up(destination); }
Time Scheduler::wake(Time now) { return impl_->wake(now); }
std::optional<SpoolFailure> Scheduler::failure() { return impl_->fetcher_.failure(); }
bool Scheduler::in_flight(MessageId id) const { return impl_->lines_.in_flight(id); }
SchedulerCounters Scheduler::counters() const { return impl_->lines_.counters(); }

}  // namespace postrider::queue
