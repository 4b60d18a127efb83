// One TLS connection by OpenSSL.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "postrider/transport/tls/engine.h"
#include "postrider/transport/tls/openssl/openssl_support.h"
#include "postrider/transport/tls/session_cache.h"

struct bio_method_st;
struct x509_store_ctx_st;

namespace postrider::transport::openssl {

using Sessions = SessionCache<Owned<ssl_session_st>>;

// What only the client's side has.
struct ClientSide {
  TlsTarget target;
  std::string key;  // of the session cache
  std::shared_ptr<Sessions> sessions;
  Verification cached;  // of the session that was offered
};

class Engine final : public TlsEngine {
 public:
  // `context` is kept alive as long as the engine; `client` is empty for a server.
  Engine(Owned<ssl_st> ssl, std::shared_ptr<const void> context, std::unique_ptr<ClientSide> client);
  ~Engine() override;

  // Whether OpenSSL gave it all it needs.
  bool sound() const noexcept { return sound_; }

  Step handshake() override;
  Step read(std::span<char> into) override;
  Step write(std::string_view plaintext) override;
  Step shutdown() override;
  bool pending() const override;
  TlsInfo info() const override;

  // For a context's callbacks: the engine that a connection belongs to.
  static Engine& of(const ssl_st* ssl) noexcept;
  // The client's callback for sessions that may be resumed.
  static int on_new_session(ssl_st* ssl, ssl_session_st* session);
  // Notes why a certificate was found wanting.
  static int on_certificate(int fine, x509_store_ctx_st* store);

  // For a server that asks for certificates without insisting: none of them ends the session.
  void accept_any_certificate() noexcept { any_certificate_ = true; }

 private:
  static const bio_method_st* io_method();
  static int on_read(bio_st* bio, char* into, int most);
  static int on_write(bio_st* bio, const char* from, int count);
  static long on_control(bio_st* bio, int command, long number, void* pointer);
  static void on_state(const ssl_st* ssl, int where, int value);

  Step outcome(int result);
  std::string why() const;
  Verification verify() const;
  Verification verify_server() const;
  Verification verify_client() const;

  Owned<ssl_st> ssl_;
  std::shared_ptr<const void> context_;
  std::unique_ptr<ClientSide> client_;
  std::string refusal_;  // of the first certificate that was found wanting
  int alert_received_ = -1;
  int alert_sent_ = -1;
  bool any_certificate_ = false;
  bool sound_ = false;
  bool established_ = false;
  bool close_made_ = false;
};

}  // namespace postrider::transport::openssl
