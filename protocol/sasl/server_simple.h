// The server's half of the mechanisms of one or two lines.
#pragma once

#include <memory>

#include "postrider/protocol/sasl/server.h"

namespace postrider::protocol::sasl {

std::unique_ptr<ServerMechanism> make_plain_server();        // RFC 4616
std::unique_ptr<ServerMechanism> make_login_server();        // as Outlook and others speak it
std::unique_ptr<ServerMechanism> make_external_server();     // RFC 4422 appendix A
std::unique_ptr<ServerMechanism> make_xoauth2_server();      // as Google describes it
std::unique_ptr<ServerMechanism> make_oauthbearer_server();  // RFC 7628

}  // namespace postrider::protocol::sasl
