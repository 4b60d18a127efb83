#include "postrider/fuzz/smuggling/smuggling.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace postrider::fuzz {
namespace {

constexpr transport::Duration kLook = std::chrono::milliseconds(100);
// A relay may hold its connection to us as long as it likes.
constexpr transport::Duration kPatience = std::chrono::minutes(5);

// Of one length, so that none begins with another.
std::string id_of(std::string_view run, std::size_t number) {
  const std::string digits = std::to_string(number);
  return std::string(run) + "-" + std::string(digits.size() < 4 ? 4 - digits.size() : 0, '0') + digits;
}

bool came(const std::vector<TakenMessage>& taken, const std::string& mark) {
  return std::ranges::any_of(
      taken, [&mark](const TakenMessage& each) { return each.raw.find(mark) != std::string::npos; });
}

}  // namespace

SmugglingRun::SmugglingRun(transport::Loop& loop, transport::Network& network, SmugglingOptions options)
    : loop_(loop),
      network_(network),
      options_(std::move(options)),
      next_(loop, network, kPatience),
      ended_(loop) {
  for (const Variant& variant : variants()) {
    const bool wanted =
        options_.only.empty() || std::ranges::find(options_.only, variant.name) != options_.only.end();
    if (!wanted) continue;
    SmugglingCase added;
    added.variant = &variant;
    added.probe =
        make_probe(variant, id_of(options_.run_id, cases_.size()), options_.sender, options_.recipient);
    cases_.push_back(std::move(added));
  }
}

Task<void> SmugglingRun::play() {
  running_ = std::clamp<std::size_t>(options_.sessions, 1, std::max<std::size_t>(cases_.size(), 1));
  for (std::size_t left = running_; left != 0; --left) loop_.spawn(session(*this));
  while (running_ != 0) {
    const transport::error_code woken = co_await ended_.wait();
    (void)woken;
  }
  co_await wait_for_arrivals();
  for (SmugglingCase& each : cases_)
    each.verdict = judge(*each.variant, each.probe, each.said, next_.taken());
  next_.stop();
}

Task<void> SmugglingRun::session(SmugglingRun& self) {
  while (self.next_case_ < self.cases_.size()) {
    SmugglingCase& mine = self.cases_[self.next_case_++];
    mine.said =
        co_await send_probe(self.loop_, self.network_, self.options_.inbound, *mine.variant, mine.probe);
  }
  --self.running_;
  self.ended_.notify();
}

Task<void> SmugglingRun::wait_for_arrivals() {
  const transport::SteadyTime begun = loop_.now();
  while (!all_arrived()) {
    const transport::SteadyTime since = std::max(begun, next_.last_heard());
    if (loop_.now() >= transport::later(since, options_.inbound.wait)) co_return;
    co_await transport::sleep_until(loop_, transport::later(loop_.now(), kLook));
  }
}

// Everything that was answered by 2xx is here.
bool SmugglingRun::all_arrived() const {
  const auto accepted = [](const InboundReply& reply) { return reply.code / 100 == 2; };
  for (const SmugglingCase& each : cases_) {
    const std::vector<InboundReply>& replies = each.said.replies;
    if (replies.size() < each.probe.replies || !accepted(replies[each.probe.replies - 1])) continue;
    const bool outer = each.variant->empty_message || came(next_.taken(), outer_mark(each.probe.id));
    const bool second = replies.size() > each.probe.replies && accepted(replies.back());
    if (!outer || (second && !came(next_.taken(), inner_mark(each.probe.id)))) return false;
  }
  return true;
}

SmugglingSums SmugglingRun::sums() const noexcept {
  SmugglingSums out;
  out.arrived = !next_.taken().empty();
  for (const SmugglingCase& each : cases_) {
    const Verdict& verdict = each.verdict;
    out.reached = out.reached || each.said.reached;
    out.accepted = out.accepted || std::ranges::any_of(each.said.replies, [](const InboundReply& reply) {
                     return reply.code / 100 == 2;
                   });
    if (verdict.smuggled) ++out.smuggled;
    if (verdict.lost_end) ++out.lost_ends;
    if (!verdict.leaks.empty()) ++out.leaks;
    if (verdict.received == Received::unknown || verdict.received == Received::not_offered) ++out.unknown;
  }
  return out;
}

}  // namespace postrider::fuzz
