// One session of a server that misbehaves, on a stream that is connected already.
//
//   HostileMemory memory;                          // what the sessions of one server know of each other
//   HostileOptions options;
//   options.behaviour = find_behaviour("closes-final");
//   const HostileOutcome seen = co_await run_behaviour(loop, std::move(stream), options, memory);
//   for (const HostileMessage& each : seen.messages) EXPECT_FALSE(each.taken());
//
// What the client is owed is in the outcome: a message that was complete and has a positive reply is the
// server's, every other one is still the client's, whatever else was said.
//
// Ends within HostileLimits::most, also when the client does nothing. Memory: kMostContent of a message,
// HostileLimits::kept of which are in the outcome.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "postrider/fuzz/hostile/behaviour.h"
#include "postrider/fuzz/transcript/transcript.h"
#include "postrider/fuzz/wire/wire.h"
#include "postrider/transport/loop.h"
#include "postrider/transport/tls/provider.h"

namespace postrider::fuzz {

struct HostileLimits {
  HostileLimits() = default;

  transport::Duration patience = std::chrono::minutes(15);    // with a client that says nothing
  transport::Duration most = std::chrono::hours(3);           // a session, whatever happens
  transport::Duration rest = std::chrono::milliseconds(100);  // between the octets of what is slow
  std::size_t flood = std::size_t{16} << 20;                  // octets of what has no end; then silence
  std::size_t kept = std::size_t{1} << 20;                    // octets of each message
  std::size_t kept_in_all = std::size_t{64} << 20;            // octets of all messages of a session
  std::size_t messages = 1000;                                // of a session; then it says 421 and closes
  std::size_t recorded = std::size_t{64} << 10;               // octets of the transcript
};

struct HostileOptions {
  HostileOptions() = default;

  // nullptr: polite until the local-part of a sender or a recipient is the name of a behaviour.
  const Behaviour* behaviour = nullptr;
  std::uint64_t seed = 0;
  std::shared_ptr<const transport::TlsServerContext> tls = nullptr;  // without one STARTTLS cannot succeed
  HostileLimits limits;
};

// Shared by the sessions of one server.
struct HostileMemory {
  static constexpr std::size_t kMostHeard = 10'000;

  std::set<std::string> heard;        // commands that were greylisted; when there are so many, all others too
  std::map<Stage, std::size_t> used;  // acts of Order::server
};

struct HostileMessage {
  std::string sender;                   // the argument of MAIL
  std::vector<std::string> recipients;  // arguments of the RCPTs that had a positive reply
  std::string content;                  // as on the wire, as far as HostileLimits lets it be kept
  std::size_t octets = 0;               // that came, kept or not
  bool complete = false;                // its end has come
  std::size_t positive_replies = 0;     // that were sent whole behind the end; in LMTP one a recipient

  bool kept_whole() const noexcept { return complete && content.size() == octets; }
  bool taken() const noexcept { return complete && positive_replies != 0; }
};

struct HostileOutcome {
  std::size_t connection = 0;         // of the server, from 0
  std::string behaviour;              // its name
  std::vector<std::string> commands;  // without line ends, the first kMostCommands
  std::vector<HostileMessage> messages;
  bool encrypted = false;
  std::string end;  // why the session ended: "the client closed the connection"
  Transcript transcript;

  static constexpr std::size_t kMostCommands = 1000;
};

inline constexpr std::size_t kMostContent = std::size_t{64} << 20;

// `memory` outlives the task.
Task<HostileOutcome> run_behaviour(transport::Loop& loop, std::unique_ptr<transport::Stream> stream,
                                   HostileOptions options, HostileMemory& memory);

// How many complete positive replies `octets` begin with: a client may believe so many.
std::size_t positive_replies(std::string_view octets) noexcept;

}  // namespace postrider::fuzz
