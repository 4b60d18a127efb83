// What handlers do about TLS: the handshake, and what of the result AUTH is told.
#pragma once

#include <memory>

#include "postrider/agent/log/log.h"
#include "postrider/agent/serve/listener_policy.h"
#include "postrider/server/authenticator.h"
#include "postrider/server/handler.h"

namespace postrider::agent {

// The reply to STARTTLS.
inline constexpr server::ReplyView kReadyForTls{protocol::code::service_ready, protocol::status::other,
                                                "Ready to start TLS"};

// The encrypted stream, with the listener's present certificate; a failure is logged with its reason. All but
// `plain` outlive the task.
server::Task<transport::StreamResult> encrypt(std::unique_ptr<transport::Stream> plain,
                                              const ListenerPolicy& policy,
                                              const server::ConnectionInfo& info, Log& log);

server::AuthPeer auth_peer(const server::ConnectionInfo& info);

}  // namespace postrider::agent
