// One TLS connection by wolfSSL.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "postrider/transport/tls/engine.h"
#include "postrider/transport/tls/wolfssl/wolfssl_support.h"

struct WOLFSSL_X509_STORE_CTX;

namespace postrider::transport::wolfssl {

// Sessions as wolfSSL writes them down: 2 KiB instead of the 37 of its object, and no two threads share one.
using Sessions = SessionCache<std::string>;

struct ClientSide {
  TlsTarget target;
  std::string key;  // of the session cache
  std::shared_ptr<Sessions> sessions;
  Verification cached;  // of the session that was offered
};

// What all engines of a context share; it outlives them.
struct Shared {
  Owned<WOLFSSL_CTX> context;
  std::shared_ptr<const Roots> roots;
  bool strict_clients = false;  // a server's: a client's certificate that is not vouched for ends the session
};

class Engine final : public TlsEngine {
 public:
  // `keep` lives as long as the engine; `client` is empty for a server.
  Engine(const Shared& shared, std::shared_ptr<const void> keep, std::unique_ptr<ClientSide> client);
  ~Engine() override;

  WOLFSSL* ssl() const noexcept { return ssl_.get(); }
  // Reads the session kept for the target, if there is one, and offers it.
  void offer_session();
  // A server's certificate, as DER, once it is chosen.
  void show(std::string_view own_certificate) noexcept { own_certificate_ = own_certificate; }

  Step handshake() override;
  Step read(std::span<char> into) override;
  Step write(std::string_view plaintext) override;
  Step shutdown() override;
  bool pending() const override;
  TlsInfo info() const override;

  // Callbacks of a context.
  static int on_read(WOLFSSL* ssl, char* into, int most, void* self);
  static int on_write(WOLFSSL* ssl, char* from, int count, void* self);
  static int on_new_session(WOLFSSL* ssl, WOLFSSL_SESSION* session);
  static int on_certificate(int fine, WOLFSSL_X509_STORE_CTX* store);

 private:
  Step outcome(int result);
  std::string why(int code) const;
  Verification verification() const;
  void add_peer(TlsInfo& info) const;

  std::shared_ptr<const void> keep_;
  std::shared_ptr<const Roots> roots_;
  std::unique_ptr<ClientSide> client_;
  Owned<WOLFSSL> ssl_;
  std::string_view own_certificate_;
  Verification judged_;
  bool refused_ = false;
  bool strict_ = false;
  bool established_ = false;
  bool close_made_ = false;
};

}  // namespace postrider::transport::wolfssl
