// clang-format off: without this first the other headers of wolfSSL describe another library
#include <wolfssl/options.h>
// clang-format on

#include "postrider/transport/tls/wolfssl/wolfssl_engine.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <wolfssl/error-ssl.h>
#include <wolfssl/ssl.h>
#include <wolfssl/wolfio.h>

#include "postrider/transport/tls/alerts.h"

namespace postrider::transport::wolfssl {
namespace {

// RFC 9266 2
constexpr std::string_view kExporterLabel = "EXPORTER-Channel-Binding";
constexpr std::size_t kExporterOctets = 32;

std::string exporter(WOLFSSL* ssl) {
  // wolfSSL does not tell whether a session of TLS 1.2 has the extended master secret, without which the
  // value is not sound (RFC 9266 4.2).
  if (wolfSSL_version(ssl) < TLS1_3_VERSION) return {};
  std::array<unsigned char, kExporterOctets> value;
  if (wolfSSL_export_keying_material(ssl, value.data(), value.size(), kExporterLabel.data(),
                                     kExporterLabel.size(), nullptr, 0, 0) != WOLFSSL_SUCCESS)
    return {};
  return std::string(reinterpret_cast<const char*>(value.data()), value.size());
}

std::string end_point(std::string_view der) {
  const auto view = CertificateView::parse(der);
  return view ? hash(view->end_point_hash(), view->der()) : std::string();
}

std::string serialized(WOLFSSL_SESSION* session) {
  const int size = wolfSSL_i2d_SSL_SESSION(session, nullptr);
  if (size <= 0) return {};
  std::string text(static_cast<std::size_t>(size), '\0');
  auto* out = reinterpret_cast<unsigned char*>(text.data());
  return wolfSSL_i2d_SSL_SESSION(session, &out) == size ? text : std::string();
}

}  // namespace

Engine::Engine(const Shared& shared, std::shared_ptr<const void> keep, std::unique_ptr<ClientSide> client)
    : keep_(std::move(keep)),
      roots_(shared.roots),
      client_(std::move(client)),
      ssl_(wolfSSL_new(shared.context.get())),
      strict_(shared.strict_clients) {
  if (!ssl_) return;
  wolfSSL_SetIOReadCtx(ssl_.get(), this);
  wolfSSL_SetIOWriteCtx(ssl_.get(), this);
  wolfSSL_SetCertCbCtx(ssl_.get(), this);
  wolfSSL_set_app_data(ssl_.get(), this);
  if (client_) {
    strict_ = client_->target.policy == TlsPolicy::pkix || client_->target.policy == TlsPolicy::dane;
    wolfSSL_set_connect_state(ssl_.get());
  } else {
    wolfSSL_set_accept_state(ssl_.get());
  }
}

Engine::~Engine() = default;

void Engine::offer_session() {
  const auto entry = client_->sessions->find(client_->key);
  if (!entry) return;
  const auto* in = reinterpret_cast<const unsigned char*>(entry->session.data());
  const Owned<WOLFSSL_SESSION> session(
      wolfSSL_d2i_SSL_SESSION(nullptr, &in, static_cast<long>(entry->session.size())));
  if (session && wolfSSL_set_session(ssl_.get(), session.get()) == WOLFSSL_SUCCESS)
    client_->cached = entry->verification;
}

int Engine::on_read(WOLFSSL*, char* into, int most, void* self) {
  const std::size_t count = static_cast<Engine*>(self)->take_input(into, static_cast<std::size_t>(most));
  return count == 0 ? static_cast<int>(WOLFSSL_CBIO_ERR_WANT_READ) : static_cast<int>(count);
}

int Engine::on_write(WOLFSSL*, char* from, int count, void* self) {
  static_cast<Engine*>(self)->put_output(std::string_view(from, static_cast<std::size_t>(count)));
  return count;
}

int Engine::on_new_session(WOLFSSL* ssl, WOLFSSL_SESSION* session) {
  const auto* const engine = static_cast<const Engine*>(wolfSSL_get_app_data(ssl));
  if (engine == nullptr || !engine->client_) return 0;
  Sessions::Entry entry;
  entry.session = serialized(session);
  entry.verification = engine->verification();
  if (!entry.session.empty()) engine->client_->sessions->store(engine->client_->key, std::move(entry));
  return 0;  // wolfSSL keeps its own
}

// Called for each certificate, the peer's own last.
int Engine::on_certificate(int, WOLFSSL_X509_STORE_CTX* store) {
  if (store->error_depth != 0) return 1;
  auto& engine = *static_cast<Engine*>(store->userCtx);
  std::vector<std::string_view> chain;
  for (int index = 0; index < store->totalCerts; ++index) {
    const WOLFSSL_BUFFER_INFO& der = store->certs[index];
    chain.emplace_back(reinterpret_cast<const char*>(der.buffer), der.length);
  }
  engine.judged_ = engine.client_ ? judge_server(chain, engine.client_->target, *engine.roots_)
                                  : judge_client(chain, *engine.roots_);
  engine.refused_ = engine.strict_ && engine.judged_.trust != TlsTrust::trusted;
  return engine.refused_ ? 0 : 1;
}

TlsEngine::Step Engine::outcome(int result) {
  const int code = wolfSSL_get_error(ssl_.get(), result);
  if (code == WOLFSSL_ERROR_WANT_READ) return {Status::want_input, 0};
  if (code == WOLFSSL_ERROR_ZERO_RETURN) return {Status::closed, 0};
  return fail(why(code));
}

std::string Engine::why(int code) const {
  WOLFSSL_ALERT_HISTORY alerts{};
  wolfSSL_get_alert_history(ssl_.get(), &alerts);
  if (refused_) return "the peer's certificate is refused: " + judged_.text;
  if (alerts.last_rx.code > 0) return alert_text(alerts.last_rx.code);
  std::string text = error_text(code);
  if (alerts.last_tx.code > 0) text.append("; sent the alert ").append(alert_name(alerts.last_tx.code));
  return text;
}

TlsEngine::Step Engine::handshake() {
  if (has_failed()) return {Status::failed, 0};
  if (established_) return {};
  free_points_with_thread();
  wolfSSL_ERR_clear_error();
  const int result = client_ ? wolfSSL_connect(ssl_.get()) : wolfSSL_accept(ssl_.get());
  if (result != WOLFSSL_SUCCESS) {
    const Step step = outcome(result);
    // What was offered may be the reason.
    if (client_ && step.status == Status::failed) client_->sessions->remove(client_->key);
    return step.status == Status::closed ? fail("the peer closed the session during the handshake") : step;
  }
  if (strict_ && client_ && verification().trust != TlsTrust::trusted)
    return fail("the peer's certificate is refused: " + verification().text);
  established_ = true;
  return {};
}

TlsEngine::Step Engine::read(std::span<char> into) {
  if (has_failed()) return {Status::failed, 0};
  wolfSSL_ERR_clear_error();
  const int result = wolfSSL_read(ssl_.get(), into.data(), static_cast<int>(into.size()));
  return result > 0 ? Step{Status::done, static_cast<std::size_t>(result)} : outcome(result);
}

TlsEngine::Step Engine::write(std::string_view plaintext) {
  if (has_failed()) return {Status::failed, 0};
  const std::size_t most = std::min(plaintext.size(), room());
  if (most == 0) return {Status::want_output, 0};
  reserve_output(most);
  wolfSSL_ERR_clear_error();
  const int result = wolfSSL_write(ssl_.get(), plaintext.data(), static_cast<int>(most));
  return result > 0 ? Step{Status::done, static_cast<std::size_t>(result)} : outcome(result);
}

TlsEngine::Step Engine::shutdown() {
  if (has_failed()) return {Status::failed, 0};
  if (!established_ || std::exchange(close_made_, true)) return {};
  wolfSSL_ERR_clear_error();
  (void)wolfSSL_shutdown(ssl_.get());
  return {};
}

bool Engine::pending() const { return wolfSSL_pending(ssl_.get()) > 0; }

Verification Engine::verification() const {
  if (client_ && wolfSSL_session_reused(ssl_.get()) == 1) return client_->cached;
  if (!client_ && judged_.text.empty()) return {TlsTrust::unchecked, "the client showed no certificate"};
  return judged_;
}

void Engine::add_peer(TlsInfo& info) const {
  WOLFSSL_X509_CHAIN* const chain = wolfSSL_get_peer_chain(ssl_.get());
  const int count = chain == nullptr ? 0 : wolfSSL_get_chain_count(chain);
  for (int index = 0; index < count; ++index) {
    const auto* const der = reinterpret_cast<const char*>(wolfSSL_get_chain_cert(chain, index));
    info.peer_chain.emplace_back(der, static_cast<std::size_t>(wolfSSL_get_chain_length(chain, index)));
  }
  if (info.peer_chain.empty()) return;
  if (const auto view = CertificateView::parse(info.peer_chain.front())) {
    info.peer_subject = view->subject();
    info.peer_issuer = view->issuer();
    info.peer_names = view->names();
  }
}

TlsInfo Engine::info() const {
  WOLFSSL* const ssl = ssl_.get();
  TlsInfo info;
  info.version = wolfSSL_version(ssl) >= TLS1_3_VERSION ? TlsVersion::tls1_3 : TlsVersion::tls1_2;
  const int suite = wolfSSL_get_current_cipher_suite(ssl);
  const char* const cipher = wolfSSL_get_cipher_name_iana_from_suite(
      static_cast<unsigned char>(suite >> 8), static_cast<unsigned char>(suite & 0xff));
  if (cipher != nullptr) info.cipher = cipher;
  if (!established_) return info;
  if (const char* const group = wolfSSL_get_curve_name(ssl)) info.group = group;
  if (client_) {
    if (!is_ip_address(client_->target.name)) info.sni = client_->target.name;
  } else {
    void* name = nullptr;
    const word16 size = wolfSSL_SNI_GetRequest(ssl, WOLFSSL_SNI_HOST_NAME, &name);
    if (size != 0) info.sni = printable(std::string_view(static_cast<const char*>(name), size));
  }
  char* protocol = nullptr;
  word16 length = 0;
  if (wolfSSL_ALPN_GetProtocol(ssl, &protocol, &length) == WOLFSSL_SUCCESS)
    info.alpn.assign(protocol, length);
  info.resumed = wolfSSL_session_reused(ssl) == 1;
  add_peer(info);
  Verification verdict = verification();
  info.trust = verdict.trust;
  info.verification = std::move(verdict.text);
  info.tls_exporter = exporter(ssl);
  if (!client_) {
    info.tls_server_end_point = end_point(own_certificate_);
  } else if (!info.peer_chain.empty()) {
    info.tls_server_end_point = end_point(info.peer_chain.front());
  }
  return info;
}

}  // namespace postrider::transport::wolfssl
