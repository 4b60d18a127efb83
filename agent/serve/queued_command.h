// Commands as the queue keeps them.
#pragma once

#include <string>

#include "postrider/protocol/grammar/command.h"

namespace postrider::agent {

// What a command says, as the next hop will be told: without what counts for this hop alone. SIZE is computed
// afresh, since our header fields are added; AUTH= is for whom we trust (RFC 4954 5), which is nobody; and
// the time of HOLDFOR= is kept here; and parameters that others registered are none of the queue's business.
std::string as_queued(protocol::Command command);

}  // namespace postrider::agent
