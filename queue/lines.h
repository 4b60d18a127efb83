// The lines in front of all destinations, in bounded memory: who is next, and who has more in the spool.
//
//   if (lines.place(consignment, Lines::From::spool) == Lines::Placed::no_room) …;   // stays where it is
//   while (auto next = lines.hand_out()) …;
//
// Room. All lines share options.in_memory places, and a line may be as long as there are places left, up to
// options.in_line: so lines share evenly when there are many, and some places stay free for those that come.
// The lines of one site have a quarter of all places, so that it leaves some to others, and one each of
// another quarter, so that its long lines leave some to the rest. A consignment that finds its line full
// stays in the spool; the destination remembers where the first of those is (`waiting`), and all behind stay
// there as well, but for one of a higher priority than the last in line, whose place it takes. So does what
// is due for a destination at rest.
//
// Refilling. When the lines of a site have run low, and a part of them waits in the spool, begin_refilling()
// says from where on to read; refill() is shown every consignment from there on, and takes what belongs into
// any of these lines. One reading serves all lines that wait for something behind its beginning.
//
// Sites. Each line belongs to a site, which has the pace, and gives its lines their turns. A line begins with
// a site of its own. What an attempt has learned of the hosts names it, or moves the line to the one of that
// name with all that it has in flight, since that goes to the same hosts; the pace of a site that loses its
// last line goes with it. So there are never more sites than lines. Nothing walks over the lines of a site
// but the beginning and the end of its rest, and a refilling, once.
//
// Records. A destination with nothing in memory or in flight is remembered for its pace and its rest, and for
// what waits; of those there are options.remembered at most, and the one that has been quiet longest goes.
// What waits for it, or found no place to begin with, is behind lost(), and to be placed anew.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <absl/container/btree_map.h>
#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <absl/hash/hash.h>

#include "postrider/queue/chain.h"
#include "postrider/queue/destination_line.h"
#include "postrider/queue/known_consignments.h"
#include "postrider/queue/scheduler.h"
#include "postrider/queue/site.h"

namespace postrider::queue {

class Lines {
 public:
  enum class Placed : std::uint8_t {
    known,    // in memory already, and moved, or in flight
    taken,    // into a line
    waits,    // in the spool, behind `waiting` of its destination
    no_room,  // and nothing remembers it
  };
  enum class From : std::uint8_t {
    spool,
    offer,
    offer_in_line,  // as there are others in the spool who want the room: nothing for an empty line
  };

  explicit Lines(SchedulerOptions options);
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;

  // What time it is for all calls until the next; ends the rests that are over. False: the clock was set
  // back, and with it the rests that are left.
  bool set_time(Time now);

  Placed place(const Consignment& consignment, From from);
  // It is not due any more: out of its line.
  void take_out(const Consignment& consignment);
  std::optional<Consignment> hand_out();
  // False: it was forgotten meanwhile. `site` as in Scheduler::finished.
  bool finished(const Consignment& consignment, Health health, std::string_view site);
  void forget(MessageId id);
  void wake_up(std::string_view destination);

  bool wants_refilling() const noexcept { return refilling_ || !wanted_.empty(); }
  bool refilling() const noexcept { return refilling_; }
  // Goes on with the reading that is under way (nullopt), or says where to begin one.
  std::optional<Position> begin_refilling();
  // False: all lines have what they need.
  bool refill(const Consignment& consignment);
  // There is nothing behind.
  void end_refilling();

  // What nothing remembers is here or behind; asked once.
  void lose(Position first);
  bool lost() const noexcept { return lost_.has_value(); }
  std::optional<Position> take_lost() noexcept { return std::exchange(lost_, std::nullopt); }

  // Forgets the destinations that have been quiet longest. After each call that leaves one quiet.
  void trim();

  bool ready() const noexcept { return !ready_.empty(); }
  std::size_t room() const noexcept { return options_.in_memory - in_line_; }
  bool may_start() const noexcept { return in_flight_ < options_.in_flight; }
  Time timer() const noexcept { return timers_.empty() ? kNever : timers_.begin()->first.first; }
  bool in_flight(MessageId id) const { return known_.in_flight(id); }
  SchedulerCounters counters() const noexcept;
  const SchedulerOptions& options() const noexcept { return options_; }

 private:
  using Line = DestinationLine;
  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const noexcept { return absl::HashOf(name); }
    std::size_t operator()(const auto& pointer) const noexcept {
      return (*this)(std::string_view(pointer->name));
    }
  };
  struct NameEqual {
    using is_transparent = void;
    static std::string_view name(std::string_view text) noexcept { return text; }
    static std::string_view name(const auto& pointer) noexcept { return pointer->name; }
    bool operator()(const auto& a, const auto& b) const noexcept { return name(a) == name(b); }
  };

  Line* find(std::string_view name) const;
  Line& create(const std::string& name);
  void destroy(Line& line);

  Site& create_site(const Line& first);
  void destroy(Site& site);
  void rename(Site& site, std::string_view name);
  void enter(Line& line, Site& site);
  void leave(Line& line);
  // Where it belongs by the name that has been learned; "": to nobody's but its own.
  void move_to(Line& line, std::string_view name);

  std::size_t longest_line() const noexcept;
  std::size_t site_share() const noexcept;
  bool is_full(const Site& site) const noexcept;
  bool has_room(const Line& line) const noexcept;
  bool make_room(Line& line, const Consignment& consignment);
  void move(Line& line, KnownConsignment& known, const Consignment& consignment, From from);
  void append(Line& line, const Consignment& consignment);
  void drop(Line& line, LinePlace place);
  void drop_all(Line& line);
  void wait(Line& line, Position first);
  // The refilling under way leaves some of it in the spool, and so whatever is behind.
  void pass_over(Line& line);
  void pass_over_rest(Site& site);

  // To be called after whatever has changed of a line: puts it and its site where they belong now.
  void refresh(Line& line);
  // The same after a change of its pace: tells the lines of a rest that has begun or is over.
  void refresh(Site& site);
  void arrange(Line& line);
  void arrange(Site& site);
  void set_queue(Line& line, Line::Queue queue) noexcept;
  void set_ready(Site& site, bool ready) noexcept;
  void set_timer(Site& site, Time at);
  void set_refill(Line& line, Line::Refill refill);
  void set_wants(Site& site, bool wants);

  const SchedulerOptions options_;
  Time now_{};
  std::uint64_t created_ = 0;   // lines and sites
  std::uint64_t attempts_ = 0;  // begun
  absl::flat_hash_set<std::unique_ptr<Line>, NameHash, NameEqual> lines_;
  absl::flat_hash_map<std::uint64_t, std::unique_ptr<Site>> sites_;  // by number
  absl::flat_hash_set<Site*, NameHash, NameEqual> named_;
  KnownConsignments known_;
  Chain<Site, &Site::turn> ready_;  // something due, and free to begin it: take turns
  Chain<Line, &Line::turn> quiet_;  // nothing in memory or in flight; longest first
  absl::btree_map<std::pair<Time, std::uint64_t>, Site*> timers_;
  absl::btree_map<std::uint64_t, Site*> wanted_;   // have run low, for the next refilling
  absl::btree_map<std::uint64_t, Line*> targets_;  // those that the refilling under way has not yet served
  bool refilling_ = false;
  std::uint64_t refillings_ = 0;
  Position refilled_from_;
  Position refilled_to_;  // by the refilling under way
  std::optional<Position> lost_;
  std::size_t in_line_ = 0;
  std::size_t in_flight_ = 0;
  std::size_t busy_ = 0;
  std::size_t resting_ = 0;
};

}  // namespace postrider::queue
