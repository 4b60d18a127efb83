#include <cstdlib>

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "postrider/bench/transport/tls/raw_loop.h"

namespace postrider::bench {
namespace {

void require(bool fine) {
  if (!fine) std::abort();
}

class OpensslLoop final : public RawLoop {
 public:
  explicit OpensslLoop(const Identity& identity) {
    BIO* const certificate_text = BIO_new_mem_buf(identity.certificate_pem.data(), -1);
    BIO* const key_text = BIO_new_mem_buf(identity.key_pem.data(), -1);
    X509* const certificate = PEM_read_bio_X509(certificate_text, nullptr, nullptr, nullptr);
    EVP_PKEY* const key = PEM_read_bio_PrivateKey(key_text, nullptr, nullptr, nullptr);
    BIO* const root_text = BIO_new_mem_buf(identity.root_pem.data(), -1);
    X509* const root = PEM_read_bio_X509(root_text, nullptr, nullptr, nullptr);
    BIO_free(root_text);
    BIO_free(certificate_text);
    BIO_free(key_text);
    for (SSL_CTX* const context : {client_context_, server_context_}) {
      char groups[] = "X25519:P-256:P-384";
      SSL_CTX_ctrl(context, SSL_CTRL_SET_GROUPS_LIST, 0, groups);
      SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
      SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    }
    require(SSL_CTX_use_cert_and_key(server_context_, certificate, key, nullptr, 1) == 1);
    SSL_CTX_set_num_tickets(server_context_, 1);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(client_context_), root);
    X509_free(root);
    SSL_CTX_set_verify(client_context_, SSL_VERIFY_PEER, nullptr);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  ~OpensslLoop() override {
    drop();
    SSL_SESSION_free(session_);
    SSL_CTX_free(client_context_);
    SSL_CTX_free(server_context_);
  }

  void connect(bool resume) override {
    drop();
    client_ = SSL_new(client_context_);
    server_ = SSL_new(server_context_);
    char name[] = "mx.example";
    SSL_ctrl(client_, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name);
    SSL_set1_host(client_, name);
    BIO* const up = memory();
    BIO* const down = memory();
    BIO_up_ref(up);
    BIO_up_ref(down);
    SSL_set_bio(client_, down, up);
    SSL_set_bio(server_, up, down);
    if (resume && session_ != nullptr) SSL_set_session(client_, session_);
    int client_done = 0;
    int server_done = 0;
    while (client_done != 1 || server_done != 1) {
      client_done = SSL_connect(client_);
      server_done = SSL_accept(server_);
    }
    char nothing;
    SSL_read(client_, &nothing, 1);
    SSL_SESSION_free(session_);
    session_ = SSL_get1_session(client_);
  }
  bool resumed() const override { return SSL_session_reused(client_) == 1; }

  void carry(std::string_view text) override {
    require(SSL_write(client_, text.data(), static_cast<int>(text.size())) > 0);
    std::size_t got = 0;
    while (got < text.size()) {
      const int count = SSL_read(server_, into_, sizeof into_);
      require(count > 0);
      got += static_cast<std::size_t>(count);
    }
  }

 private:
  static BIO* memory() {
    BIO* const bio = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(bio, -1);
    return bio;
  }
  void drop() {
    for (SSL* const ssl : {client_, server_}) {
      if (ssl != nullptr) SSL_shutdown(ssl);
      SSL_free(ssl);
    }
  }

  SSL_CTX* client_context_ = SSL_CTX_new(TLS_client_method());
  SSL_CTX* server_context_ = SSL_CTX_new(TLS_server_method());
  SSL* client_ = nullptr;
  SSL* server_ = nullptr;
  SSL_SESSION* session_ = nullptr;
  char into_[65536];
};

}  // namespace

std::unique_ptr<RawLoop> raw_openssl(const Identity& identity) {
  return std::make_unique<OpensslLoop>(identity);
}

}  // namespace postrider::bench
