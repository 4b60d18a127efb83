#include "postrider/fuzz/campaign/trial.h"

#include <algorithm>
#include <utility>

namespace postrider::fuzz {

using transport::Task;

namespace {

struct Played {
  Transcript transcript;
  Verdict verdict;
  bool connected = false;
  bool ended_early = false;
};

bool said_goodbye(const Dialogue& dialogue) {
  return std::ranges::any_of(dialogue.phases, [](const DialoguePhase& phase) {
    return std::ranges::any_of(
        phase.replies, [](const HeardReply& reply) { return reply.code == 221 || reply.code == 421; });
  });
}

Played judged(Transcript transcript) {
  Played played;
  const Dialogue dialogue = read_dialogue(transcript);
  played.connected = connected(transcript);
  if (played.connected) played.verdict = judge(dialogue);
  const bool ended = dialogue.end == Dialogue::End::closed || dialogue.end == Dialogue::End::reset;
  played.ended_early = ended && !dialogue.client_closed && !said_goodbye(dialogue);
  played.transcript = std::move(transcript);
  return played;
}

void add(const Played& played, Trial& trial) {
  ++trial.played;
  trial.unreachable = trial.unreachable || !played.connected;
  trial.ended_early = trial.ended_early || played.ended_early;
  trial.transcript = played.transcript;
  for (const Finding& finding : played.verdict.findings)
    trial.findings.push_back({finding, played.transcript});
}

class Trier {
 public:
  Trier(transport::Loop& loop, transport::Network& network, const transport::Endpoint& address,
        const SessionPlan& plan, const PlayOptions& options)
      : loop_(loop), network_(network), address_(address), plan_(plan), whole_(options), cut_(options) {
    whole_.cut = false;
    cut_.cut = true;
  }

  Task<Trial> run() {
    Transcript whole = co_await play_session(loop_, network_, address_, plan_, whole_);
    const Played first = judged(std::move(whole));
    add(first, trial_);
    trial_.verdict = first.verdict;
    const bool has_cuts =
        std::ranges::any_of(plan_.steps, [](const PlanStep& step) { return !step.cuts.empty(); });
    if (has_cuts && trial_.findings.empty() && !trial_.unreachable) co_await try_cut(first.verdict);
    co_return std::move(trial_);
  }

 private:
  Task<void> try_cut(const Verdict& whole) {
    Transcript pieces = co_await play_session(loop_, network_, address_, plan_, cut_);
    const Played second = judged(std::move(pieces));
    const std::optional<Finding> differs =
        second.connected ? compare_cuts(whole, second.verdict) : std::nullopt;
    if (!differs) {
      add(second, trial_);
      co_return;
    }
    Transcript again_whole = co_await play_session(loop_, network_, address_, plan_, whole_);
    const Played third = judged(std::move(again_whole));
    Transcript again_pieces = co_await play_session(loop_, network_, address_, plan_, cut_);
    const Played fourth = judged(std::move(again_pieces));
    trial_.played += 2;
    const std::optional<Finding> still = compare_cuts(third.verdict, fourth.verdict);
    if (!still) {  // what else is wrong with the pieces may be seen again
      add(second, trial_);
      co_return;
    }
    ++trial_.played;
    trial_.findings.push_back({*still, fourth.transcript});
  }

  transport::Loop& loop_;
  transport::Network& network_;
  const transport::Endpoint& address_;
  const SessionPlan& plan_;
  PlayOptions whole_;
  PlayOptions cut_;
  Trial trial_;
};

}  // namespace

Task<Trial> try_session(transport::Loop& loop, transport::Network& network,
                        const transport::Endpoint& address, const SessionPlan& plan,
                        const PlayOptions& options) {
  Trier trier(loop, network, address, plan, options);
  Trial trial = co_await trier.run();
  co_return trial;
}

}  // namespace postrider::fuzz
