#include "postrider/transport/tls/backends/backends.h"

#include <algorithm>
#include <vector>

#if POSTRIDER_HAS_TLS_OPENSSL
#include "postrider/transport/tls/openssl/openssl_provider.h"
#endif
#if POSTRIDER_HAS_TLS_WOLFSSL
#include "postrider/transport/tls/wolfssl/wolfssl_provider.h"
#endif

namespace postrider::transport {

std::span<const TlsProvider* const> tls_providers() noexcept {
  static const std::vector<const TlsProvider*> all = {
#if POSTRIDER_HAS_TLS_OPENSSL
      &openssl_provider(),
#endif
#if POSTRIDER_HAS_TLS_WOLFSSL
      &wolfssl_provider(),
#endif
  };
  return all;
}

const TlsProvider* find_tls_provider(std::string_view name) noexcept {
  const auto all = tls_providers();
  const auto found =
      std::ranges::find(all, name, [](const TlsProvider* provider) { return provider->name(); });
  return found == all.end() ? nullptr : *found;
}

}  // namespace postrider::transport
