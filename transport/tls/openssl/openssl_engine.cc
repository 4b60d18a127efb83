#include "postrider/transport/tls/openssl/openssl_engine.h"

#include <algorithm>
#include <array>
#include <utility>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "postrider/transport/tls/alerts.h"

namespace postrider::transport::openssl {
namespace {

// RFC 9266 2
constexpr std::string_view kExporterLabel = "EXPORTER-Channel-Binding";
constexpr std::size_t kExporterOctets = 32;

std::string exporter(SSL* ssl) {
  // Without the extended master secret two sessions may share it, RFC 9266 4.2 and RFC 7627.
  if (SSL_version(ssl) < TLS1_3_VERSION && SSL_get_extms_support(ssl) != 1) return {};
  std::array<unsigned char, kExporterOctets> value;
  if (SSL_export_keying_material(ssl, value.data(), value.size(), kExporterLabel.data(),
                                 kExporterLabel.size(), nullptr, 0, 0) != 1)
    return {};
  return std::string(reinterpret_cast<const char*>(value.data()), value.size());
}

// Leaf first, whichever side this is.
std::vector<std::string> peer_chain(const SSL* ssl) {
  std::vector<std::string> chain;
  X509* const leaf = SSL_get0_peer_certificate(ssl);
  if (leaf == nullptr) return chain;
  chain.push_back(to_der(leaf));
  const STACK_OF(X509)* const sent = SSL_get_peer_cert_chain(ssl);
  for (int index = 0; index < sk_X509_num(sent); ++index) {
    X509* const certificate = sk_X509_value(sent, index);
    if (index == 0 && X509_cmp(certificate, leaf) == 0) continue;
    chain.push_back(to_der(certificate));
  }
  return chain;
}

std::string end_point(std::string_view der) {
  const auto view = CertificateView::parse(der);
  return view ? hash(view->end_point_hash(), view->der()) : std::string();
}

}  // namespace

Engine::Engine(Owned<SSL> ssl, std::shared_ptr<const void> context, std::unique_ptr<ClientSide> client)
    : ssl_(std::move(ssl)), context_(std::move(context)), client_(std::move(client)) {
  BIO* const bio = io_method() == nullptr ? nullptr : BIO_new(io_method());
  if (!ssl_ || bio == nullptr) return;
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_app_data(ssl_.get(), this);
  SSL_set_info_callback(ssl_.get(), on_state);
  client_ ? SSL_set_connect_state(ssl_.get()) : SSL_set_accept_state(ssl_.get());
  sound_ = true;
}

Engine::~Engine() = default;

Engine& Engine::of(const SSL* ssl) noexcept { return *static_cast<Engine*>(SSL_get_app_data(ssl)); }

const BIO_METHOD* Engine::io_method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "postrider engine");
    if (made == nullptr) return made;
    BIO_meth_set_read(made, on_read);
    BIO_meth_set_write(made, on_write);
    BIO_meth_set_ctrl(made, on_control);
    return made;
  }();
  return method;
}

int Engine::on_read(BIO* bio, char* into, int most) {
  BIO_clear_retry_flags(bio);
  auto& engine = *static_cast<Engine*>(BIO_get_data(bio));
  const std::size_t count = engine.take_input(into, static_cast<std::size_t>(most));
  if (count != 0) return static_cast<int>(count);
  BIO_set_retry_read(bio);
  return -1;
}

int Engine::on_write(BIO* bio, const char* from, int count) {
  BIO_clear_retry_flags(bio);
  auto& engine = *static_cast<Engine*>(BIO_get_data(bio));
  engine.put_output(std::string_view(from, static_cast<std::size_t>(count)));
  return count;
}

long Engine::on_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

void Engine::on_state(const SSL* ssl, int where, int value) {
  if ((where & SSL_CB_ALERT) == 0) return;
  Engine& engine = of(ssl);
  ((where & SSL_CB_READ) != 0 ? engine.alert_received_ : engine.alert_sent_) = value & 0xFF;
}

int Engine::on_new_session(SSL* ssl, SSL_SESSION* session) {
  const Engine& engine = of(ssl);
  if (!engine.client_ || SSL_SESSION_is_resumable(session) != 1) return 0;
  Sessions::Entry entry;
  entry.session.reset(session);
  entry.verification = engine.verify();
  engine.client_->sessions->store(engine.client_->key, std::move(entry));
  return 1;  // the session is ours now
}

int Engine::on_certificate(int fine, X509_STORE_CTX* store) {
  const auto* const ssl =
      static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  Engine& engine = of(ssl);
  if (fine == 1) return 1;
  const int code = X509_STORE_CTX_get_error(store);
  if (engine.refusal_.empty()) {
    engine.refusal_ = X509_verify_cert_error_string(code);
    const bool name = code == X509_V_ERR_HOSTNAME_MISMATCH || code == X509_V_ERR_IP_ADDRESS_MISMATCH;
    const std::string leaf = name ? to_der(X509_STORE_CTX_get0_cert(store)) : std::string();
    const auto view = CertificateView::parse(leaf);
    if (view && engine.client_) engine.refusal_ = mismatch_text(*view, engine.client_->target.name);
  }
  return engine.any_certificate_ ? 1 : 0;
}

TlsEngine::Step Engine::outcome(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ: return {Status::want_input, 0};
    case SSL_ERROR_ZERO_RETURN: return {Status::closed, 0};
    default: return fail(why());
  }
}

std::string Engine::why() const {
  const unsigned long code = ERR_peek_error();
  const bool refused =
      ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED;
  if (alert_received_ > 0) {
    ERR_clear_error();
    return alert_text(alert_received_);
  }
  std::string text = take_error("the session is broken");
  if (refused) text = "the peer's certificate is refused: " + refusal_;
  if (alert_sent_ > 0) text.append("; sent the alert ").append(alert_name(alert_sent_));
  return text;
}

TlsEngine::Step Engine::handshake() {
  if (has_failed()) return {Status::failed, 0};
  if (established_) return {};
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result != 1) {
    const Step step = outcome(result);
    // What was offered may be the reason.
    if (client_ && step.status == Status::failed) client_->sessions->remove(client_->key);
    return step.status == Status::closed ? fail("the peer closed the session during the handshake") : step;
  }
  established_ = true;
  return {};
}

TlsEngine::Step Engine::read(std::span<char> into) {
  if (has_failed()) return {Status::failed, 0};
  ERR_clear_error();
  std::size_t count = 0;
  const int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &count);
  return result == 1 ? Step{Status::done, count} : outcome(result);
}

TlsEngine::Step Engine::write(std::string_view plaintext) {
  if (has_failed()) return {Status::failed, 0};
  const std::size_t most = std::min(plaintext.size(), room());
  if (most == 0) return {Status::want_output, 0};
  reserve_output(most);
  ERR_clear_error();
  std::size_t count = 0;
  const int result = SSL_write_ex(ssl_.get(), plaintext.data(), most, &count);
  return result == 1 ? Step{Status::done, count} : outcome(result);
}

TlsEngine::Step Engine::shutdown() {
  if (has_failed()) return {Status::failed, 0};
  if (!established_ || std::exchange(close_made_, true)) return {};
  ERR_clear_error();
  if (SSL_shutdown(ssl_.get()) < 0) ERR_clear_error();  // close_notify is made all the same
  return {};
}

bool Engine::pending() const { return SSL_pending(ssl_.get()) > 0; }

Verification Engine::verify() const { return client_ ? verify_server() : verify_client(); }

Verification Engine::verify_server() const {
  if (SSL_session_reused(ssl_.get()) == 1) return client_->cached;
  if (client_->target.policy == TlsPolicy::none)
    return {TlsTrust::unchecked, "not verified: the policy asks for none"};
  if (!refusal_.empty()) return {TlsTrust::failed, refusal_};
  const long code = SSL_get_verify_result(ssl_.get());
  if (code != X509_V_OK) return {TlsTrust::failed, X509_verify_cert_error_string(code)};
  if (client_->target.policy == TlsPolicy::dane) {
    TlsaRecord record;
    SSL_get0_dane_tlsa(ssl_.get(), &record.usage, &record.selector, &record.matching, nullptr, nullptr);
    return {TlsTrust::trusted, tlsa_text(record) + " matches"};
  }
  const char* const name = SSL_get0_peername(ssl_.get());
  return {TlsTrust::trusted,
          "a trusted root vouches for " + (name == nullptr ? client_->target.name : std::string(name))};
}

Verification Engine::verify_client() const {
  if (SSL_get0_peer_certificate(ssl_.get()) == nullptr)
    return {TlsTrust::unchecked, "the client showed no certificate"};
  // A resumed session tells what was found when it was new.
  const long code = SSL_get_verify_result(ssl_.get());
  if (!refusal_.empty()) return {TlsTrust::failed, refusal_};
  if (code != X509_V_OK) return {TlsTrust::failed, X509_verify_cert_error_string(code)};
  return {TlsTrust::trusted, "a trusted root vouches for the client"};
}

TlsInfo Engine::info() const {
  SSL* const ssl = ssl_.get();
  TlsInfo info;
  info.version = SSL_version(ssl) >= TLS1_3_VERSION ? TlsVersion::tls1_3 : TlsVersion::tls1_2;
  if (const SSL_CIPHER* const cipher = SSL_get_current_cipher(ssl))
    info.cipher = SSL_CIPHER_standard_name(cipher);
  if (!established_) return info;
  const long group = SSL_get_negotiated_group(ssl);
  if (group > 0) {
    if (const char* const name = SSL_group_to_name(ssl, static_cast<int>(group))) info.group = name;
  }
  if (const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)) info.sni = printable(name);
  const unsigned char* protocol = nullptr;
  unsigned int length = 0;
  SSL_get0_alpn_selected(ssl, &protocol, &length);
  if (length != 0) info.alpn.assign(reinterpret_cast<const char*>(protocol), length);
  info.resumed = SSL_session_reused(ssl) == 1;
  info.peer_chain = peer_chain(ssl);
  if (!info.peer_chain.empty()) {
    if (const auto view = CertificateView::parse(info.peer_chain.front())) {
      info.peer_subject = view->subject();
      info.peer_issuer = view->issuer();
      info.peer_names = view->names();
    }
  }
  Verification verification = verify();
  info.trust = verification.trust;
  info.verification = std::move(verification.text);
  info.tls_exporter = exporter(ssl);
  if (client_) {
    if (!info.peer_chain.empty()) info.tls_server_end_point = end_point(info.peer_chain.front());
  } else if (X509* const own = SSL_get_certificate(ssl)) {
    info.tls_server_end_point = end_point(to_der(own));
  }
  return info;
}

}  // namespace postrider::transport::openssl
