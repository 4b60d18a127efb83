// The addresses of a server that a user names on the command line, from the system (hosts file, then DNS). MX
// records play no part: the user has said which host.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "postrider/agent/config/host_port.h"
#include "postrider/transport/endpoint.h"

namespace postrider::agent {

// In the order in which to try them. Blocks; the failure is a sentence.
std::expected<std::vector<transport::Endpoint>, std::string> look_up(const HostPort& server);

}  // namespace postrider::agent
