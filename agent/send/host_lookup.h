// The addresses of a server that a user names on the command line. MX records play no part: the user has said
// which host.
//
// Where the configuration says how names are resolved ([resolver]), that resolver is asked, as for `mx`; else
// the system (hosts file, then DNS), which always knows "localhost" (RFC 6761 6.3).
#pragma once

#include <expected>
#include <vector>

#include "postrider/agent/config/config.h"
#include "postrider/agent/config/host_port.h"
#include "postrider/agent/send/send_security.h"
#include "postrider/transport/endpoint.h"

namespace postrider::agent {

// In the order in which to try them. Blocks, for half a minute at most; the failure is a sentence that says
// what to do.
std::expected<std::vector<transport::Endpoint>, SendProblem> look_up(const HostPort& server,
                                                                     const Config& config);

}  // namespace postrider::agent
