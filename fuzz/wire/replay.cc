#include "postrider/fuzz/wire/replay.h"

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

#include "postrider/transport/signal.h"

namespace postrider::fuzz {

using namespace transport;

namespace {

constexpr std::size_t kMostLines = std::numeric_limits<std::size_t>::max();
// Of what was sent last, for messages.
constexpr std::size_t kMostShown = 100;

// One connection of the transcript: its events, and the replies that were recorded.
struct Part {
  std::span<const TranscriptEvent> events;
  std::vector<WireReply> replies = {};
};

std::vector<Part> parts_of(const Transcript& transcript) {
  std::vector<Part> parts;
  const std::span<const TranscriptEvent> all(transcript.events);
  std::size_t begin = 0;
  for (std::size_t at = 1; at <= all.size(); ++at) {
    if (at != all.size() && all[at].kind != TranscriptKind::connected) continue;
    Part part{all.subspan(begin, at - begin)};
    std::string octets;
    for (const TranscriptEvent& event : part.events) {
      if (event.kind == TranscriptKind::server) octets += event.octets;
    }
    part.replies = replies_in(octets);
    parts.push_back(std::move(part));
    begin = at;
  }
  return parts;
}

class Player {
 public:
  Player(Loop& loop, Wire& wire, const Endpoint& address, const ReplayOptions& options, ReplayReport& report)
      : loop_(loop), wire_(wire), address_(address), options_(options), report_(report), begun_(loop.now()) {}

  // False: nobody listens.
  Task<bool> play(const Part& part, std::size_t connection) {
    part_ = &part;
    connection_ = connection;
    heard_ = said_ = 0;
    seen_.clear();
    over_ = false;
    after_ = "the connection";
    const WireResult connected = co_await wire_.connect(address_, wire_.in(options_.patience));
    if (!connected.ok()) {
      report_.unreachable = std::string(to_string(connected.outcome)) + ": " + connected.detail;
      co_return false;
    }
    for (const TranscriptEvent& event : part.events) {
      co_await take(event);
      if (over_) break;
    }
    if (!over_) co_await hear(part.replies.size());
    wire_.close();
    co_return true;
  }

 private:
  Task<void> take(const TranscriptEvent& event) {
    switch (event.kind) {
      case TranscriptKind::server: said_ = count_said(event.octets); break;
      case TranscriptKind::client: {
        co_await hear(said_);
        if (over_) co_return;
        co_await wait_for(event.at);
        after_ = escaped(std::string_view(event.octets).substr(0, kMostShown));
        (void)co_await wire_.send(event.octets, wire_.in(options_.patience));
        break;
      }
      case TranscriptKind::tls: {
        co_await hear(said_);
        if (over_) co_return;
        const WireResult started = co_await wire_.start_tls(wire_.in(options_.patience));
        if (!started.ok()) differ(event.octets, "TLS does not come about: " + started.detail);
        over_ = !started.ok();
        break;
      }
      case TranscriptKind::client_closed:
        co_await hear(said_);
        wire_.half_close();
        break;
      case TranscriptKind::server_closed: {
        co_await hear(part_->replies.size());
        if (over_) co_return;
        const WireOctets rest = co_await wire_.read_to_end(wire_.in(options_.patience));
        if (rest.outcome == WireOutcome::timeout) differ("the server closed", "it does not");
        if (!rest.octets.empty()) differ("nothing more", escaped(rest.octets));
        over_ = true;
        break;
      }
      case TranscriptKind::reset: over_ = true; break;
      case TranscriptKind::connected:
      case TranscriptKind::timeout:
      case TranscriptKind::note: break;
    }
  }

  Task<void> wait_for(TranscriptTime at) {
    if (!options_.timing) co_return;
    const SteadyTime when = begun_ + at;
    if (when > loop_.now()) co_await sleep_until(loop_, when);
  }

  // How many replies were complete in the transcript, now that these octets came.
  std::size_t count_said(std::string_view octets) {
    seen_ += octets;
    for (std::size_t length = reply_length(seen_, kMostLines); length != 0;
         length = reply_length(seen_, kMostLines)) {
      seen_.erase(0, length);
      ++counted_;
    }
    return std::exchange(counted_, 0) + said_;
  }

  // Reads until the server has said so many replies, and compares.
  Task<void> hear(std::size_t count) {
    while (heard_ < count && heard_ < part_->replies.size()) {
      const WireReply now = co_await wire_.read_reply(wire_.in(options_.patience));
      const WireReply& before = part_->replies[heard_];
      ++report_.replies;
      if (!same_reply(before, now, options_.exact)) differ(before.text(), now.text());
      ++heard_;
      if (now.outcome != WireOutcome::done) {
        over_ = true;
        co_return;
      }
    }
  }

  void differ(std::string recorded, std::string now) {
    report_.differences.push_back(
        ReplayDifference{connection_, heard_, after_, std::move(recorded), std::move(now)});
  }

  Loop& loop_;
  Wire& wire_;
  const Endpoint& address_;
  const ReplayOptions& options_;
  ReplayReport& report_;
  SteadyTime begun_;
  const Part* part_ = nullptr;
  std::size_t connection_ = 0;
  std::size_t said_ = 0;   // replies that the transcript has so far
  std::size_t heard_ = 0;  // replies of now
  std::size_t counted_ = 0;
  std::string seen_;  // of the transcript's server, behind its last whole reply
  std::string after_;
  bool over_ = false;
};

}  // namespace

std::vector<WireReply> replies_in(std::string_view octets) {
  std::vector<WireReply> out;
  while (!octets.empty()) {
    std::size_t length = reply_length(octets, kMostLines);
    if (length == 0) length = octets.size();
    out.push_back(read_wire_reply(octets.substr(0, length)));
    octets.remove_prefix(length);
  }
  return out;
}

bool same_reply(const WireReply& a, const WireReply& b, bool exact) {
  if (a.outcome != b.outcome || a.malformed.empty() != b.malformed.empty()) return false;
  if (exact) return a.raw == b.raw;
  return a.code == b.code && a.status == b.status;
}

Task<ReplayReport> replay(Loop& loop, Network& network, Endpoint address, const Transcript& transcript,
                          ReplayOptions options) {
  ReplayReport report;
  WireOptions wire_options;
  wire_options.tls = options.tls;
  Wire wire(loop, network, std::move(wire_options));
  Player player(loop, wire, address, options, report);
  const std::vector<Part> parts = parts_of(transcript);
  for (std::size_t at = 0; at < parts.size(); ++at) {
    const bool reached = co_await player.play(parts[at], at);
    if (!reached) break;
  }
  if (report.replies != 0) report.unreachable.clear();
  report.transcript = wire.take_transcript();
  co_return report;
}

}  // namespace postrider::fuzz
