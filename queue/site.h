// Where mail goes to: the hosts that take it for one destination, or for ten thousand. Whoever goes to the
// same hosts shares one pace, and one turn among all. Plain data; lines.h keeps it consistent.
#pragma once

#include <cstdint>
#include <string>

#include "postrider/queue/chain.h"
#include "postrider/queue/destination_line.h"
#include "postrider/queue/pace.h"
#include "postrider/queue/scheduler.h"
#include "postrider/queue/time.h"

namespace postrider::queue {

struct Site {
  Site(std::uint64_t serial, const SchedulerOptions& options, Pace::Rate rate)
      : number(serial), pace(options, serial, rate) {}

  std::string name;            // empty: of one line alone, whose hosts nobody knows
  const std::uint64_t number;  // in order of creation
  Pace pace;                   // under way are all attempts of its lines

  Chain<DestinationLine, &DestinationLine::member> lines;  // never empty
  Chain<DestinationLine, &DestinationLine::turn> due;      // those that have something in memory take turns
  Chain<DestinationLine, &DestinationLine::want> wanting;  // those of which something waits in the spool
  std::size_t in_line = 0;                                 // of all its lines, in memory

  Time timer = kNever;        // when it may become ready by itself
  bool rests = false;         // as its lines have been told
  bool ready = false;         // among those that take turns
  bool wants = false;         // the next refilling
  std::uint64_t left_by = 0;  // the refilling that has given it what it may have
  Link<Site> turn;
};

}  // namespace postrider::queue
