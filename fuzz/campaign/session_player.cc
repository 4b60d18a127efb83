#include "postrider/fuzz/campaign/session_player.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "postrider/fuzz/oracle/judge.h"
#include "postrider/transport/signal.h"

namespace postrider::fuzz {

using transport::Task;

namespace {

constexpr std::chrono::milliseconds kBetweenPieces{3};
constexpr std::chrono::milliseconds kPatienceBehindFaults{400};
// After this it is worth a thought whether a reply is due at all.
constexpr std::chrono::milliseconds kPatienceForReplies{1000};
constexpr unsigned kClosing = 421;
constexpr unsigned kGoodbye = 221;
constexpr unsigned kReady = 220;
constexpr std::size_t kMostReplyLines = 1000;

class Player {
 public:
  Player(transport::Loop& loop, transport::Network& network, const transport::Endpoint& address,
         const SessionPlan& plan, const PlayOptions& options)
      : loop_(loop),
        address_(address),
        plan_(plan),
        options_(options),
        wire_(loop, network, wire_options(options)) {}

  Task<Transcript> play() {
    const WireResult connected = co_await wire_.connect(address_, wire_.in(options_.timeout));
    if (connected.ok()) {
      for (std::size_t at = 0; at < plan_.steps.size() && !over_; ++at) {
        const bool due = is_due(plan_.steps[at]);
        if (due) co_await take(plan_.steps[at]);
        if (at == 0 && last_ == kReady) last_ = 0;  // the greeting
      }
      co_await part();
    }
    co_return wire_.take_transcript();
  }

 private:
  static WireOptions wire_options(const PlayOptions& options) {
    WireOptions wire;
    wire.most_received = std::size_t{1} << 20;
    wire.tls = options.tls;
    return wire;
  }

  bool is_due(const PlanStep& step) {
    // A server that has said 220 to STARTTLS waits for TLS, and would wait for ever.
    if (last_ == kReady && !step.handshake) over_ = true;
    if (over_) return false;
    switch (step.when) {
      case PlanStep::When::always: return true;
      case PlanStep::When::after_354: return last_ == 354;
      case PlanStep::When::after_334: return last_ == 334;
      case PlanStep::When::after_220: return last_ == kReady;
    }
    return true;
  }

  Task<void> take(const PlanStep& step) {
    if (step.handshake) {
      const WireResult started = co_await wire_.start_tls(wire_.in(options_.timeout));
      if (!started.ok()) over_ = true;
      last_ = 0;
      co_return;
    }
    if (!step.octets.empty()) co_await write(step);
    if (step.half_close) {
      wire_.half_close();
      ended_ = true;
    }
    faults_ = faults_ || step.loose;
    // Faults may have swallowed QUIT; the end of our side comes behind it.
    const bool last = faults_ && &step == &plan_.steps.back();
    if (step.loose || last) {
      co_await listen();
    } else {
      co_await expect(step.owners.size());
    }
  }

  Task<void> write(const PlanStep& step) {
    std::size_t from = 0;
    if (options_.cut) {
      for (const std::size_t to : step.cuts) {
        if (to <= from || to >= step.octets.size()) continue;
        const WireResult sent =
            co_await wire_.send(step.octets.substr(from, to - from), wire_.in(options_.timeout));
        if (!sent.ok()) co_return;  // what the server said before can still be read
        co_await transport::pause(loop_, kBetweenPieces);
        from = to;
      }
    }
    [[maybe_unused]] const WireResult sent =
        co_await wire_.send(step.octets.substr(from), wire_.in(options_.timeout));
  }

  Task<void> expect(std::size_t replies) {
    for (; replies != 0 && !over_; --replies) {
      const bool comes = co_await wire_.reply_comes(wire_.in(kPatienceForReplies));
      if (!comes && nothing_is_due()) {
        over_ = true;
        co_return;
      }
      const WireReply reply = co_await wire_.read_reply(wire_.in(options_.timeout));
      hear(reply);
    }
  }

  // The session went another way than its plan: a server that has said 354 takes for content what were to be
  // commands, and one in the middle of a chunk waits for the rest of it. Neither owes a reply.
  bool nothing_is_due() const {
    Transcript silent = wire_.transcript();
    silent.events.push_back({silent.events.back().at, TranscriptKind::timeout, {}});
    return wire_.unread().empty() && judge(read_dialogue(silent)).findings.empty();
  }

  // What comes until nothing comes any more.
  Task<void> listen() {
    WireOctets heard = co_await wire_.quiet(options_.silence);
    if (heard.octets.empty() && heard.outcome == WireOutcome::timeout) {  // a server that thinks
      heard = co_await wire_.quiet(kPatienceBehindFaults);
    }
    std::string_view octets = heard.octets;
    for (std::size_t size = 0; (size = reply_length(octets, kMostReplyLines)) != 0;
         octets.remove_prefix(size)) {
      hear(read_wire_reply(octets.substr(0, size)));
    }
    if (heard.outcome != WireOutcome::timeout) over_ = true;
  }

  void hear(const WireReply& reply) {
    if (reply.outcome != WireOutcome::done) {
      over_ = true;
      waited_ = reply.outcome == WireOutcome::timeout;
      return;
    }
    last_ = reply.code;
    if (last_ == kClosing) over_ = true;
  }

  // The server has the last word: it closes behind QUIT, 421, and our end, which comes when nothing else was
  // said.
  Task<void> part() {
    const bool waits_for_tls = last_ == kReady;
    if (waited_ || !wire_.connected() || waits_for_tls) {
      wire_.close();
      co_return;
    }
    if (!ended_ && last_ != kGoodbye && last_ != kClosing) wire_.half_close();
    [[maybe_unused]] const WireOctets rest = co_await wire_.read_to_end(wire_.in(options_.timeout));
    wire_.close();
  }

  transport::Loop& loop_;
  const transport::Endpoint& address_;
  const SessionPlan& plan_;
  const PlayOptions& options_;
  Wire wire_;
  unsigned last_ = 0;    // code of the last reply
  bool over_ = false;    // nothing more is said
  bool waited_ = false;  // in vain
  bool ended_ = false;   // our side
  bool faults_ = false;  // a loose step was played
};

}  // namespace

bool connected(const Transcript& transcript) {
  return std::ranges::any_of(transcript.events, [](const TranscriptEvent& event) {
    return event.kind == TranscriptKind::connected;
  });
}

Task<Transcript> play_session(transport::Loop& loop, transport::Network& network,
                              const transport::Endpoint& address, const SessionPlan& plan,
                              const PlayOptions& options) {
  Player player(loop, network, address, plan, options);
  Transcript transcript = co_await player.play();
  co_return transcript;
}

}  // namespace postrider::fuzz
