// Which consignment is tried next: one line in front of each destination, one pace for each site that they go
// to, and a fair turn for every site.
//
//   Scheduler scheduler(spool, options);
//   while (auto next = scheduler.next(now)) start(*next);    // in flight until
//   scheduler.finished(*next, health, site, again, now);     // the spool has what became of it
//   …                                                        // nothing to do before scheduler.wake(now)
//
// Pure: does nothing by itself, asks no clock, and the same calls give the same answers. What is due comes
// from the spool; what was accepted a moment ago is offered and need not be looked for. Sites take turns, and
// in each its lines, so a destination with a hundred thousand messages delays no other one. A line, and a
// site, hold a bounded number of consignments in memory, and all lines together as well; the rest stays in
// the spool, and is fetched when there is room again. So memory does not grow with the queue (lines.h and
// fetcher.h say how).
//
// A site is the hosts that take a destination's mail: ten thousand domains at one provider are one. An
// attempt says which they are, once it knows; until then the destination is a site by itself. Each site has a
// limit of connections of its own, which begins low and grows with success (slow start), and shrinks when the
// host asks for patience; a site that fails time and again is left alone for a while that doubles, whatever
// is due there, and then tried with one connection (pace.h).
//
// What is not known cannot be shared: after a restart, and after a destination was forgotten, its first
// attempts are made beside those of the site to which they will turn out to go.
//
// One thread at a time. Of a clock that is set back it asks nothing but that it says so: rests end as they
// would have.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/queue/spool.h"

namespace postrider::queue {

struct SchedulerOptions {
  SchedulerOptions() = default;

  std::size_t concurrency = 20;         // consignments in flight to one site
  std::size_t initial_concurrency = 5;  // until it has proved itself
  std::size_t in_flight = 500;          // in all
  std::size_t in_line = 1'000;          // of one destination, in memory
  std::size_t in_memory = 20'000;       // in all, those in flight left out
  std::size_t remembered = 20'000;  // destinations with nothing in memory or in flight whose record is kept
  std::size_t scan = 10'000;        // consignments looked at in the spool in one call of next()
  Duration first_rest = std::chrono::seconds(30);  // of a site that cannot be reached; doubles
  Duration longest_rest = std::chrono::minutes(30);
  double per_second = 0;                  // attempts for one site; 0: as many as there may be
  std::vector<std::string> without_rate;  // destinations that this is not for; they name no site
  std::uint64_t seed = 0;                 // of the jitter
};

// What an attempt has shown about the site as a whole, whatever became of the recipients.
enum class Health : std::uint8_t {
  reached,      // a host took at least one message or gave verdicts on it
  unreachable,  // no host could be reached, or none would talk
  overloaded,   // a host asked for patience: 421, 450 4.7.x, 452 …
  unknown,      // the attempt was broken off by us
};

struct SchedulerCounters {
  std::size_t in_line = 0;  // in memory
  std::size_t in_flight = 0;
  // Each destination counts, also where many are one site.
  std::size_t destinations = 0;  // with something to do, or resting
  std::size_t resting = 0;
  std::size_t remembered = 0;  // in all: never more than in_memory + in_flight + remembered
  std::size_t sites = 0;       // of all that are remembered: never more than these
};

class Scheduler {
 public:
  // `spool` outlives the scheduler.
  Scheduler(Spool& spool, SchedulerOptions options);
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Was made durable just now, is released, or is due earlier than before. One that is known already is only
  // moved.
  void offer(Consignment consignment, Time now);

  // The next one to be tried. nullopt: nothing until wake(), offer() or finished(). A failure of the spool is
  // told by failure(), and tried again.
  std::optional<Consignment> next(Time now);

  // After the spool has the outcome. `again`: when those of its recipients who are left are due.
  //
  // `site`: a name for the hosts that were found to take the destination's mail, the same for the same hosts;
  // from now on the destination belongs there. "": none were found, so what `health` says is about the
  // destination alone, and it shares a site no longer. With Health::unknown "" shows nothing, and changes
  // nothing.
  void finished(const Consignment& consignment, Health health, std::string_view site,
                std::optional<Time> again, Time now);

  // Held or dropped: not to be tried. What is in flight stays so until it is finished.
  void forget(MessageId id);
  // Ends the rest of the site of `destination`, or of all of them (""): somebody knows that it is reachable
  // again.
  void wake_up(std::string_view destination);

  // When to call next() again if nothing happens before: `now` when there is more to do at once, kNever when
  // there is nothing.
  Time wake(Time now);

  std::optional<SpoolFailure> failure();  // the last one since it was asked for
  bool in_flight(MessageId id) const;
  SchedulerCounters counters() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace postrider::queue
