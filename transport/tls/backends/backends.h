// The TLS backends that this build has, by name. The one file besides the backends' own that knows which they
// are.
#pragma once

#include <span>
#include <string_view>

#include "postrider/transport/tls/provider.h"

namespace postrider::transport {

// In no order of preference; docs/tls.md says which one to choose.
std::span<const TlsProvider* const> tls_providers() noexcept;

// "openssl" or "wolfssl"; nullptr when it is not in this build.
const TlsProvider* find_tls_provider(std::string_view name) noexcept;

}  // namespace postrider::transport
