// One session against one server, judged: played whole, and once more in pieces when it has cuts.
//
//   const Trial trial = co_await try_session(loop, network, address, plan, options);
//   for (const TrialFinding& each : trial.findings) ...
//
// A difference between whole and pieces is a finding only when it shows twice in a row; a server may be busy,
// or count what its clients do.
#pragma once

#include <string>
#include <vector>

#include "postrider/fuzz/campaign/session_player.h"
#include "postrider/fuzz/generator/session_plan.h"
#include "postrider/fuzz/oracle/finding.h"
#include "postrider/fuzz/oracle/judge.h"
#include "postrider/fuzz/transcript/transcript.h"

namespace postrider::fuzz {

struct TrialFinding {
  Finding finding;
  Transcript transcript;
};

struct Trial {
  std::vector<TrialFinding> findings;
  Verdict verdict;           // of the session as a whole
  Transcript transcript;     // of the last connection
  std::size_t played = 0;    // connections
  bool unreachable = false;  // nobody listened
  bool ended_early = false;  // by the server, without 221 and 421
};

transport::Task<Trial> try_session(transport::Loop& loop, transport::Network& network,
                                   const transport::Endpoint& address, const SessionPlan& plan,
                                   const PlayOptions& options);

}  // namespace postrider::fuzz
