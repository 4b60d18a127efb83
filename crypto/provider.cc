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

bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  // Volatile, so that no compiler ends the loop at the first difference.
  volatile unsigned char difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference = static_cast<unsigned char>(
        difference | (static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i])));
  }
  return difference == 0;
}

}  // namespace postrider::crypto
