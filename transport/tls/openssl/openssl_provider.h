// TLS by OpenSSL 3: fast where the processor has AES instructions, and light on memory.
#pragma once

#include "postrider/transport/tls/provider.h"

namespace postrider::transport {

const TlsProvider& openssl_provider() noexcept;

}  // namespace postrider::transport
