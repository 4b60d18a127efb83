// `send --mx`: hands a message to the mail exchangers of each recipient's domain, as a transfer agent does.
//
// The resolver is that of the configuration; where a route of it sends a domain to "mx:PORT", that port is
// used. DANE and MTA-STS decide about TLS together with --tls.
#pragma once

#include "postrider/agent/command_line/exit_code.h"
#include "postrider/agent/config/config.h"
#include "postrider/agent/record/session_records.h"
#include "postrider/agent/send/send_options.h"
#include "postrider/client/config.h"
#include "postrider/client/envelope.h"
#include "postrider/client/message_source.h"

namespace postrider::agent {

// Prints a line for each recipient that was not accepted and, with a transcript, what was tried. `client` has
// the name to greet with and the transcript.
ExitCode send_by_mx(const SendOptions& options, const Config& config, client::ClientConfig client,
                    const client::Envelope& envelope, client::MessageSource& message,
                    const SessionRecords* records);

}  // namespace postrider::agent
