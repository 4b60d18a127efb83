#include "postrider/client/connector.h"

#include <algorithm>
#include <utility>

#include "postrider/transport/signal.h"

namespace postrider::client {

using namespace transport;

namespace {

// What the attempts share with whoever waits for them. An attempt keeps it: one that was stopped ends after
// the race.
struct Race {
  explicit Race(Loop& loop) : news(loop) {}

  Signal news;
  std::stop_source stop;
  std::size_t running = 0;
  std::vector<Endpoint> pending;  // whom those are for
  ConnectResult result;
  bool over = false;  // nobody waits any more
};

// However the waiting ends, also by an exception or with the coroutine: the attempts are stopped.
class Leave {
 public:
  explicit Leave(std::shared_ptr<Race> race) : race_(std::move(race)) {}
  ~Leave() {
    race_->over = true;
    race_->stop.request_stop();
  }
  Leave(const Leave&) = delete;
  Leave& operator=(const Leave&) = delete;

 private:
  std::shared_ptr<Race> race_;
};

Task<void> attempt(std::shared_ptr<Race> race, Network& network, Endpoint to, ConnectOptions options) {
  StreamResult stream = co_await network.connect(to, options);
  if (race->over) co_return;  // too late: the stream closes
  --race->running;
  std::erase(race->pending, to);
  if (!stream) {
    race->result.failed.push_back(FailedAddress{to, stream.error()});
    race->result.error = stream.error();
  } else if (!race->result.stream) {
    race->result.stream = std::move(*stream);
    race->result.to = to;
  }
  race->news.notify();
}

ConnectOptions options_for(const Endpoint& to, const ConnectAnyOptions& options, SteadyTime now,
                           const Race& race) {
  ConnectOptions one;
  one.deadline = std::min(later(now, options.each), options.deadline);
  one.stop = race.stop.get_token();
  if (to.family() == Endpoint::Family::ipv4) one.source = options.source_ipv4;
  if (to.family() == Endpoint::Family::ipv6) one.source = options.source_ipv6;
  return one;
}

// Nothing came of the attempts that are under way.
void give_up(Race& race, const error_code& why) {
  race.result.error = why;
  for (const Endpoint& to : race.pending) race.result.failed.push_back(FailedAddress{to, why});
}

}  // namespace

std::string to_string(const FailedAddress& failed) {
  const std::string why =
      failed.error == error::timed_out ? std::string("timed out") : failed.error.message();
  return failed.to.to_string() + ": " + why;
}

std::string ConnectResult::text() const {
  std::string text;
  for (const FailedAddress& each : failed) {
    if (!text.empty()) text.append(", ");
    text.append(to_string(each));
  }
  return text.empty() && error ? error.message() : text;
}

Task<ConnectResult> connect_any(Loop& loop, Network& network, std::vector<Endpoint> endpoints,
                                ConnectAnyOptions options) {
  const auto race = std::make_shared<Race>(loop);
  const Leave leave(race);
  const std::stop_callback on_stop(options.stop, [&race] { race->news.notify(); });
  race->result.error = error::host_not_found;
  std::size_t next = 0;
  std::size_t failures = 0;         // that the next attempts have answered
  SteadyTime next_at = loop.now();  // the next attempt begins then, unless one fails before
  for (;;) {
    if (race->result.stream) break;
    if (options.stop.stop_requested()) {
      give_up(*race, error::operation_aborted);
      break;
    }
    const SteadyTime now = loop.now();
    if (now >= options.deadline) {
      give_up(*race, error::timed_out);
      break;
    }
    const bool due = now >= next_at || race->running == 0 || failures < race->result.failed.size();
    if (next < endpoints.size() && due) {
      const Endpoint& to = endpoints[next++];
      failures = race->result.failed.size();
      next_at = later(now, options.delay);
      ++race->running;
      race->pending.push_back(to);
      loop.spawn(attempt(race, network, to, options_for(to, options, now, *race)));
      continue;
    }
    if (race->running == 0 && next == endpoints.size()) break;
    const SteadyTime until = next < endpoints.size() ? std::min(next_at, options.deadline) : options.deadline;
    const error_code woken = co_await race->news.wait(until);
    if (woken == error::operation_aborted) {
      give_up(*race, woken);
      break;
    }
  }
  if (race->result.stream) race->result.error = error_code();
  co_return std::move(race->result);
}

}  // namespace postrider::client
