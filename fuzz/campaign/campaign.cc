#include "postrider/fuzz/campaign/campaign.h"

#include <algorithm>
#include <utility>

#include "postrider/fuzz/campaign/shortening.h"

namespace postrider::fuzz {

using transport::Task;

namespace {

// A finding is worth this long, however long it takes to show.
constexpr std::chrono::seconds kShorteningTime{15};
// How long a server may be away and come back.
constexpr int kTriesToConnect = 12;
constexpr std::chrono::milliseconds kBetweenTries{250};

std::uint64_t replies_in(const Verdict& verdict) {
  return static_cast<std::uint64_t>(
      std::ranges::count_if(verdict.exchanges, [](const SessionExchange& each) { return each.code != 0; }));
}

}  // namespace

Campaign::Campaign(transport::Loop& loop, transport::Network& network, CampaignOptions options)
    : loop_(loop), network_(network), options_(std::move(options)), ended_(loop), next_(options_.first) {}

Task<void> Campaign::run() {
  const bool there = co_await answers();
  unreachable_ = !there;
  if (options_.time != transport::Duration::zero()) until_ = transport::later(loop_.now(), options_.time);
  if (there) {
    working_ = std::max(1U, options_.connections);
    for (std::uint32_t left = working_; left != 0; --left) loop_.spawn(work());
    while (working_ != 0) {
      [[maybe_unused]] const transport::error_code woken = co_await ended_.wait();
    }
    for (std::size_t at = 0; at < found_.size(); ++at) {
      if (options_.shorten && found_[at].finding.fault != Fault::crash) co_await shorten(at);
    }
  }
  over_ = true;
}

bool Campaign::take(std::uint64_t& number) {
  if (stopping_ || loop_.now() >= until_) return false;
  if (options_.sessions != 0 && next_ - options_.first >= options_.sessions) return false;
  number = next_++;
  return true;
}

Task<void> Campaign::work() {
  std::uint64_t number = 0;
  while (take(number)) {
    const SessionPlan plan = options_.sources.plan(number);
    Trial trial = co_await try_session(loop_, network_, options_.address, plan, options_.play);
    co_await book(number, plan, std::move(trial));
  }
  --working_;
  ended_.notify();
}

FoundFault* Campaign::known(const Finding& finding) {
  const auto at =
      std::ranges::find_if(found_, [&](const FoundFault& each) { return each.finding.same_kind(finding); });
  return at == found_.end() ? nullptr : &*at;
}

Task<void> Campaign::book(std::uint64_t number, const SessionPlan& plan, Trial trial) {
  ++progress_.sessions;
  progress_.connections += trial.played;
  progress_.replies += replies_in(trial.verdict);
  for (TrialFinding& each : trial.findings) {
    if (FoundFault* before = known(each.finding)) {
      ++before->count;
      continue;
    }
    FoundFault found;
    found.finding = std::move(each.finding);
    found.session = number;
    found.count = 1;
    found.plan = plan;
    found.transcript = std::move(each.transcript);
    found_.push_back(std::move(found));
  }
  const bool suspicious = trial.ended_early || trial.unreachable;
  if (suspicious) co_await look_for_crash(number, plan, trial);
}

// Does somebody listen? Once is enough for who was there all the time.
Task<bool> Campaign::answers() {
  transport::ConnectOptions options;
  options.deadline = transport::later(loop_.now(), options_.play.timeout);
  const transport::StreamResult stream = co_await network_.connect(options_.address, options);
  co_return stream.has_value();
}

Task<void> Campaign::look_for_crash(std::uint64_t number, const SessionPlan& plan, const Trial& trial) {
  if (!trial.unreachable) {
    Suspect suspect;
    suspect.session = number;
    suspect.plan = plan;
    suspect.transcript = trial.transcript;
    suspect_ = std::move(suspect);
    const bool there = co_await answers();
    if (there) co_return;
  }
  bool back = false;
  for (int tries = kTriesToConnect; tries != 0 && !back; --tries) {
    co_await transport::pause(loop_, kBetweenTries);
    back = co_await answers();
  }
  if (!back) stopping_ = true;
  Finding crash;
  crash.fault = Fault::crash;
  crash.clause = "RFC 5321 3.8";
  crash.what = back ? "nobody listened for a moment: the server has ended and was started again"
                    : "nobody listens any more";
  if (FoundFault* before = known(crash)) {
    ++before->count;
    co_return;
  }
  FoundFault found;
  found.finding = std::move(crash);
  found.session = suspect_ ? suspect_->session : number;
  found.count = 1;
  found.plan = suspect_ ? suspect_->plan : plan;
  found.transcript = suspect_ ? suspect_->transcript : trial.transcript;
  found_.push_back(std::move(found));
}

Task<void> Campaign::shorten(std::size_t at) {
  const transport::SteadyTime until = transport::later(loop_.now(), kShorteningTime);
  const Finding wanted = found_[at].finding;
  Shortening shortening(found_[at].plan);
  bool shown = false;
  for (;;) {
    const SessionPlan* candidate = loop_.now() < until ? shortening.next() : nullptr;
    if (candidate == nullptr) break;
    Trial trial = co_await try_session(loop_, network_, options_.address, *candidate, options_.play);
    progress_.connections += trial.played;
    const auto same = std::ranges::find_if(
        trial.findings, [&](const TrialFinding& each) { return each.finding.same_kind(wanted); });
    const bool shows = same != trial.findings.end();
    if (shows) {
      shown = true;
      found_[at].finding = same->finding;
      found_[at].transcript = std::move(same->transcript);
    }
    shortening.tell(shows);
  }
  found_[at].plan = shortening.best();
  found_[at].shortened = shown;
}

}  // namespace postrider::fuzz
