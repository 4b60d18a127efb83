// Brings what is due from the spool into the lines, a bounded number of consignments a call.
//
//   fetcher.fetch(now);                        // then lines.hand_out()
//   next = std::min(fetcher.wake(now), …);
//
// Two readings. The pass goes through everything that is due, once, and says of each consignment where it
// belongs; when it has come to `now` it waits until the spool has something behind. Where a new destination
// finds no room it stops until there is some. What nothing remembered any more is for the next pass, which
// begins there, at most one every second. The refilling (Lines) begins where a line that has run low has left
// some. Each costs the spool one seek a call, and they take turns at being first.
//
// So each consignment is looked at once by the pass, and once for each refilling that goes over it. A
// refilling is begun only when its lines can be given what they want for few looks a message that was handed
// out since, or when there is nothing else to hand out.
//
// A spool that fails is left alone for a second; then the reading that failed begins again where it had
// begun.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "postrider/queue/lines.h"
#include "postrider/queue/scheduler.h"
#include "postrider/queue/spool.h"

namespace postrider::queue {

class Fetcher {
 public:
  static constexpr Duration kAfterFailure = std::chrono::seconds(1);
  static constexpr Duration kBetweenPasses = std::chrono::seconds(1);

  Fetcher(Spool& spool, Lines& lines) : spool_(spool), lines_(lines) {}
  Fetcher(const Fetcher&) = delete;
  Fetcher& operator=(const Fetcher&) = delete;

  void fetch(Time now);
  // The clock was set back to `now`.
  void clock_set_back(Time now);
  // When fetch() has something to do that may make a line ready.
  Time wake() const;

  // Whether the pass has yet to come to `consignment`.
  bool is_ahead(const Consignment& consignment) const;
  // `consignment` is in the spool, and nothing else remembers it.
  void expect(const Consignment& consignment);
  // Whether some in the spool wait for room, so that nobody may take it before them.
  bool hungry() const noexcept { return stopped_ || (starved_ && lines_.wants_refilling()); }
  void handed_out() noexcept;

  std::optional<SpoolFailure> failure() { return std::exchange(failure_, std::nullopt); }

 private:
  bool pass_is_due(Time now) const;
  bool may_go_on() const;
  bool may_refill() const;
  void pass(Time now, std::size_t looks);
  void refill(Time now, std::size_t looks);
  void failed(SpoolFailure failure, Time now);

  Spool& spool_;
  Lines& lines_;
  Consignment passed_;            // the pass has seen everything up to here
  Time next_due_ = Time::min();   // of what is behind `passed_`
  Time next_pass_ = Time::min();  // not before
  bool stopped_ = false;          // the pass: for want of room
  std::size_t since_stop_ = 0;    // messages handed out
  Consignment refilled_;          // the same for the refilling
  std::size_t looks_ = 0;         // of the refilling under way or, after it, the last
  std::size_t paid_ = 0;          // looks that the messages handed out since are worth
  bool starved_ = false;          // there is no room to refill any line
  bool refill_first_ = false;
  Time not_before_ = Time::min();  // after a failure
  std::optional<SpoolFailure> failure_;
};

}  // namespace postrider::queue
