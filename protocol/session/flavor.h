// SMTP, or its local relative LMTP, RFC 2033: LHLO instead of EHLO, and after the content one reply for each
// recipient.
#pragma once

#include <cstdint>

namespace postrider::protocol {

enum class Flavor : std::uint8_t { smtp, lmtp };

}  // namespace postrider::protocol
