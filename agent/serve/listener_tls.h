// The certificate of an agent, and the TLS that its listeners do with it.
//
// Without a certificate in the configuration a self-signed one is made on the first start, under state/
// ("certificate.pem", "key.pem"), for our host name: good enough for opportunistic TLS, and for a first try.
#pragma once

#include <array>
#include <cstddef>
#include <expected>
#include <memory>
#include <string>

#include "postrider/agent/config/config.h"
#include "postrider/agent/log/log.h"
#include "postrider/transport/tls/provider.h"

namespace postrider::agent {

// The provider that the configuration names; an error says which ones this program was built with.
std::expected<const transport::TlsProvider*, std::string> tls_provider(TlsBackend backend);

// A context for each way of asking for client certificates that listeners have.
class ListenerContexts {
 public:
  // nullptr: no listener with TLS asks so.
  const std::shared_ptr<const transport::TlsServerContext>& of(ClientCertificates asking) const {
    return entries_[static_cast<std::size_t>(asking)].context;
  }

 private:
  friend std::expected<ListenerContexts, std::string> server_tls(const Config& config,
                                                                 const ListenerContexts& before,
                                                                 transport::SystemTime now, Log& log);

  struct Entry {
    std::shared_ptr<const transport::TlsServerContext> context;
    std::string fingerprint;  // of all that the context was made of
  };
  std::array<Entry, 3> entries_;
};

// A context of `before` that would be made of the same octets stays, and with it the keys of the tickets by
// which clients resume their sessions. Errors say what is wrong with which file.
std::expected<ListenerContexts, std::string> server_tls(const Config& config, const ListenerContexts& before,
                                                        transport::SystemTime now, Log& log);

}  // namespace postrider::agent
