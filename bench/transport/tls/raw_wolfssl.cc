// clang-format off: without this first the other headers of wolfSSL describe another library
#include <wolfssl/options.h>
// clang-format on

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>

#include <wolfssl/ssl.h>
#include <wolfssl/wolfio.h>

#include "postrider/bench/transport/tls/raw_loop.h"

namespace postrider::bench {
namespace {

constexpr const char* kCiphers =
    "TLS13-CHACHA20-POLY1305-SHA256:TLS13-AES128-GCM-SHA256:TLS13-AES256-GCM-SHA384";

void require(bool fine) {
  if (!fine) std::abort();
}

struct Pipe {
  std::string octets;
  std::size_t start = 0;
};

int receive(WOLFSSL*, char* into, int most, void* self) {
  Pipe& pipe = *static_cast<Pipe*>(self);
  const std::size_t count = std::min(static_cast<std::size_t>(most), pipe.octets.size() - pipe.start);
  if (count == 0) return WOLFSSL_CBIO_ERR_WANT_READ;
  std::memcpy(into, pipe.octets.data() + pipe.start, count);
  pipe.start += count;
  if (pipe.start == pipe.octets.size()) {
    pipe.octets.clear();
    pipe.start = 0;
  }
  return static_cast<int>(count);
}

int send(WOLFSSL*, char* from, int count, void* self) {
  static_cast<Pipe*>(self)->octets.append(from, static_cast<std::size_t>(count));
  return count;
}

class WolfsslLoop final : public RawLoop {
 public:
  explicit WolfsslLoop(const Identity& identity) {
    const auto* const certificate = reinterpret_cast<const unsigned char*>(identity.certificate_pem.data());
    const auto certificate_size = static_cast<long>(identity.certificate_pem.size());
    const auto* const key = reinterpret_cast<const unsigned char*>(identity.key_pem.data());
    int groups[] = {WOLFSSL_ECC_X25519, WOLFSSL_ECC_SECP256R1, WOLFSSL_ECC_SECP384R1};
    for (WOLFSSL_CTX* const context : {client_context_, server_context_}) {
      wolfSSL_CTX_SetIORecv(context, receive);
      wolfSSL_CTX_SetIOSend(context, send);
      require(wolfSSL_CTX_set_cipher_list(context, kCiphers) == WOLFSSL_SUCCESS);
      require(wolfSSL_CTX_set_groups(context, groups, 3) == WOLFSSL_SUCCESS);
    }
    require(wolfSSL_CTX_use_certificate_chain_buffer(server_context_, certificate, certificate_size) ==
            WOLFSSL_SUCCESS);
    require(wolfSSL_CTX_use_PrivateKey_buffer(server_context_, key,
                                              static_cast<long>(identity.key_pem.size()),
                                              WOLFSSL_FILETYPE_PEM) == WOLFSSL_SUCCESS);
    require(wolfSSL_CTX_load_verify_buffer(
                client_context_, reinterpret_cast<const unsigned char*>(identity.root_pem.data()),
                static_cast<long>(identity.root_pem.size()), WOLFSSL_FILETYPE_PEM) == WOLFSSL_SUCCESS);
    wolfSSL_CTX_set_verify(server_context_, WOLFSSL_VERIFY_NONE, nullptr);
    wolfSSL_CTX_set_verify(client_context_, WOLFSSL_VERIFY_PEER, nullptr);
  }
  ~WolfsslLoop() override {
    drop();
    wolfSSL_SESSION_free(session_);
    wolfSSL_CTX_free(client_context_);
    wolfSSL_CTX_free(server_context_);
  }

  void connect(bool resume) override {
    drop();
    up_ = Pipe();
    down_ = Pipe();
    client_ = wolfSSL_new(client_context_);
    server_ = wolfSSL_new(server_context_);
    wolfSSL_SetIOReadCtx(client_, &down_);
    wolfSSL_SetIOWriteCtx(client_, &up_);
    wolfSSL_SetIOReadCtx(server_, &up_);
    wolfSSL_SetIOWriteCtx(server_, &down_);
    wolfSSL_UseSNI(client_, WOLFSSL_SNI_HOST_NAME, "mx.example", 10);
    wolfSSL_check_domain_name(client_, "mx.example");
    if (resume && session_ != nullptr) wolfSSL_set_session(client_, session_);
    int client_done = 0;
    int server_done = 0;
    while (client_done != WOLFSSL_SUCCESS || server_done != WOLFSSL_SUCCESS) {
      client_done = wolfSSL_connect(client_);
      server_done = wolfSSL_accept(server_);
    }
    char nothing;
    wolfSSL_read(client_, &nothing, 1);
    wolfSSL_SESSION_free(session_);
    session_ = wolfSSL_get1_session(client_);
  }
  bool resumed() const override { return wolfSSL_session_reused(client_) == 1; }

  void carry(std::string_view text) override {
    require(wolfSSL_write(client_, text.data(), static_cast<int>(text.size())) ==
            static_cast<int>(text.size()));
    std::size_t got = 0;
    while (got < text.size()) {
      const int count = wolfSSL_read(server_, into_, sizeof into_);
      require(count > 0);
      got += static_cast<std::size_t>(count);
    }
  }

 private:
  void drop() {
    for (WOLFSSL* const ssl : {client_, server_}) {
      if (ssl != nullptr) wolfSSL_shutdown(ssl);
      wolfSSL_free(ssl);
    }
  }

  WOLFSSL_CTX* client_context_ = wolfSSL_CTX_new(wolfTLSv1_3_client_method());
  WOLFSSL_CTX* server_context_ = wolfSSL_CTX_new(wolfTLSv1_3_server_method());
  WOLFSSL* client_ = nullptr;
  WOLFSSL* server_ = nullptr;
  WOLFSSL_SESSION* session_ = nullptr;
  Pipe up_;
  Pipe down_;
  char into_[65536];
};

}  // namespace

std::unique_ptr<RawLoop> raw_wolfssl(const Identity& identity) {
  return std::make_unique<WolfsslLoop>(identity);
}

}  // namespace postrider::bench
