// From the configuration to what server/ wants to know.
#pragma once

#include <memory>

#include "postrider/agent/config/config.h"
#include "postrider/agent/serve/mail_policy.h"
#include "postrider/server/admission.h"
#include "postrider/server/config.h"
#include "postrider/transport/endpoint.h"

namespace postrider::agent {

// What the listener offers and bears with.
server::ServerConfig server_config(const Config& config, const Listener& listener);

std::shared_ptr<const MailPolicy> mail_policy(const Config& config, const Listener& listener,
                                              std::shared_ptr<const RouteTable> routes);

server::AdmissionLimits admission_limits(const LimitsConfig& limits);

transport::Endpoint endpoint_of(const HostPort& address);

}  // namespace postrider::agent
