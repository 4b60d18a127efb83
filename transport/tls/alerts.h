// The names of TLS alerts, RFC 8446 6 and RFC 5246 7.2. For the backends.
#pragma once

#include <string>
#include <string_view>

namespace postrider::transport {

// "handshake_failure"; "unknown" for a number that has no name.
std::string_view alert_name(int code) noexcept;

// "the peer sent the alert handshake_failure (40)"
std::string alert_text(int code);

}  // namespace postrider::transport
