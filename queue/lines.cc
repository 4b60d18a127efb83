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

Pace::Rate rate_of(const std::string& destination, const SchedulerOptions& options) {
  const bool without = std::ranges::find(options.without_rate, destination) != options.without_rate.end();
  return without ? Pace::Rate::none : Pace::Rate::limited;
}

}  // namespace

Lines::Lines(SchedulerOptions options) : options_(at_least_one(options)) {}

bool Lines::set_time(Time now) {
  const bool set_back = now < now_ - kClockSetBack;
  if (set_back) {
    const Duration by = now_ - now;
    for (const auto& [number, site] : sites_) site->pace.clock_set_back(by);
    std::vector<std::pair<Time, Site*>> timers;
    for (const auto& [key, site] : timers_) timers.emplace_back(key.first - by, site);
    for (const auto& [at, site] : timers) set_timer(*site, at);
  }
  now_ = now;
  while (!timers_.empty() && timers_.begin()->first.first <= now) {
    Site& site = *timers_.begin()->second;
    set_timer(site, kNever);
    if (site.pace.resting()) site.pace.end_rest();
    refresh(site);
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
    if (behind_others || line->site->pace.resting() || after_others || !make_room(*line, consignment)) {
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
  Site* site = ready_.front();
  if (site == nullptr || !may_start()) return std::nullopt;
  Line& line = *site->due.front();
  const LinePlace place = *line.line.begin();
  line.line.erase(line.line.begin());
  --in_line_;
  --site->in_line;
  ++in_flight_;
  ++line.in_flight;
  KnownConsignment& known = *known_.find(place.position.id, line);
  known.in_flight = true;
  known.attempt = ++attempts_;
  site->pace.start(now_);
  // Each behind all others, should it be ready for another one.
  set_queue(line, Line::Queue::none);
  set_ready(*site, false);
  refresh(line);
  return Consignment{place.position.id, line.name, place.position.due, place.priority};
}

bool Lines::finished(const Consignment& consignment, Health health, std::string_view site) {
  Line* line = find(consignment.destination);
  if (line == nullptr) return true;
  const KnownConsignment* known = known_.find(consignment.id, *line);
  if (known == nullptr || !known->in_flight) return true;
  const bool forgotten = known->forgotten;
  const std::uint64_t attempt = known->attempt;
  known_.remove(consignment.id, *line);
  // What it has shown, it has shown about the site that it names, so that comes first.
  if (!site.empty() || health != Health::unknown) move_to(*line, site);
  --in_flight_;
  --line->in_flight;
  line->site->pace.finish(attempt, attempts_, health, now_);
  arrange(*line);
  refresh(*line->site);
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
      line->site->pace.wake_up();
      refresh(*line->site);
    }
    return;
  }
  std::vector<Site*> resting;
  for (const auto& [key, site] : timers_) {
    if (site->pace.resting()) resting.push_back(site);
  }
  for (Site* site : resting) {
    site->pace.wake_up();
    refresh(*site);
  }
}

std::optional<Position> Lines::begin_refilling() {
  if (refilling_) return std::nullopt;
  refilling_ = true;
  ++refillings_;
  Position first(Consignment{{}, {}, kNever, 0});
  while (!wanted_.empty()) {
    Site& site = *wanted_.begin()->second;
    while (Line* line = site.wanting.front()) {
      first = std::min(first, *line->waiting);
      set_refill(*line, Line::Refill::under_way);
    }
    set_wants(site, false);
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
      line->left_by == refillings_) {
    return refilling_ = !targets_.empty();
  }
  if (line->site->pace.resting() || line->site->left_by == refillings_) {
    pass_over(*line);
    refresh(*line);
    return refilling_ = !targets_.empty();
  }
  line->waiting = position;
  if (known_.find(consignment.id, *line) == nullptr) {
    const bool taken = has_room(*line);
    if (taken) append(*line, consignment);
    if (!taken || !has_room(*line)) {
      pass_over(*line);
      if (is_full(*line->site)) pass_over_rest(*line->site);
    }
    refresh(*line);
  }
  return refilling_ = !targets_.empty();
}

void Lines::end_refilling() {
  refilling_ = false;
  while (!targets_.empty()) {
    Line& line = *targets_.begin()->second;
    line.waiting.reset();
    refresh(line);  // and it is a target no more
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
  out.sites = sites_.size();
  return out;
}

Lines::Line* Lines::find(std::string_view name) const {
  const auto found = lines_.find(name);
  return found == lines_.end() ? nullptr : found->get();
}

Lines::Line& Lines::create(const std::string& name) {
  Line& line = **lines_.insert(std::make_unique<Line>(name, ++created_)).first;
  enter(line, create_site(line));
  return line;
}

void Lines::destroy(Line& line) {
  if (line.waiting) lose(*line.waiting);
  set_refill(line, Line::Refill::none);
  leave(line);
  busy_ -= line.busy ? 1 : 0;
  resting_ -= line.rests ? 1 : 0;
  lines_.erase(lines_.find(std::string_view(line.name)));
}

Site& Lines::create_site(const Line& first) {
  const std::uint64_t number = ++created_;
  auto site = std::make_unique<Site>(number, options_, rate_of(first.name, options_));
  return *sites_.emplace(number, std::move(site)).first->second;
}

void Lines::destroy(Site& site) {
  rename(site, "");
  set_timer(site, kNever);
  set_ready(site, false);
  set_wants(site, false);
  sites_.erase(site.number);
}

void Lines::rename(Site& site, std::string_view name) {
  if (!site.name.empty()) named_.erase(&site);
  site.name = name;
  if (!site.name.empty()) named_.insert(&site);
}

void Lines::enter(Line& line, Site& site) {
  line.site = &site;
  site.in_line += line.line.size();
  site.lines.push_back(line);
}

void Lines::leave(Line& line) {
  Site& site = *line.site;
  set_queue(line, Line::Queue::none);
  if (line.refill == Line::Refill::wanted) set_refill(line, Line::Refill::none);
  site.in_line -= line.line.size();
  site.lines.remove(line);
  line.site = nullptr;
  site.lines.empty() ? destroy(site) : arrange(site);
}

void Lines::move_to(Line& line, std::string_view name) {
  Site& from = *line.site;
  if (from.name == name) return;
  const auto known = name.empty() ? named_.end() : named_.find(name);
  const bool is_new = known == named_.end();
  // So what was learned of one line alone is not lost.
  if (is_new && from.lines.size() == 1) return rename(from, name);
  Site& to = is_new ? create_site(line) : **known;
  if (is_new) rename(to, name);
  to.pace.take_over(from.pace, line.in_flight);
  leave(line);
  enter(line, to);
}

std::size_t Lines::longest_line() const noexcept {
  return std::min(options_.in_line, std::max<std::size_t>(1, room()));
}

std::size_t Lines::site_share() const noexcept { return std::max(options_.in_line, options_.in_memory / 4); }

bool Lines::is_full(const Site& site) const noexcept {
  return room() == 0 || site.in_line >= 2 * site_share();
}

bool Lines::has_room(const Line& line) const noexcept {
  if (line.line.empty()) return !is_full(*line.site);
  return room() > 0 && line.line.size() < longest_line() && line.site->in_line < site_share();
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
  ++line.site->in_line;
}

void Lines::drop(Line& line, LinePlace place) {
  line.line.erase(place);
  known_.remove(place.position.id, line);
  --in_line_;
  --line.site->in_line;
}

// A destination at rest keeps nothing in memory but where to begin.
void Lines::drop_all(Line& line) {
  for (const LinePlace& place : line.line) {
    known_.remove(place.position.id, line);
    wait(line, place.position);
  }
  in_line_ -= line.line.size();
  line.site->in_line -= line.line.size();
  line.line.clear();
}

void Lines::wait(Line& line, Position first) {
  // The reading under way has passed there, and can vouch for this line no more.
  if (refilling_ && first <= refilled_to_) pass_over(line);
  if (!line.waiting || first < *line.waiting) line.waiting = first;
}

void Lines::pass_over(Line& line) {
  line.left_by = refillings_;
  if (line.refill == Line::Refill::under_way) set_refill(line, Line::Refill::none);
}

void Lines::pass_over_rest(Site& site) {
  site.left_by = refillings_;
  for (Line* each = site.lines.front(); each != nullptr; each = site.lines.after(*each)) {
    if (each->refill != Line::Refill::under_way) continue;
    pass_over(*each);
    arrange(*each);
  }
}

void Lines::refresh(Line& line) {
  arrange(line);
  arrange(*line.site);
}

void Lines::refresh(Site& site) {
  const bool resting = site.pace.resting();
  if (resting != std::exchange(site.rests, resting)) {
    for (Line* each = site.lines.front(); each != nullptr; each = site.lines.after(*each)) arrange(*each);
  }
  arrange(site);
}

void Lines::arrange(Line& line) {
  const bool resting = line.site->pace.resting();
  if (resting) drop_all(line);
  const bool quiet = line.line.empty() && line.in_flight == 0;
  set_queue(line, quiet ? Line::Queue::quiet : line.line.empty() ? Line::Queue::none : Line::Queue::due);
  if (resting || !line.waiting) {
    set_refill(line, Line::Refill::none);
  } else if (line.refill != Line::Refill::under_way) {
    set_refill(line, Line::Refill::wanted);
  }
  const bool busy = !quiet || line.waiting || resting;
  if (busy != std::exchange(line.busy, busy)) busy ? ++busy_ : --busy_;
  if (resting != std::exchange(line.rests, resting)) resting ? ++resting_ : --resting_;
}

void Lines::arrange(Site& site) {
  const bool resting = site.pace.resting();
  const bool due = !resting && !site.due.empty();
  const Time start = resting || due ? site.pace.next(now_) : kNever;
  set_timer(site, resting || start > now_ ? start : kNever);
  set_ready(site, due && start <= now_);
  set_wants(site, !site.wanting.empty() && site.in_line * 4 <= longest_line());
}

void Lines::set_queue(Line& line, Line::Queue queue) noexcept {
  if (line.queue == queue) return;
  const auto chain = [&](Line::Queue kind) -> auto& {
    return kind == Line::Queue::due ? line.site->due : quiet_;
  };
  if (line.queue != Line::Queue::none) chain(line.queue).remove(line);
  if (queue != Line::Queue::none) chain(queue).push_back(line);
  line.queue = queue;
}

void Lines::set_ready(Site& site, bool ready) noexcept {
  if (ready == std::exchange(site.ready, ready)) return;
  ready ? ready_.push_back(site) : ready_.remove(site);
}

void Lines::set_timer(Site& site, Time at) {
  if (site.timer == at) return;
  if (site.timer != kNever) timers_.erase({site.timer, site.number});
  site.timer = at;
  if (at != kNever) timers_.emplace(std::pair(at, site.number), &site);
}

void Lines::set_refill(Line& line, Line::Refill refill) {
  if (line.refill == refill) return;
  if (line.refill == Line::Refill::wanted) line.site->wanting.remove(line);
  if (line.refill == Line::Refill::under_way) targets_.erase(line.number);
  line.refill = refill;
  if (refill == Line::Refill::wanted) line.site->wanting.push_back(line);
  if (refill == Line::Refill::under_way) targets_.emplace(line.number, &line);
}

void Lines::set_wants(Site& site, bool wants) {
  if (wants == std::exchange(site.wants, wants)) return;
  wants ? static_cast<void>(wanted_.emplace(site.number, &site))
        : static_cast<void>(wanted_.erase(site.number));
}

}  // namespace postrider::queue
