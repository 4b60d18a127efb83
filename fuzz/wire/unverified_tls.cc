#include "postrider/fuzz/wire/unverified_tls.h"

#include <string>

#include "postrider/transport/tls/backends/backends.h"

namespace postrider::fuzz {

transport::TlsResult<std::shared_ptr<const transport::TlsClientContext>> unverified_tls() {
  const auto providers = transport::tls_providers();
  if (providers.empty()) return std::unexpected(std::string("this program was built without TLS"));
  transport::TlsClientConfig config;
  config.roots = transport::TlsRoots::nobody();
  config.cached_sessions = 0;
  return providers.front()->client(config);
}

}  // namespace postrider::fuzz
