#include "postrider/transport/tls/openssl/openssl_provider.h"

#include <utility>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "postrider/transport/tls/openssl/openssl_engine.h"
#include "postrider/transport/tls/openssl/openssl_support.h"

namespace postrider::transport {
namespace openssl {
namespace {

// Forward secrecy and AEAD alone; those of TLS 1.3 are all of that kind.
constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr char kGroups[] = "X25519:P-256:P-384";

std::string wire_alpn(const std::vector<std::string>& protocols) {
  std::string list;
  for (const std::string& name : protocols) {
    list += static_cast<char>(name.size());
    list += name;
  }
  return list;
}

const unsigned char* octets(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

int number_of(TlsVersion version) { return version == TlsVersion::tls1_3 ? TLS1_3_VERSION : TLS1_2_VERSION; }

// SSL_CTX_set1_groups_list() without its C cast.
bool set_groups(SSL_CTX* context) {
  return SSL_CTX_ctrl(context, SSL_CTRL_SET_GROUPS_LIST, 0, const_cast<char*>(kGroups)) == 1;
}

TlsResult<Owned<SSL_CTX>> new_context(const SSL_METHOD* method, TlsVersion minimum, TlsVersion maximum) {
  ERR_clear_error();
  Owned<SSL_CTX> context(SSL_CTX_new(method));
  SSL_CTX* const ctx = context.get();
  if (ctx == nullptr || SSL_CTX_set_min_proto_version(ctx, number_of(minimum)) != 1 ||
      SSL_CTX_set_max_proto_version(ctx, number_of(maximum)) != 1 ||
      SSL_CTX_set_cipher_list(ctx, kCiphers) != 1 || !set_groups(ctx))
    return std::unexpected("OpenSSL refuses the settings of TLS: " + take_error("unknown reason"));
  SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                               SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
  return context;
}

TlsResult<Identity> use_identity(SSL_CTX* context, const TlsCertificate& certificate) {
  auto identity = load_identity(certificate);
  if (!identity) return identity;
  STACK_OF(X509)* const rest = sk_X509_new_null();
  for (std::size_t index = 1; index < identity->chain.size(); ++index) {
    sk_X509_push(rest, identity->chain[index].get());
  }
  const int used =
      SSL_CTX_use_cert_and_key(context, identity->chain.front().get(), identity->key.get(), rest, 1);
  sk_X509_free(rest);
  if (used == 1) return identity;
  return std::unexpected("OpenSSL refuses the certificate in " + certificate.chain.name() + ": " +
                         take_error("unknown reason"));
}

// ---- Server ----

class ServerContext final : public TlsServerContext, public std::enable_shared_from_this<ServerContext> {
 public:
  static TlsResult<std::shared_ptr<const TlsServerContext>> make(const TlsServerConfig& config);

  std::unique_ptr<TlsEngine> engine() const override {
    Owned<SSL> ssl(SSL_new(hosts_.front().context.get()));
    auto engine = std::make_unique<Engine>(std::move(ssl), shared_from_this(), nullptr);
    if (any_certificate_) engine->accept_any_certificate();
    return engine;
  }

 private:
  struct Host {
    Owned<SSL_CTX> context;
    std::vector<std::string> names;
  };

  TlsResult<void> add(const TlsServerConfig& config, const TlsCertificate& certificate,
                      const std::string& id_context);

  static int on_server_name(SSL* ssl, int* alert, void* self);
  static int on_alpn(SSL* ssl, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                     unsigned int in_size, void* self);

  std::vector<Host> hosts_;
  std::string alpn_;  // as on the wire
  bool any_certificate_ = false;
};

TlsResult<void> ServerContext::add(const TlsServerConfig& config, const TlsCertificate& certificate,
                                   const std::string& id_context) {
  auto context = new_context(TLS_server_method(), config.minimum, config.maximum);
  if (!context) return std::unexpected(context.error());
  SSL_CTX* const ctx = context->get();
  const auto identity = use_identity(ctx, certificate);
  if (!identity) return std::unexpected(identity.error());
  // Tickets carry the sessions, the server remembers none.
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(ctx, 1);
  SSL_CTX_set_session_id_context(ctx, octets(id_context), static_cast<unsigned int>(id_context.size()));
  if (config.client_auth != TlsClientAuth::none) {
    const auto trusted = trust(ctx, config.client_roots, true);
    if (!trusted) return std::unexpected(trusted.error());
    const bool require = config.client_auth == TlsClientAuth::require;
    any_certificate_ = !require;
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | (require ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                       Engine::on_certificate);
  }
  SSL_CTX_callback_ctrl(ctx, SSL_CTRL_SET_TLSEXT_SERVERNAME_CB, reinterpret_cast<void (*)()>(on_server_name));
  SSL_CTX_set_tlsext_servername_arg(ctx, this);
  if (!alpn_.empty()) SSL_CTX_set_alpn_select_cb(ctx, on_alpn, this);
  const auto view = CertificateView::parse(identity->leaf_der);
  Host host;
  host.context = std::move(*context);
  if (view) host.names = view->host_names();
  hosts_.push_back(std::move(host));
  return {};
}

TlsResult<std::shared_ptr<const TlsServerContext>> ServerContext::make(const TlsServerConfig& config) {
  if (config.certificates.empty()) return std::unexpected("a TLS server needs a certificate");
  if (!valid_alpn(config.alpn)) return std::unexpected("an ALPN protocol name has 1 to 255 octets");
  const auto made = std::make_shared<ServerContext>();
  made->alpn_ = wire_alpn(config.alpn);
  std::string id_context(16, '\0');
  RAND_bytes(reinterpret_cast<unsigned char*>(id_context.data()), static_cast<int>(id_context.size()));
  for (const TlsCertificate& certificate : config.certificates) {
    const auto added = made->add(config, certificate, id_context);
    if (!added) return std::unexpected(added.error());
  }
  return made;
}

int ServerContext::on_server_name(SSL* ssl, int*, void* self) {
  const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
  for (const Host& host : static_cast<const ServerContext*>(self)->hosts_) {
    for (const std::string& own : host.names) {
      if (!name_fits(own, name)) continue;
      SSL_set_SSL_CTX(ssl, host.context.get());
      return SSL_TLSEXT_ERR_OK;
    }
  }
  return SSL_TLSEXT_ERR_NOACK;  // the first certificate, and the client decides
}

int ServerContext::on_alpn(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                           unsigned int in_size, void* self) {
  const std::string& own = static_cast<const ServerContext*>(self)->alpn_;
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, octets(own), static_cast<unsigned int>(own.size()), in,
                            in_size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_NOACK;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

// ---- Client ----

class ClientContext final : public TlsClientContext {
 public:
  static TlsResult<std::shared_ptr<const TlsClientContext>> make(const TlsClientConfig& config);
  TlsResult<std::unique_ptr<TlsEngine>> engine(const TlsTarget& target) const override;

 private:
  std::shared_ptr<SSL_CTX> context_;
  std::shared_ptr<Sessions> sessions_;
};

TlsResult<std::shared_ptr<const TlsClientContext>> ClientContext::make(const TlsClientConfig& config) {
  if (!valid_alpn(config.alpn)) return std::unexpected("an ALPN protocol name has 1 to 255 octets");
  auto context = new_context(TLS_client_method(), config.minimum, config.maximum);
  if (!context) return std::unexpected(context.error());
  SSL_CTX* const ctx = context->get();
  const auto trusted = trust(ctx, config.roots, false);
  if (!trusted) return std::unexpected(trusted.error());
  if (!config.certificate.chain.empty()) {
    const auto identity = use_identity(ctx, config.certificate);
    if (!identity) return std::unexpected(identity.error());
  }
  const std::string alpn = wire_alpn(config.alpn);
  if (SSL_CTX_dane_enable(ctx) != 1 ||
      SSL_CTX_set_alpn_protos(ctx, octets(alpn), static_cast<unsigned int>(alpn.size())) != 0)
    return std::unexpected("OpenSSL refuses the settings of TLS: " + take_error("unknown reason"));
  auto made = std::make_shared<ClientContext>();
  made->sessions_ = std::make_shared<Sessions>(config.cached_sessions);
  if (made->sessions_->enabled()) {
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx, Engine::on_new_session);
  }
  made->context_ = std::move(*context);
  return made;
}

// SSL_set_tlsext_host_name() without its C cast.
bool ask_for(SSL* ssl, const std::string& name) {
  return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                  const_cast<char*>(name.c_str())) == 1;
}

bool expect_names(SSL* ssl, const TlsTarget& target) {
  if (target.name.empty()) return true;
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (is_ip_address(target.name)) {
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), target.name.c_str()) != 1) return false;
  } else if (SSL_set1_host(ssl, target.name.c_str()) != 1) {
    return false;
  }
  for (const std::string& name : target.also) {
    if (SSL_add1_host(ssl, name.c_str()) != 1) return false;
  }
  return true;
}

TlsResult<void> expect_records(SSL* ssl, const TlsTarget& target) {
  if (SSL_dane_enable(ssl, target.name.c_str()) != 1)
    return std::unexpected("cannot verify by DANE: " + take_error("unknown reason"));
  SSL_dane_set_flags(ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);  // RFC 7672 3.1.1
  bool usable = false;
  for (const TlsaRecord& record : target.tlsa) {
    if (!record.usable()) continue;
    usable |= SSL_dane_tlsa_add(ssl, record.usage, record.selector, record.matching, octets(record.data),
                                record.data.size()) == 1;
    ERR_clear_error();
  }
  if (!usable) return std::unexpected("no TLSA record of " + target.name + " is usable");
  return {};
}

TlsResult<std::unique_ptr<TlsEngine>> ClientContext::engine(const TlsTarget& target) const {
  ERR_clear_error();
  Owned<SSL> owned(SSL_new(context_.get()));
  SSL* const ssl = owned.get();
  if (ssl == nullptr) return std::unexpected("no memory for a TLS connection");
  const bool strict = target.policy == TlsPolicy::pkix || target.policy == TlsPolicy::dane;
  if (strict && target.name.empty()) return std::unexpected("a server cannot be verified without its name");
  SSL_set_verify(ssl, strict ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, Engine::on_certificate);
  // What would go in clear otherwise may as well be encrypted with a short key.
  if (!strict) SSL_set_security_level(ssl, 1);
  if (target.policy == TlsPolicy::dane) {
    const auto expected = expect_records(ssl, target);
    if (!expected) return std::unexpected(expected.error());
  }
  const bool sni = !target.name.empty() && !is_ip_address(target.name);  // RFC 6066 3
  if ((sni && !ask_for(ssl, target.name)) || !expect_names(ssl, target))
    return std::unexpected("'" + target.name + "' cannot be a server's name: " + take_error("too long"));
  auto client = std::make_unique<ClientSide>();
  client->target = target;
  client->key = session_key(target);
  client->sessions = sessions_;
  if (const auto entry = sessions_->find(client->key)) {
    if (SSL_set_session(ssl, entry->session.get()) == 1) client->cached = entry->verification;
  }
  auto engine = std::make_unique<Engine>(std::move(owned), context_, std::move(client));
  if (!engine->sound()) return std::unexpected("no memory for a TLS connection");
  return engine;
}

class Provider final : public TlsProvider {
 public:
  std::string_view name() const noexcept override { return "openssl"; }
  std::string_view version() const noexcept override { return OpenSSL_version(OPENSSL_VERSION); }
  TlsResult<std::shared_ptr<const TlsServerContext>> server(const TlsServerConfig& config) const override {
    return ServerContext::make(config);
  }
  TlsResult<std::shared_ptr<const TlsClientContext>> client(const TlsClientConfig& config) const override {
    return ClientContext::make(config);
  }
  TlsResult<SelfSigned> self_signed(const SelfSignedOptions& options) const override {
    return make_self_signed(options);
  }
};

}  // namespace
}  // namespace openssl

const TlsProvider& openssl_provider() noexcept {
  static const openssl::Provider provider;
  return provider;
}

}  // namespace postrider::transport
