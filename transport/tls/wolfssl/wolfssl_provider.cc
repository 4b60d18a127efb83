// clang-format off: without this first the other headers of wolfSSL describe another library
#include <wolfssl/options.h>
// clang-format on

#include "postrider/transport/tls/wolfssl/wolfssl_provider.h"

#include <algorithm>
#include <array>
#include <utility>

#include <wolfssl/error-ssl.h>
#include <wolfssl/openssl/evp.h>
#include <wolfssl/ssl.h>

#include "postrider/transport/tls/wolfssl/wolfssl_engine.h"
#include "postrider/transport/tls/wolfssl/wolfssl_support.h"

namespace postrider::transport {
namespace wolfssl {
namespace {

// ChaCha20 first: three times as fast as this library's AES.
constexpr const char* kCiphers =
    "TLS13-CHACHA20-POLY1305-SHA256:TLS13-AES128-GCM-SHA256:TLS13-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384";
// Without this list its client tries groups that cost ten times as much.
constexpr std::array<int, 3> kGroups = {WOLFSSL_ECC_X25519, WOLFSSL_ECC_SECP256R1, WOLFSSL_ECC_SECP384R1};

const unsigned char* octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

bool initialize() {
  static const bool ready = wolfSSL_Init() == WOLFSSL_SUCCESS;
  return ready;
}

std::string comma_list(const std::vector<std::string>& protocols) {
  std::string list;
  for (const std::string& name : protocols) {
    if (!list.empty()) list += ',';
    list += name;
  }
  return list;
}

bool limit_groups(WOLFSSL_CTX* ctx, TlsVersion maximum) {
  std::array<int, kGroups.size()> groups = kGroups;
  if (maximum == TlsVersion::tls1_3)
    return wolfSSL_CTX_set_groups(ctx, groups.data(), static_cast<int>(groups.size())) == WOLFSSL_SUCCESS;
  return std::ranges::all_of(groups, [ctx](int group) {
    return wolfSSL_CTX_UseSupportedCurve(ctx, static_cast<word16>(group)) == WOLFSSL_SUCCESS;
  });
}

TlsResult<Owned<WOLFSSL_CTX>> new_context(WOLFSSL_METHOD* method, TlsVersion minimum, TlsVersion maximum) {
  Owned<WOLFSSL_CTX> context(wolfSSL_CTX_new(method));
  WOLFSSL_CTX* const ctx = context.get();
  const int lowest = minimum == TlsVersion::tls1_3 ? WOLFSSL_TLSV1_3 : WOLFSSL_TLSV1_2;
  if (ctx == nullptr || wolfSSL_CTX_SetMinVersion(ctx, lowest) != WOLFSSL_SUCCESS ||
      wolfSSL_CTX_set_cipher_list(ctx, kCiphers) != WOLFSSL_SUCCESS || !limit_groups(ctx, maximum))
    return std::unexpected("wolfSSL refuses the settings of TLS");
  wolfSSL_CTX_SetIORecv(ctx, Engine::on_read);
  wolfSSL_CTX_SetIOSend(ctx, Engine::on_write);
  // Tickets carry the sessions; the library's own cache is one for the whole process and all contexts.
  wolfSSL_CTX_set_session_cache_mode(
      ctx, WOLFSSL_SESS_CACHE_NO_INTERNAL_STORE | WOLFSSL_SESS_CACHE_NO_INTERNAL_LOOKUP);
  return context;
}

// The first certificate of a PEM text, as DER.
std::string leaf_der(std::string_view pem) {
  std::string der(pem.size(), '\0');
  const int size = wolfSSL_CertPemToDer(octets(pem), static_cast<int>(pem.size()),
                                        reinterpret_cast<unsigned char*>(der.data()),
                                        static_cast<int>(der.size()), CERT_TYPE);
  der.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return der;
}

// Whether what the private key signs is signed by the certificate's; yes when the kind of key cannot be
// tried. wolfSSL_CTX_check_private_key() takes any elliptic key for that of any certificate with one.
bool signs_for(WOLFSSL_EVP_PKEY* key, WOLFSSL_EVP_PKEY* certified) {
  constexpr std::string_view kText = "who signs this?";
  std::array<unsigned char, 1024> signature;
  std::size_t size = signature.size();
  const Owned<WOLFSSL_EVP_MD_CTX> signer(wolfSSL_EVP_MD_CTX_new());
  const Owned<WOLFSSL_EVP_MD_CTX> reader(wolfSSL_EVP_MD_CTX_new());
  if (wolfSSL_EVP_DigestSignInit(signer.get(), nullptr, wolfSSL_EVP_sha256(), nullptr, key) !=
          WOLFSSL_SUCCESS ||
      wolfSSL_EVP_DigestSignUpdate(signer.get(), kText.data(), kText.size()) != WOLFSSL_SUCCESS ||
      wolfSSL_EVP_DigestSignFinal(signer.get(), signature.data(), &size) != WOLFSSL_SUCCESS)
    return true;
  return wolfSSL_EVP_DigestVerifyInit(reader.get(), nullptr, wolfSSL_EVP_sha256(), nullptr, certified) ==
             WOLFSSL_SUCCESS &&
         wolfSSL_EVP_DigestVerifyUpdate(reader.get(), kText.data(), kText.size()) == WOLFSSL_SUCCESS &&
         wolfSSL_EVP_DigestVerifyFinal(reader.get(), signature.data(), size) == WOLFSSL_SUCCESS;
}

bool belong_together(WOLFSSL_CTX* context, std::string_view key_pem, std::string_view leaf) {
  if (wolfSSL_CTX_check_private_key(context) != WOLFSSL_SUCCESS) return false;
  const Owned<WOLFSSL_BIO> text(wolfSSL_BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size())));
  const Owned<WOLFSSL_EVP_PKEY> key(wolfSSL_PEM_read_bio_PrivateKey(text.get(), nullptr, nullptr, nullptr));
  const Owned<WOLFSSL_X509> certificate(
      wolfSSL_X509_d2i(nullptr, octets(leaf), static_cast<int>(leaf.size())));
  if (!key || !certificate) return true;
  const Owned<WOLFSSL_EVP_PKEY> certified(wolfSSL_X509_get_pubkey(certificate.get()));
  return !certified || signs_for(key.get(), certified.get());
}

// Gives the context its certificate; the answer is the leaf's DER.
TlsResult<std::string> use_identity(WOLFSSL_CTX* context, const TlsCertificate& certificate) {
  const auto chain = certificate.chain.load("the certificate chain");
  if (!chain) return std::unexpected(chain.error());
  const auto key = certificate.key.load("the private key");
  if (!key) return std::unexpected(key.error());
  if (!chain->contains("-----BEGIN"))
    return std::unexpected("there is no certificate in " + certificate.chain.name());
  int code =
      wolfSSL_CTX_use_certificate_chain_buffer(context, octets(*chain), static_cast<long>(chain->size()));
  if (code != WOLFSSL_SUCCESS)
    return std::unexpected("the certificates in " + certificate.chain.name() +
                           " cannot be read: " + error_text(code));
  if (key->contains("ENCRYPTED"))
    return std::unexpected("the private key in " + certificate.key.name() +
                           " is encrypted; store it without a password");
  code = wolfSSL_CTX_use_PrivateKey_buffer(context, octets(*key), static_cast<long>(key->size()),
                                           WOLFSSL_FILETYPE_PEM);
  if (code != WOLFSSL_SUCCESS)
    return std::unexpected("no private key can be read in " + certificate.key.name() + ": " +
                           error_text(code));
  std::string leaf = leaf_der(*chain);
  if (!belong_together(context, *key, leaf))
    return std::unexpected("the private key in " + certificate.key.name() +
                           " does not belong to the first certificate in " + certificate.chain.name());
  return leaf;
}

bool use_alpn(WOLFSSL* ssl, std::string alpn) {
  return alpn.empty() || wolfSSL_UseALPN(ssl, alpn.data(), static_cast<unsigned int>(alpn.size()),
                                         WOLFSSL_ALPN_CONTINUE_ON_MISMATCH) == WOLFSSL_SUCCESS;
}

TlsResult<void> check_alpn(const std::vector<std::string>& protocols) {
  for (const std::string& name : protocols) {
    if (name.contains(',')) return std::unexpected("wolfSSL takes no ALPN protocol name with a comma");
  }
  if (!valid_alpn(protocols)) return std::unexpected("an ALPN protocol name has 1 to 255 octets");
  return {};
}

// ---- Server ----

bool go_without_tickets(WOLFSSL_CTX* ctx, TlsVersion maximum) {
  // A context that does not know TLS 1.3 takes the second call for a mistake.
  const bool knows_1_3 = maximum == TlsVersion::tls1_3;
  return wolfSSL_CTX_NoTicketTLSv12(ctx) == WOLFSSL_SUCCESS &&
         (!knows_1_3 || wolfSSL_CTX_no_ticket_TLSv13(ctx) == 0);
}

class ServerContext final : public TlsServerContext, public std::enable_shared_from_this<ServerContext> {
 public:
  static TlsResult<std::shared_ptr<const TlsServerContext>> make(const TlsServerConfig& config);
  std::unique_ptr<TlsEngine> engine() const override;

 private:
  struct Host {
    Shared shared;
    std::string certificate;
    std::vector<std::string> names;
  };

  TlsResult<void> add(const TlsServerConfig& config, const TlsCertificate& certificate);
  static int on_server_name(WOLFSSL* ssl, int* alert, void* self);

  std::vector<Host> hosts_;
  std::string alpn_;
  std::shared_ptr<const Roots> roots_;
};

TlsResult<void> ServerContext::add(const TlsServerConfig& config, const TlsCertificate& certificate) {
  auto context = new_context(
      config.maximum == TlsVersion::tls1_2 ? wolfTLSv1_2_server_method() : wolfSSLv23_server_method(),
      config.minimum, config.maximum);
  if (!context) return std::unexpected(context.error());
  WOLFSSL_CTX* const ctx = context->get();
  auto der = use_identity(ctx, certificate);
  if (!der) return std::unexpected(der.error());
  int mode = WOLFSSL_VERIFY_NONE;
  if (config.client_auth != TlsClientAuth::none) mode = WOLFSSL_VERIFY_PEER;
  if (config.client_auth == TlsClientAuth::require) mode |= WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  // Its tickets do not carry the client's certificate: who resumed a session would have none.
  if (mode != WOLFSSL_VERIFY_NONE && !go_without_tickets(ctx, config.maximum))
    return std::unexpected("wolfSSL refuses to go without tickets");
  wolfSSL_CTX_set_verify(ctx, mode, mode == WOLFSSL_VERIFY_NONE ? nullptr : Engine::on_certificate);
  wolfSSL_CTX_set_servername_callback(ctx, on_server_name);
  wolfSSL_CTX_set_servername_arg(ctx, this);
  Host host;
  host.shared.context = std::move(*context);
  host.shared.roots = roots_;
  host.shared.strict_clients = config.client_auth == TlsClientAuth::require;
  if (const auto view = CertificateView::parse(*der)) host.names = view->host_names();
  host.certificate = std::move(*der);
  hosts_.push_back(std::move(host));
  return {};
}

TlsResult<std::shared_ptr<const TlsServerContext>> ServerContext::make(const TlsServerConfig& config) {
  if (!initialize()) return std::unexpected("wolfSSL cannot be initialised");
  if (config.certificates.empty()) return std::unexpected("a TLS server needs a certificate");
  if (const auto fine = check_alpn(config.alpn); !fine) return std::unexpected(fine.error());
  const auto made = std::make_shared<ServerContext>();
  made->alpn_ = comma_list(config.alpn);
  auto roots =
      Roots::load(config.client_auth == TlsClientAuth::none ? TlsRoots::nobody() : config.client_roots);
  if (!roots) return std::unexpected(roots.error());
  made->roots_ = std::move(*roots);
  for (const TlsCertificate& certificate : config.certificates) {
    const auto added = made->add(config, certificate);
    if (!added) return std::unexpected(added.error());
  }
  return made;
}

std::unique_ptr<TlsEngine> ServerContext::engine() const {
  auto engine = std::make_unique<Engine>(hosts_.front().shared, shared_from_this(), nullptr);
  engine->show(hosts_.front().certificate);
  if (engine->ssl() != nullptr) (void)use_alpn(engine->ssl(), alpn_);
  return engine;
}

int ServerContext::on_server_name(WOLFSSL* ssl, int*, void* self) {
  void* requested = nullptr;
  const word16 size = wolfSSL_SNI_GetRequest(ssl, WOLFSSL_SNI_HOST_NAME, &requested);
  if (size == 0) return SSL_TLSEXT_ERR_NOACK;
  const std::string_view name(static_cast<const char*>(requested), size);
  for (const Host& host : static_cast<const ServerContext*>(self)->hosts_) {
    for (const std::string& own : host.names) {
      if (!name_fits(own, name)) continue;
      wolfSSL_set_SSL_CTX(ssl, host.shared.context.get());
      static_cast<Engine*>(wolfSSL_get_app_data(ssl))->show(host.certificate);
      return SSL_TLSEXT_ERR_OK;
    }
  }
  return SSL_TLSEXT_ERR_NOACK;  // the first certificate, and the client decides
}

// ---- Client ----

class ClientContext final : public TlsClientContext, public std::enable_shared_from_this<ClientContext> {
 public:
  static TlsResult<std::shared_ptr<const TlsClientContext>> make(const TlsClientConfig& config);
  TlsResult<std::unique_ptr<TlsEngine>> engine(const TlsTarget& target) const override;

 private:
  Shared shared_;
  std::string alpn_;
  std::shared_ptr<Sessions> sessions_;
};

TlsResult<std::shared_ptr<const TlsClientContext>> ClientContext::make(const TlsClientConfig& config) {
  if (!initialize()) return std::unexpected("wolfSSL cannot be initialised");
  if (const auto fine = check_alpn(config.alpn); !fine) return std::unexpected(fine.error());
  auto context = new_context(
      config.maximum == TlsVersion::tls1_2 ? wolfTLSv1_2_client_method() : wolfSSLv23_client_method(),
      config.minimum, config.maximum);
  if (!context) return std::unexpected(context.error());
  auto roots = Roots::load(config.roots);
  if (!roots) return std::unexpected(roots.error());
  if (!config.certificate.chain.empty()) {
    const auto used = use_identity(context->get(), config.certificate);
    if (!used) return std::unexpected(used.error());
  }
  auto made = std::make_shared<ClientContext>();
  made->alpn_ = comma_list(config.alpn);
  made->sessions_ = std::make_shared<Sessions>(config.cached_sessions);
  // No tickets before TLS 1.3: its client takes a server that has forgotten the ticket, and says so by a full
  // handshake, for one that breaks the rules.
  if (made->sessions_->enabled()) wolfSSL_CTX_sess_set_new_cb(context->get(), Engine::on_new_session);
  // Every certificate goes to the engine, which decides by the policy.
  wolfSSL_CTX_set_verify(context->get(), WOLFSSL_VERIFY_PEER, Engine::on_certificate);
  made->shared_.context = std::move(*context);
  made->shared_.roots = std::move(*roots);
  return made;
}

TlsResult<std::unique_ptr<TlsEngine>> ClientContext::engine(const TlsTarget& target) const {
  const bool strict = target.policy == TlsPolicy::pkix || target.policy == TlsPolicy::dane;
  if (strict && target.name.empty()) return std::unexpected("a server cannot be verified without its name");
  if (target.policy == TlsPolicy::dane) {
    bool usable = false;
    for (const TlsaRecord& record : target.tlsa) usable |= record.usable();
    if (!usable) return std::unexpected("no TLSA record of " + target.name + " is usable");
  }
  auto client = std::make_unique<ClientSide>();
  client->target = target;
  client->key = session_key(target);
  client->sessions = sessions_;
  auto engine = std::make_unique<Engine>(shared_, shared_from_this(), std::move(client));
  WOLFSSL* const ssl = engine->ssl();
  if (ssl == nullptr) return std::unexpected("no memory for a TLS connection");
  const bool sni = !target.name.empty() && !is_ip_address(target.name);  // RFC 6066 3
  if (sni && wolfSSL_UseSNI(ssl, WOLFSSL_SNI_HOST_NAME, target.name.data(),
                            static_cast<word16>(target.name.size())) != WOLFSSL_SUCCESS)
    return std::unexpected("'" + target.name + "' cannot be a server's name");
  if (!use_alpn(ssl, alpn_)) return std::unexpected("wolfSSL refuses the ALPN protocols");
  engine->offer_session();
  return engine;
}

class Provider final : public TlsProvider {
 public:
  std::string_view name() const noexcept override { return "wolfssl"; }
  std::string_view version() const noexcept override { return "wolfSSL " LIBWOLFSSL_VERSION_STRING; }
  TlsResult<std::shared_ptr<const TlsServerContext>> server(const TlsServerConfig& config) const override {
    free_points_with_thread();
    return ServerContext::make(config);
  }
  TlsResult<std::shared_ptr<const TlsClientContext>> client(const TlsClientConfig& config) const override {
    free_points_with_thread();
    return ClientContext::make(config);
  }
  TlsResult<SelfSigned> self_signed(const SelfSignedOptions& options) const override {
    free_points_with_thread();
    return make_self_signed(options);
  }
};

}  // namespace
}  // namespace wolfssl

const TlsProvider& wolfssl_provider() noexcept {
  static const wolfssl::Provider provider;
  return provider;
}

}  // namespace postrider::transport
