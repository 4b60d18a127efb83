// `postrider send`: hands one message to a server, as a mail program does.
#pragma once

#include "postrider/agent/command_line/exit_code.h"
#include "postrider/agent/send/send_options.h"

namespace postrider::agent {

// 0 only when every recipient was accepted. 64: an address that is none; 65: a message that cannot be read or
// sent; 69: the server cannot be reached, or deferred every recipient; 75: some recipients were deferred; 77:
// refused for want of permission or authentication; 65 otherwise, when the server refused for good.
ExitCode send(const SendOptions& options);

}  // namespace postrider::agent
