// `postrider queue`: shows the queue and acts on it, by the control socket of the agent that runs, or where
// none does on the store itself.
#pragma once

#include <iosfwd>

#include "postrider/agent/command_line/exit_code.h"
#include "postrider/agent/queue/queue_options.h"
#include "postrider/agent/queue/queue_source.h"
#include "postrider/transport/loop.h"

namespace postrider::agent {

// 65: no such message, or nothing that can be done with it; 69: its queue is gone with the agent that had it
// in memory; 75: it is being delivered, or the store failed; 77: agent or store are somebody else's; 78.
ExitCode run_queue(const QueueOptions& options);

// The part that is the same whoever has the queue. Results go to `out`, the rest to `errors`.
struct QueueOutput {
  QueueOutput(std::ostream& results, std::ostream& other, bool show_progress)
      : out(results), errors(other), progress(show_progress) {}

  std::ostream& out;
  std::ostream& errors;
  bool progress;  // of what takes longer than two seconds
};
// What `options` asks of `source`; both outlive the Task.
transport::Task<ExitCode> carry_out(transport::Loop& loop, QueueSource& source, const QueueOptions& options,
                                    QueueOutput output);

}  // namespace postrider::agent
