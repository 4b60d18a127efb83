// Plays a generated session against a server and records it.
//
//   const Transcript transcript = co_await play_session(loop, network, address, plan, options);
//   judge(read_dialogue(transcript));
//
// A step waits for as many replies as it has owners, or, when it is loose, for a moment of silence. The
// session ends with the server's side, with 421, when a reply does not come in time (a `timeout` in the
// transcript), when none is due though the plan has one, or when plain octets would go where a server waits
// for TLS. Where nobody listens the transcript has a note and no connection.
#pragma once

#include <chrono>
#include <memory>

#include "postrider/fuzz/generator/session_plan.h"
#include "postrider/fuzz/transcript/transcript.h"
#include "postrider/fuzz/wire/wire.h"

namespace postrider::fuzz {

struct PlayOptions {
  PlayOptions() = default;

  transport::Duration timeout = std::chrono::seconds(10);  // for a reply, and for the end behind the last one
  transport::Duration silence =
      std::chrono::milliseconds(30);  // behind loose steps; what is swept comes on top
  bool cut = false;  // the pieces of PlanStep::cuts, with a pause of a few milliseconds between; else whole
  std::shared_ptr<const transport::TlsClientContext> tls = nullptr;  // none: handshakes end the session
};

// Was there a connection?
bool connected(const Transcript& transcript);

// Everything by reference outlives the task.
transport::Task<Transcript> play_session(transport::Loop& loop, transport::Network& network,
                                         const transport::Endpoint& address, const SessionPlan& plan,
                                         const PlayOptions& options);

}  // namespace postrider::fuzz
