// The reply that a server gives for each thing that can be wrong, in one table.
#pragma once

#include "postrider/protocol/error.h"
#include "postrider/protocol/grammar/reply.h"

namespace postrider::protocol {

// Text is static. Every Errc has an entry; those that concern only clients answer 451 4.3.0.
ReplyView reply_hint(Errc code) noexcept;

}  // namespace postrider::protocol
