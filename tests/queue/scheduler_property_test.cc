// Random events from a seed against a model that knows everything: nothing due is forgotten, nothing is in
// flight twice, no site's limit is passed, and when the world is well again all is delivered in bounded time.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "index_spool.h"
#include "site_model.h"
#include <gtest/gtest.h>

#include "postrider/queue/fetcher.h"
#include "postrider/queue/scheduler.h"

namespace postrider::queue {
namespace {

using namespace std::chrono_literals;
using testing::IndexSpool;
using testing::SiteModel;

constexpr Time kStart{std::chrono::hours(24 * 365 * 50)};

enum class Hosting : std::uint8_t {
  unknown,  // nobody finds out where anything goes
  by_kind,  // destinations that fare alike share sites
  mixed,    // so do others
};

struct Shape {
  const char* name;
  std::size_t in_flight, in_line, in_memory, remembered, scan;
  std::uint64_t destinations;
  bool clock_goes_back;
  Hosting hosting;

  bool forgets() const { return remembered < destinations; }
};

const Shape kShapes[] = {
    {"all at its least", 1, 1, 1, 0, 1, 5, false, Hosting::mixed},
    {"hardly any memory", 10, 2, 3, 1, 2, 20, false, Hosting::by_kind},
    {"short lines", 50, 4, 30, 10, 7, 60, false, Hosting::by_kind},
    {"short lines, few destinations", 50, 4, 30, 10, 7, 4, false, Hosting::unknown},
    {"short lines, and no destination is forgotten", 50, 4, 30, 100, 7, 60, false, Hosting::mixed},
    {"a clock that jumps", 50, 4, 30, 10, 7, 30, true, Hosting::by_kind},
    {"a clock that jumps, and no destination is forgotten", 50, 4, 30, 40, 7, 30, true, Hosting::mixed},
    {"memory for all", 500, 1'000, 20'000, 20'000, 10'000, 60, false, Hosting::by_kind},
};

SchedulerOptions options_of(const Shape& shape, std::uint64_t seed) {
  SchedulerOptions out;
  out.concurrency = 5;
  out.initial_concurrency = 2;
  out.in_flight = shape.in_flight;
  out.in_line = shape.in_line;
  out.in_memory = shape.in_memory;
  out.remembered = shape.remembered;
  out.scan = shape.scan;
  out.longest_rest = 5min;
  out.seed = seed;
  return out;
}

class World {
 public:
  World(const Shape& shape, std::uint64_t seed)
      : shape_(shape), options_(options_of(shape, seed)), random_(seed), sites_(options_) {
    restart();
  }

  void step() {
    switch (below(20)) {
      case 0:
      case 1:
      case 2:
      case 3: return accept();
      case 4:
      case 5:
      case 6:
      case 7: return start_some(below(6));
      case 8:
      case 9:
      case 10:
      case 11: return finish_some(below(6));
      case 12: now_ += Duration(static_cast<Duration::rep>(below(2'000))); return;
      case 13: now_ = std::max(now_, std::min(scheduler_->wake(now_), now_ + 10min)); return;
      case 14: return hold_or_release();
      case 15: return retry_now();
      case 16: return wake_up();
      case 17: return below(3) == 0 ? spool_.fail_after(below(4)) : spool_.work_again();
      case 18: return start_all();
      default: return rarely();
    }
  }

  // All is well from now on: delivers whatever is left.
  void end() {
    spool_.work_again();
    well_ = true;
    offer_late();
    for (auto& [key, known] : model_) {
      if (known.held) release(known);
    }
    Time last = now_;
    for (const auto& [key, known] : model_) last = std::max(last, known.now.due);
    std::size_t calls = 0;
    while (!model_.empty()) {
      ASSERT_LT(++calls, 1'000'000U);
      ASSERT_LE(now_, last + 1h) << model_.size() << " left";
      start_some(SIZE_MAX);
      const bool some = !flying().empty();
      finish_some(SIZE_MAX);
      if (some) continue;
      const Time wake = scheduler_->wake(now_);
      ASSERT_NE(wake, kNever) << model_.size() << " left and nobody will look again";
      now_ = std::max(now_, wake);
    }
    EXPECT_EQ(spool_.index().size(), 0U);
    EXPECT_EQ(scheduler_->next(now_), std::nullopt);
    const SchedulerCounters counters = scheduler_->counters();
    EXPECT_EQ(counters.in_line, 0U);
    EXPECT_EQ(counters.in_flight, 0U);
    EXPECT_LE(counters.remembered, options_.remembered);
  }

 private:
  using Key = std::pair<std::uint64_t, std::string>;
  struct Known {
    Consignment now;  // as the spool has it
    std::uint64_t attempt = 0;
    bool in_flight = false;
    bool held = false;
    bool held_in_flight = false;
  };

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  std::string some_destination() { return "mx:" + std::to_string(below(shape_.destinations)); }
  // Of five destinations one is dead, and one asks for patience.
  static std::uint64_t kind(const std::string& destination) {
    return static_cast<std::uint64_t>(destination.back() - '0') % 5;
  }
  // The name of its hosts, or of none where they are not found. Now and then it changes them.
  std::string hosts_of(const std::string& destination) {
    if (shape_.hosting == Hosting::unknown || below(30) == 0) return "";
    std::uint64_t& moved = moved_[destination];
    if (below(20) == 0) ++moved;
    const std::string hosts = "mx" + std::to_string((destination.size() + moved) % 3) + ".example.net:25";
    return shape_.hosting == Hosting::mixed ? hosts : std::to_string(kind(destination)) + "." + hosts;
  }

  std::vector<Known*> flying() {
    std::vector<Known*> out;
    for (auto& [key, known] : model_) {
      if (known.in_flight) out.push_back(&known);
    }
    return out;
  }
  Known* some(bool held) {
    if (model_.empty()) return nullptr;
    auto at = model_.lower_bound(Key{1 + below(ids_), ""});
    if (at == model_.end()) at = model_.begin();
    return at->second.held == held && !at->second.held_in_flight ? &at->second : nullptr;
  }

  void accept() {
    ++ids_;
    const std::uint64_t destinations = below(10) == 0 ? 5 : 1;
    const Time due = below(4) == 0 ? now_ + Duration(static_cast<Duration::rep>(below(600'000))) : now_;
    const auto priority = static_cast<std::int8_t>(below(8) == 0 ? below(19) : 9);
    for (std::uint64_t i = 0; i < destinations; ++i) {
      const Consignment one{MessageId{ids_}, some_destination(), due, static_cast<std::int8_t>(priority - 9)};
      if (model_.contains(Key{ids_, one.destination})) continue;
      model_[Key{ids_, one.destination}].now = one;
      spool_.put(one);
      // The news of it may come late.
      if (below(20) != 0)
        scheduler_->offer(one, now_);
      else
        late_.push_back(one);
    }
    if (late_.size() > 3) offer_late();
  }

  void offer_late() {
    for (const Consignment& each : late_) {
      const auto known = model_.find(Key{each.id.value, each.destination});
      const bool as_it_was = known != model_.end() && known->second.now == each && !known->second.held;
      if (as_it_was) scheduler_->offer(each, now_);
    }
    late_.clear();
  }

  void start_some(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::optional<Consignment> given = scheduler_->next(now_);
      if (!given) return check_counters();
      const auto found = model_.find(Key{given->id.value, given->destination});
      ASSERT_NE(found, model_.end()) << "given though it is done";
      Known& known = found->second;
      ASSERT_FALSE(known.in_flight) << "in flight twice";
      ASSERT_FALSE(known.held);
      ASSERT_EQ(*given, known.now);
      ASSERT_TRUE(given->due <= now_ || shape_.clock_goes_back);
      ASSERT_LT(in_flight_to_[given->destination], options_.concurrency);
      // Where the record may be forgotten so may the site and its rest; a clock that jumps takes that along.
      if (!shape_.forgets()) {
        ASSERT_TRUE(sites_.has_room(given->destination));
        ASSERT_TRUE(shape_.clock_goes_back || now_ >= sites_.rests_until(given->destination));
      }
      known.attempt = sites_.start(given->destination, now_);
      known.in_flight = true;
      ++in_flight_to_[given->destination];
      ++in_flight_;
      ASSERT_TRUE(scheduler_->in_flight(given->id));
      check_counters();
    }
  }

  void start_all() {
    int calls = 0;
    do {
      ASSERT_LT(++calls, 100'000) << "wants to be called and does nothing";
      start_some(SIZE_MAX);
      if (::testing::Test::HasFatalFailure()) return;
    } while (scheduler_->wake(now_) <= now_);
    check_nothing_is_forgotten();
  }

  // A destination that has never failed, of a site that has nothing in flight, has nothing left that is due,
  // unless wake() says that somebody will look soon, or the memory is full of what waits for others to be
  // finished.
  void check_nothing_is_forgotten() {
    if (scheduler_->counters().in_line >= options_.in_memory || shape_.hosting == Hosting::mixed) return;
    if (in_flight_ >= options_.in_flight || scheduler_->wake(now_) <= now_ + 1s || !late_.empty()) return;
    for (const auto& [key, known] : model_) {
      if (kind(key.second) >= 2 || known.in_flight || known.held || known.now.due > now_) continue;
      ASSERT_GT(sites_.in_flight(key.second), 0U) << key.first << " to " << key.second << " is forgotten";
    }
  }

  void finish_some(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::vector<Known*> all = flying();
      if (all.empty()) return;
      finish(*all[below(all.size())]);
      check_counters();
    }
  }

  void finish(Known& known) {
    const Consignment was = known.now;
    const std::string& destination = was.destination;
    Health health = Health::reached;
    if (!well_ && kind(destination) == 4) health = Health::unreachable;
    if (!well_ && kind(destination) == 3) health = below(2) == 0 ? Health::overloaded : Health::reached;
    if (!well_ && below(15) == 0) health = Health::unknown;
    const bool done = well_ || (health == Health::reached && below(4) != 0);
    --in_flight_to_[destination];
    --in_flight_;
    const std::string site = hosts_of(destination);
    sites_.finish(destination, known.attempt, health, site, now_);
    known.in_flight = false;
    spool_.remove(was);
    if (done) {
      model_.erase(Key{was.id.value, std::string(destination)});
      return scheduler_->finished(was, health, site, std::nullopt, now_);
    }
    const Time again = below(10) == 0 ? now_ : now_ + Duration(static_cast<Duration::rep>(below(300'000)));
    known.now.due = again;
    if (std::exchange(known.held_in_flight, false)) {
      known.held = true;
      return scheduler_->finished(was, health, site, std::nullopt, now_);
    }
    spool_.put(known.now);
    scheduler_->finished(was, health, site, again, now_);
  }

  void hold_or_release() {
    if (Known* known = some(true)) return release(*known);
    Known* known = some(false);
    if (known == nullptr) return;
    const std::uint64_t id = known->now.id.value;
    for (auto at = model_.lower_bound(Key{id, ""}); at != model_.end() && at->first.first == id; ++at) {
      Known& each = at->second;
      if (each.in_flight) {
        each.held_in_flight = true;
      } else if (!each.held) {
        spool_.remove(each.now);
        each.held = true;
      }
    }
    scheduler_->forget(MessageId{id});
  }

  void release(Known& known) {
    known.held = false;
    known.now.due = now_;
    spool_.put(known.now);
    scheduler_->offer(known.now, now_);
  }

  void retry_now() {
    Known* known = some(false);
    if (known == nullptr || known->in_flight) return;
    spool_.remove(known->now);
    known->now.due = below(4) == 0 ? now_ + 1min : now_;
    spool_.put(known->now);
    scheduler_->offer(known->now, now_);
  }

  void wake_up() {
    const std::string whom = below(5) == 0 ? "" : some_destination();
    scheduler_->wake_up(whom);
    sites_.wake_up(whom);
  }

  void rarely() {
    if (below(20) == 0) return restart();
    if (shape_.clock_goes_back && below(3) == 0)
      now_ -= Duration(static_cast<Duration::rep>(below(3'600'000)));
  }

  // What was in flight is in the spool as it was.
  void restart() {
    scheduler_ = std::make_unique<Scheduler>(spool_, options_);
    for (auto& [key, known] : model_) {
      known.in_flight = false;
      if (std::exchange(known.held_in_flight, false)) {
        known.held = true;
        spool_.remove(known.now);
      }
    }
    in_flight_to_.clear();
    in_flight_ = 0;
    sites_ = SiteModel(options_);
    late_.clear();
  }

  void check_counters() {
    const SchedulerCounters counters = scheduler_->counters();
    ASSERT_LE(counters.in_line, options_.in_memory);
    ASSERT_LE(counters.in_flight, options_.in_flight);
    ASSERT_EQ(counters.in_flight, in_flight_);
    ASSERT_LE(counters.remembered, counters.in_line + counters.in_flight + options_.remembered);
    ASSERT_LE(counters.resting, counters.destinations);
    ASSERT_LE(counters.destinations, counters.remembered);
    ASSERT_LE(counters.sites, counters.remembered);
    if (!shape_.forgets()) {
      ASSERT_EQ(counters.sites, counters.remembered - sites_.shared());
    }
  }

  const Shape& shape_;
  const SchedulerOptions options_;
  std::mt19937_64 random_;
  IndexSpool spool_;
  std::unique_ptr<Scheduler> scheduler_;
  Time now_ = kStart;
  bool well_ = false;
  std::uint64_t ids_ = 0;
  std::map<Key, Known> model_;
  std::vector<Consignment> late_;
  std::map<std::string, std::size_t> in_flight_to_;
  std::size_t in_flight_ = 0;
  SiteModel sites_;
  std::map<std::string, std::uint64_t> moved_;  // how often
};

TEST(SchedulerPropertyTest, NothingIsLostOrGivenTwiceWhateverHappens) {
  for (const Shape& shape : kShapes) {
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
      SCOPED_TRACE(std::string(shape.name) + ", seed " + std::to_string(seed));
      World world(shape, seed);
      for (int step = 0; step < 3'000; ++step) {
        world.step();
        ASSERT_FALSE(HasFatalFailure()) << "step " << step;
      }
      world.end();
      ASSERT_FALSE(HasFailure());
    }
  }
}

TEST(SchedulerPropertyTest, TheSameEventsGiveTheSameOrder) {
  std::vector<std::string> orders;
  for (int run = 0; run < 2; ++run) {
    IndexSpool spool;
    Scheduler scheduler(spool, options_of(kShapes[2], 3));
    std::mt19937_64 random(5);
    std::string order;
    Time now = kStart;
    for (std::uint64_t id = 1; id <= 2'000; ++id) {
      const Consignment one{MessageId{id}, "mx:" + std::to_string(random() % 50), now, 0};
      spool.put(one);
      scheduler.offer(one, now);
      now += Duration(static_cast<Duration::rep>(random() % 500));
      while (const auto given = scheduler.next(now)) {
        order += given->id.to_string();
        spool.remove(*given);
        const bool dead = given->destination.back() < '4';
        if (dead) spool.put({given->id, given->destination, now + 20s, 0});
        scheduler.finished(*given, dead ? Health::unreachable : Health::reached,
                           "site-" + std::to_string(random() % 10),
                           dead ? std::optional(now + 20s) : std::nullopt, now);
      }
    }
    orders.push_back(order);
  }
  EXPECT_GT(orders[0].size(), 13U * 1'000);
  EXPECT_EQ(orders[0], orders[1]);
}

}  // namespace
}  // namespace postrider::queue
