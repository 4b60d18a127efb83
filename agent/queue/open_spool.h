// Opens the store that the configuration names, under the agent's state.
//
// One process at a time has it open; a running agent's is reached by its control socket (control_server.h).
#pragma once

#include <expected>
#include <filesystem>
#include <memory>

#include "postrider/agent/config/config.h"
#include "postrider/agent/serve/start_failure.h"
#include "postrider/queue/spool.h"

namespace postrider::agent {

// Where an embedded store is; nothing is there before an agent ran.
std::filesystem::path spool_folder(const Config& config);

// Makes the store when there is none. 75: another process has it, or it cannot be read; 77: it is somebody
// else's; 78: a store of this kind is not built, or a newer program has written it.
std::expected<std::unique_ptr<queue::Spool>, StartFailure> open_spool(const Config& config);

}  // namespace postrider::agent
