#include "postrider/queue/lines.h"

#include <algorithm>
#include <string>
#include <vector>

namespace postrider::queue {
namespace {

// A clock that goes back by less is the same clock, read by two callers.
constexpr Duration kClockSetBack = std::chrono::seconds(1);

// A limit of nothing would be a scheduler that never gives anything.
SchedulerOptions at_least_one(SchedulerOptions options) {
  for (std::size_t* each : {&options.concurrency, &options.initial_concurrency, &options.in_flight,
                            &options.in_line, &options.in_memory, &options.scan}) {
    *each = std::max<std::size_t>(1, *each);
  }
  return options;
}

}  // namespace

Lines::Lines(SchedulerOptions options) : options_(at_least_one(options)) {}

bool Lines::set_time(Time now) {
  const bool set_back = now < now_ - kClockSetBack;
  if (set_back) {
    const Duration by = now_ - now;
    for (const auto& line : lines_) line->pace.clock_set_back(by);
    std::vector<std::pair<Time, Line*>> timers;
    for (const auto& [key, line] : timers_) timers.emplace_back(key.first - by, line);
    for (const auto& [at, line] : timers) set_timer(*line, at);
  }
  now_ = now;
  while (!timers_.empty() && timers_.begin()->first.first <= now) {
    Line& line = *timers_.begin()->second;
    set_timer(line, kNever);
    if (line.pace.resting()) line.pace.end_rest();
    refresh(line);
  }
  return !set_back;
}

Lines::Placed Lines::place(const Consignment& consignment, From from) {
  Line* line = find(consignment.destination);
  if (line == nullptr) {
    if (room() == 0 || from == From::offer_in_line) return Placed::no_room;
    line = &create(consignment.destination);
  } else if (KnownConsignment* known = known_.find(consignment.id, *line)) {
    move(*line, *known, consignment, from);
    return Placed::known;
  } else {
    const Position position(consignment);
    const bool ahead = !line->line.empty() && consignment.priority > line->line.rbegin()->priority;
    const bool behind_others = line->waiting && *line->waiting <= position && !ahead;
    if (behind_others && from == From::spool) return Placed::waits;
    const bool after_others = from == From::offer_in_line && line->line.empty();
    if (behind_others || line->pace.resting() || after_others || !make_room(*line, consignment)) {
      wait(*line, position);
      refresh(*line);
      return Placed::waits;
    }
  }
  append(*line, consignment);
  refresh(*line);
  return Placed::taken;
}

void Lines::take_out(const Consignment& consignment) {
  Line* line = find(consignment.destination);
  if (line == nullptr) return;
  const KnownConsignment* known = known_.find(consignment.id, *line);
  if (known == nullptr || known->in_flight) return;
  LinePlace place(consignment);
  place.priority = known->priority;
  place.position.due = known->due;
  drop(*line, place);
  refresh(*line);
  trim();
}

std::optional<Consignment> Lines::hand_out() {
  Line* line = ready_.front();
  if (line == nullptr || !may_start()) return std::nullopt;
  const LinePlace place = *line->line.begin();
  line->line.erase(line->line.begin());
  --in_line_;
  ++in_flight_;
  KnownConsignment& known = *known_.find(place.position.id, *line);
  known.in_flight = true;
  known.attempt = line->pace.start(now_);
  set_queue(*line, Line::Queue::none);  // behind all others, should it be ready for another one
  refresh(*line);
  return Consignment{place.position.id, line->name, place.position.due, place.priority};
}

bool Lines::finished(const Consignment& consignment, Health health) {
  Line* line = find(consignment.destination);
  if (line == nullptr) return true;
  const KnownConsignment* known = known_.find(consignment.id, *line);
  if (known == nullptr || !known->in_flight) return true;
  const bool forgotten = known->forgotten;
  --in_flight_;
  line->pace.finish(known->attempt, health, now_);
  known_.remove(consignment.id, *line);
  if (line->pace.resting()) drop_all(*line);
  refresh(*line);
  return !forgotten;
}

void Lines::forget(MessageId id) {
  std::vector<std::pair<Line*, LinePlace>> in_line;
  known_.each(id, [&](KnownConsignment& known) {
    if (known.in_flight) {
      known.forgotten = true;
      return;
    }
    LinePlace place(known.priority, Position{});
    place.position.due = known.due;
    place.position.id = id;
    in_line.emplace_back(known.destination, place);
  });
  for (const auto& [line, place] : in_line) {
    drop(*line, place);
    refresh(*line);
  }
  trim();
}

void Lines::wake_up(std::string_view destination) {
  if (!destination.empty()) {
    if (Line* line = find(destination)) {
      line->pace.wake_up();
      refresh(*line);
    }
    return;
  }
  std::vector<Line*> resting;
  for (const auto& [key, line] : timers_) {
    if (line->pace.resting()) resting.push_back(line);
  }
  for (Line* line : resting) {
    line->pace.wake_up();
    refresh(*line);
  }
}

std::optional<Position> Lines::begin_refilling() {
  if (refilling_) return std::nullopt;
  refilling_ = true;
  ++refillings_;
  targets_ = std::exchange(wanted_, {});
  Position first(Consignment{{}, {}, kNever, 0});
  for (const auto& [number, line] : targets_) {
    line->refill = Line::Refill::under_way;
    first = std::min(first, *line->waiting);
  }
  refilled_from_ = first;
  refilled_to_ = first;
  return first;
}

// What a line has seen taken without a gap is behind it; `waiting` moves along.
bool Lines::refill(const Consignment& consignment) {
  Line* line = find(consignment.destination);
  const Position position(consignment);
  refilled_to_ = std::max(refilled_to_, position);
  if (line == nullptr || !line->waiting || position < *line->waiting || *line->waiting < refilled_from_ ||
      line->left_by == refillings_ || line->pace.resting()) {
    return refilling_ = !targets_.empty();
  }
  line->waiting = position;
  if (known_.find(consignment.id, *line) == nullptr) {
    const bool taken = has_room(*line);
    if (taken) append(*line, consignment);
    if (!taken || !has_room(*line)) {
      line->left_by = refillings_;
      set_refill(*line, Line::Refill::none);
    }
    refresh(*line);
  }
  return refilling_ = !targets_.empty();
}

void Lines::end_refilling() {
  refilling_ = false;
  const ByNumber served = std::exchange(targets_, {});
  for (const auto& [number, line] : served) {
    line->refill = Line::Refill::none;
    line->waiting.reset();
    refresh(*line);
  }
}

void Lines::lose(Position first) { lost_ = lost_ ? std::min(*lost_, first) : first; }

void Lines::trim() {
  while (quiet_.size() > options_.remembered) destroy(*quiet_.front());
}

SchedulerCounters Lines::counters() const noexcept {
  SchedulerCounters out;
  out.in_line = in_line_;
  out.in_flight = in_flight_;
  out.destinations = busy_;
  out.resting = resting_;
  out.remembered = lines_.size();
  return out;
}

Lines::Line* Lines::find(std::string_view name) const {
  const auto found = lines_.find(name);
  return found == lines_.end() ? nullptr : found->get();
}

Lines::Line& Lines::create(const std::string& name) {
  return **lines_.insert(std::make_unique<Line>(name, ++created_, options_)).first;
}

void Lines::destroy(Line& line) {
  if (line.waiting) lose(*line.waiting);
  set_refill(line, Line::Refill::none);
  set_timer(line, kNever);
  set_queue(line, Line::Queue::none);
  busy_ -= line.busy ? 1 : 0;
  resting_ -= line.rests ? 1 : 0;
  lines_.erase(lines_.find(std::string_view(line.name)));
}

std::size_t Lines::longest_line() const noexcept {
  return std::min(options_.in_line, std::max<std::size_t>(1, room()));
}

bool Lines::has_room(const Line& line) const noexcept {
  return room() > 0 && line.line.size() < longest_line();
}

bool Lines::make_room(Line& line, const Consignment& consignment) {
  if (has_room(line)) return true;
  if (line.line.empty()) return false;
  const LinePlace last = *line.line.rbegin();
  if (last.priority >= consignment.priority) return false;
  wait(line, last.position);
  drop(line, last);
  return true;
}

void Lines::move(Line& line, KnownConsignment& known, const Consignment& consignment, From from) {
  if (known.in_flight) {
    if (from != From::spool) known.forgotten = false;
    return;
  }
  if (known.due == consignment.due && known.priority == consignment.priority) return;
  LinePlace place(consignment);
  std::swap(place.priority, known.priority);
  std::swap(place.position.due, known.due);
  line.line.erase(place);
  line.line.emplace(consignment);
}

void Lines::append(Line& line, const Consignment& consignment) {
  KnownConsignment known;
  known.destination = &line;
  known.due = consignment.due;
  known.priority = consignment.priority;
  known_.add(consignment.id, known);
  // What comes in order goes to the end.
  line.line.emplace_hint(line.line.end(), consignment);
  ++in_line_;
}

void Lines::drop(Line& line, LinePlace place) {
  line.line.erase(place);
  known_.remove(place.position.id, line);
  --in_line_;
}

// A destination at rest keeps nothing in memory but where to begin.
void Lines::drop_all(Line& line) {
  for (const LinePlace& place : line.line) {
    known_.remove(place.position.id, line);
    wait(line, place.position);
  }
  in_line_ -= line.line.size();
  line.line.clear();
}

void Lines::wait(Line& line, Position first) {
  if (refilling_ && first <= refilled_to_) {
    // The reading under way has passed there, and can vouch for this line no more.
    line.left_by = refillings_;
    if (line.refill == Line::Refill::under_way) set_refill(line, Line::Refill::none);
  }
  if (!line.waiting || first < *line.waiting) line.waiting = first;
}

void Lines::refresh(Line& line) {
  const bool resting = line.pace.resting();
  const bool quiet = line.line.empty() && line.pace.in_flight() == 0;
  Time start = kNever;
  if (resting || !line.line.empty()) start = line.pace.next(now_);
  set_timer(line, resting || start > now_ ? start : kNever);
  set_queue(line, quiet                                             ? Line::Queue::quiet
                  : !resting && !line.line.empty() && start <= now_ ? Line::Queue::ready
                                                                    : Line::Queue::none);
  if (resting || !line.waiting) {
    set_refill(line, Line::Refill::none);
  } else if (line.refill != Line::Refill::under_way) {
    set_refill(line, runs_low(line) ? Line::Refill::wanted : Line::Refill::none);
  }
  const bool busy = !quiet || line.waiting || resting;
  if (busy != std::exchange(line.busy, busy)) busy ? ++busy_ : --busy_;
  if (resting != std::exchange(line.rests, resting)) resting ? ++resting_ : --resting_;
}

void Lines::set_queue(Line& line, Line::Queue queue) noexcept {
  if (line.queue == queue) return;
  if (line.queue != Line::Queue::none) (line.queue == Line::Queue::ready ? ready_ : quiet_).remove(line);
  if (queue != Line::Queue::none) (queue == Line::Queue::ready ? ready_ : quiet_).push_back(line);
}

void Lines::set_timer(Line& line, Time at) {
  if (line.timer == at) return;
  if (line.timer != kNever) timers_.erase({line.timer, line.number});
  line.timer = at;
  if (at != kNever) timers_.emplace(std::pair(at, line.number), &line);
}

void Lines::set_refill(Line& line, Line::Refill refill) {
  if (line.refill == refill) return;
  if (line.refill == Line::Refill::wanted) wanted_.erase(line.number);
  if (line.refill == Line::Refill::under_way) targets_.erase(line.number);
  line.refill = refill;
  if (refill == Line::Refill::wanted) wanted_.emplace(line.number, &line);
}

bool Lines::runs_low(const Line& line) const noexcept { return line.line.size() * 4 <= longest_line(); }

}  // namespace postrider::queue
