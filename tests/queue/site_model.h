// What a scheduler that forgets no destination should know of sites: who belongs to which, and their paces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "postrider/queue/pace.h"
#include "postrider/queue/scheduler.h"

namespace postrider::queue::testing {

class SiteModel {
 public:
  // `options` outlives it.
  explicit SiteModel(const SchedulerOptions& options) : options_(&options) {}

  bool has_room(const std::string& destination) {
    const Pace& pace = site_of(destination).pace;
    return pace.in_flight() < (pace.resting() ? 1 : pace.limit());
  }
  // The earliest that its rest may be over.
  Time rests_until(const std::string& destination) {
    const Site& site = site_of(destination);
    return site.pace.resting() ? site.rests_until : Time::min();
  }
  std::size_t in_flight(const std::string& destination) { return site_of(destination).pace.in_flight(); }
  // How many sites fewer than destinations there are.
  std::size_t shared() const { return names_.size() - sites_.size(); }

  // The number of the attempt.
  std::uint64_t start(const std::string& destination, Time now) {
    Site& site = site_of(destination);
    if (site.pace.resting()) site.pace.end_rest();  // or it would not have been given
    site.pace.start(now);
    ++in_flight_to_[destination];
    return ++attempts_;
  }
  void finish(const std::string& destination, std::uint64_t attempt, Health health, const std::string& site,
              Time now) {
    if (!site.empty() || health != Health::unknown) move(destination, site);
    --in_flight_to_[destination];
    Site& at = site_of(destination);
    const bool rested = at.pace.resting();
    at.pace.finish(attempt, attempts_, health, now);
    // The scheduler's jitter is another: a tenth more here may be a tenth less there.
    if (!rested && at.pace.resting()) at.rests_until = now + (at.pace.rest_ends() - now) * 9 / 11;
  }
  void wake_up(const std::string& destination) {
    if (!destination.empty()) return site_of(destination).pace.wake_up();
    for (auto& [name, site] : sites_) {
      if (site.pace.resting()) site.pace.wake_up();
    }
  }

 private:
  struct Site {
    explicit Site(const SchedulerOptions& options) : pace(options, 1) {}
    Pace pace;
    Time rests_until{};
    std::size_t destinations = 0;
  };

  static std::string own(const std::string& destination) { return "alone: " + destination; }
  Site& site_of(const std::string& destination) {
    const auto [found, is_new] = names_.try_emplace(destination, own(destination));
    Site& site = sites_.try_emplace(found->second, *options_).first->second;
    if (is_new) ++site.destinations;
    return site;
  }

  void move(const std::string& destination, const std::string& site) {
    Site& from = site_of(destination);
    std::string& name = names_[destination];
    const std::string was = std::exchange(name, site.empty() ? own(destination) : site);
    if (was == name) return;
    if (from.destinations == 1 && !sites_.contains(name)) {
      auto renamed = sites_.extract(was);
      renamed.key() = name;
      sites_.insert(std::move(renamed));
      return;
    }
    Site& to = sites_.try_emplace(name, *options_).first->second;
    ++to.destinations;
    to.pace.take_over(from.pace, in_flight_to_[destination]);
    if (--from.destinations == 0) sites_.erase(was);
  }

  const SchedulerOptions* options_;
  std::uint64_t attempts_ = 0;
  std::map<std::string, std::string> names_;  // of the sites, by destination
  std::map<std::string, Site> sites_;
  std::map<std::string, std::size_t> in_flight_to_;
};

}  // namespace postrider::queue::testing
