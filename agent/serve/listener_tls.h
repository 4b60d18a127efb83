// The certificate of an agent, and the TLS that its listeners do with it.
//
// Without a certificate in the configuration a self-signed one is made on the first start, under state/
// ("certificate.pem", "key.pem"), for our host name: good enough for opportunistic TLS, and for a first try.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "postrider/agent/config/config.h"
#include "postrider/agent/log/log.h"
#include "postrider/transport/tls/provider.h"

namespace postrider::agent {

// The provider that the configuration names; an error says which ones this program was built with.
std::expected<const transport::TlsProvider*, std::string> tls_provider(TlsBackend backend);

// nullptr when no listener wants TLS. Errors say what is wrong with which file.
std::expected<std::shared_ptr<const transport::TlsServerContext>, std::string> server_tls(
    const Config& config, transport::SystemTime now, Log& log);

}  // namespace postrider::agent
