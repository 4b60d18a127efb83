// TLS by wolfSSL: small, and independent of OpenSSL. Debian's is built without AES instructions, so ChaCha20
// goes first.
#pragma once

#include "postrider/transport/tls/provider.h"

namespace postrider::transport {

const TlsProvider& wolfssl_provider() noexcept;

}  // namespace postrider::transport
