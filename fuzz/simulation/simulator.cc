#include "postrider/fuzz/simulation/simulator.h"

#include <cassert>
#include <utility>

namespace postrider::fuzz {

Simulator::Simulator(std::uint64_t seed, const FaultPlan& plan)
    : random_(seed), plan_(plan), begin_(clock_.steady_now()), loop_(clock_), network_(loop_) {
  network_.on_dial([this](const transport::Endpoint&) { return dial(); });
  network_.on_connect([this](transport::MemoryStream& client, transport::MemoryStream& server) {
    connected(client);
    connected(server);
  });
}

std::uint32_t Simulator::roll(std::uint32_t below) {
  assert(below != 0);
  return static_cast<std::uint32_t>(random_() % below);
}

transport::MemoryDial Simulator::dial() {
  const auto slowest = std::chrono::duration_cast<std::chrono::milliseconds>(plan_.slowest_dial).count();
  transport::MemoryDial out;
  out.takes = std::chrono::milliseconds(1 + roll(static_cast<std::uint32_t>(slowest) + 1));
  if (happens(plan_.refused)) out.failure = transport::error::connection_refused;
  if (happens(plan_.silent)) out.takes = transport::Duration::max();
  return out;
}

void Simulator::connected(transport::MemoryStream& end) {
  constexpr std::uint32_t kMostOctets = 7;
  constexpr std::uint32_t kMostOperations = 60;  // a short session has about as many
  const bool cut = happens(plan_.cut);
  const bool short_io = happens(plan_.short_io);
  if (!cut && !short_io) return;
  transport::MemoryScript& script = scripts_.emplace_back();
  if (short_io) script.most_read = script.most_written = 1 + roll(kMostOctets);
  if (cut) script.fail_at = 1 + roll(kMostOperations);
  end.follow(script);
}

bool Simulator::step() {
  if (loop_.poll()) return true;
  if (idle_ && idle_()) return true;
  const transport::SteadyTime next = loop_.deadlines().next();
  if (next == transport::kNever) return false;
  const transport::Duration wait = next - clock_.steady_now();
  clock_.advance(wait > transport::Duration::zero() ? wait : transport::Deadlines::kTick);
  loop_.expire();
  return true;
}

Simulator::End Simulator::run(const std::function<bool()>& done, transport::Duration most) {
  const transport::SteadyTime end = transport::later(clock_.steady_now(), most);
  while (!done()) {
    if (!step()) return End::stuck;
    if (clock_.steady_now() > end) return End::too_long;
  }
  return End::done;
}

void Simulator::note(std::string what) {
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(took());
  history_.push_back(std::to_string(since.count()) + " " + std::move(what));
}

}  // namespace postrider::fuzz
