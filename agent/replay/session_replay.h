// Plays a transcript into the sessions of the core, in this process: what ours would have done in the
// server's, or the client's, place.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "postrider/fuzz/transcript/transcript.h"
#include "postrider/fuzz/wire/replay.h"

namespace postrider::agent {

// The client's octets into a ServerSession. What a handler would have to answer is answered as the transcript
// has it; the rest is the session's own, and differs where it would have said something else. It offers what
// the transcript's server offered.
fuzz::ReplayReport replay_into_server(const fuzz::Transcript& transcript, bool exact);

// The server's octets into a ClientSession that says what the transcript's client said, as far as it can be
// brought to: what it would not send is a difference, and so is a reply after which it would have given up.
fuzz::ReplayReport replay_into_client(const fuzz::Transcript& transcript);

}  // namespace postrider::agent
