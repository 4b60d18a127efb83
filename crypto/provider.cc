#include "postrider/crypto/provider.h"

#include "postrider/crypto/backend/backends.h"

namespace postrider::crypto {

std::vector<const Provider*> providers() {
  std::vector<const Provider*> all;
#if POSTRIDER_CRYPTO_OPENSSL
  all.push_back(&openssl_provider());  // first: it uses the processor's instructions for SHA
#endif
#if POSTRIDER_CRYPTO_WOLFSSL
  all.push_back(&wolfssl_provider());
#endif
  return all;
}

const Provider* find_provider(std::string_view name) {
  for (const Provider* const each : providers()) {
    if (each->name() == name) return each;
  }
  return nullptr;
}

const Provider& default_provider() { return *providers().front(); }

}  // namespace postrider::crypto
