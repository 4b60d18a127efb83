// TLS libraries behind one interface. openssl/openssl_provider.h and wolfssl/wolfssl_provider.h have them;
// both may be in one program, backends/backends.h finds them by name.
//
// A context is made once from its configuration, with every error found then, and is immutable: any thread
// may make engines of it. To reload certificates make a new context; sessions of the old one go on with
// theirs.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "postrider/transport/tls/config.h"
#include "postrider/transport/tls/engine.h"
#include "postrider/transport/tls/self_signed.h"

namespace postrider::transport {

// What was wrong and where, in one line: "the private key /etc/key.pem does not belong to the certificate
// /etc/chain.pem".
template <class T>
using TlsResult = std::expected<T, std::string>;

class TlsServerContext {
 public:
  virtual ~TlsServerContext() = default;
  // For one connection. The engine keeps what it needs of the context alive.
  virtual std::unique_ptr<TlsEngine> engine() const = 0;
};

class TlsClientContext {
 public:
  virtual ~TlsClientContext() = default;
  // For one connection; resumes a session with the same target where it can. An error: a target that cannot
  // be verified, as the policy dane without a usable record.
  virtual TlsResult<std::unique_ptr<TlsEngine>> engine(const TlsTarget& target) const = 0;
};

class TlsProvider {
 public:
  virtual ~TlsProvider() = default;
  virtual std::string_view name() const noexcept = 0;     // "openssl"
  virtual std::string_view version() const noexcept = 0;  // of the library, as it calls itself
  virtual TlsResult<std::shared_ptr<const TlsServerContext>> server(const TlsServerConfig& config) const = 0;
  virtual TlsResult<std::shared_ptr<const TlsClientContext>> client(const TlsClientConfig& config) const = 0;
  virtual TlsResult<SelfSigned> self_signed(const SelfSignedOptions& options) const = 0;
};

}  // namespace postrider::transport
