// From the configuration to what server/ wants to know.
#pragma once

#include <memory>
#include <string>

#include "postrider/agent/config/config.h"
#include "postrider/agent/serve/listener_tls.h"
#include "postrider/agent/serve/mail_policy.h"
#include "postrider/server/admission.h"
#include "postrider/server/authenticator.h"
#include "postrider/server/config.h"
#include "postrider/transport/endpoint.h"
#include "postrider/transport/error.h"

namespace postrider::agent {

// What the listener offers and bears with. `authenticator` may be nullptr.
server::ServerConfig server_config(const Config& config, const Listener& listener,
                                   const server::Authenticator* authenticator);

// What all listeners share.
struct Shared {
  std::shared_ptr<const RouteTable> routes;
  std::shared_ptr<const AliasTable> aliases;  // nullptr: there are none
  ListenerContexts tls;
};

std::shared_ptr<const MailPolicy> mail_policy(const Config& config, const Listener& listener,
                                              const Shared& shared);

server::AdmissionLimits admission_limits(const LimitsConfig& limits);

transport::Endpoint endpoint_of(const HostPort& address);

// What an operator is told: the address, the reason, and what to do where we know it.
std::string why_not_listening(const HostPort& address, const transport::error_code& error);

}  // namespace postrider::agent
