// Many sessions against one server, several at a time, and what was found: each kind of finding once,
// counted, and made short.
//
//   Campaign campaign(loop, network, options);
//   loop.spawn(campaign.run());
//   ... campaign.progress() ...
//   for (const FoundFault& found : campaign.found()) ...
//
// A server that can no longer be reached ends the campaign with the finding `crash`, and so does, without
// ending it, one that was away for a moment. Everything is on one loop. The loop and the network outlive the
// campaign, and the campaign its task.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "postrider/fuzz/campaign/session_player.h"
#include "postrider/fuzz/campaign/session_source.h"
#include "postrider/fuzz/campaign/trial.h"
#include "postrider/transport/signal.h"

namespace postrider::fuzz {

struct CampaignOptions {
  CampaignOptions() : sources(0, SessionSettings()) {}

  transport::Endpoint address;
  SessionSource sources;
  std::uint64_t first = 0;        // number of the first session
  std::uint64_t sessions = 1000;  // how many; 0: until `time` is over
  transport::Duration time{};     // 0: until the sessions are done
  std::uint32_t connections = 8;  // at a time
  PlayOptions play;
  bool shorten = true;
};

struct FoundFault {
  Finding finding;
  std::uint64_t session = 0;  // the first that showed it
  std::uint64_t count = 0;    // how many showed it
  SessionPlan plan;           // as short as it could be made
  Transcript transcript;      // of playing that
  bool shortened = false;     // false too when it did not show again
};

struct CampaignProgress {
  std::uint64_t sessions = 0;
  std::uint64_t connections = 0;
  std::uint64_t replies = 0;
};

class Campaign {
 public:
  Campaign(transport::Loop& loop, transport::Network& network, CampaignOptions options);

  transport::Task<void> run();
  // No further sessions; those under way come to their end.
  void stop() noexcept { stopping_ = true; }

  bool unreachable() const noexcept { return unreachable_; }  // from the start: nothing was tried
  bool over() const noexcept { return over_; }
  const CampaignProgress& progress() const noexcept { return progress_; }
  const std::vector<FoundFault>& found() const noexcept { return found_; }

 private:
  struct Suspect {
    std::uint64_t session = 0;
    SessionPlan plan;
    Transcript transcript;
  };

  transport::Task<void> work();
  transport::Task<void> book(std::uint64_t number, const SessionPlan& plan, Trial trial);
  transport::Task<void> look_for_crash(std::uint64_t number, const SessionPlan& plan, const Trial& trial);
  transport::Task<bool> answers();
  transport::Task<void> shorten(std::size_t at);
  bool take(std::uint64_t& number);
  FoundFault* known(const Finding& finding);

  transport::Loop& loop_;
  transport::Network& network_;
  CampaignOptions options_;
  transport::Signal ended_;
  transport::SteadyTime until_ = transport::kNever;
  std::uint64_t next_ = 0;
  std::uint32_t working_ = 0;
  bool stopping_ = false;
  bool unreachable_ = false;
  bool over_ = false;
  CampaignProgress progress_;
  std::optional<Suspect> suspect_;  // the last session that the server ended
  std::vector<FoundFault> found_;
};

}  // namespace postrider::fuzz
