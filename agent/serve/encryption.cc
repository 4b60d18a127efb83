#include "postrider/agent/serve/encryption.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "postrider/transport/loop.h"
#include "postrider/transport/tls/certificate.h"
#include "postrider/transport/tls/channel_bindings.h"
#include "postrider/transport/tls/tls_stream.h"

namespace postrider::agent {
namespace {

// Three round trips, and perhaps a slow device's arithmetic.
constexpr std::chrono::seconds kHandshake{60};

void log_failure(Log& log, const server::ConnectionInfo& info, const transport::TlsFailure& failure) {
  LogLine line(LogLevel::info, "TLS failed");
  line.add("session", info.id().to_string()).add("peer", info.peer().to_string());
  line.add("reason", failure.text.empty() ? failure.error.message() : failure.text);
  log.write(line);
}

// Whom a certificate that is trusted names: its mail address, or where it has none its common name.
std::string certificate_user(const transport::TlsInfo& tls) {
  if (tls.peer_chain.empty()) return {};
  const auto certificate = transport::CertificateView::parse(tls.peer_chain.front());
  if (!certificate) return {};
  std::vector<std::string> names = certificate->mail_addresses();
  if (names.empty()) names = certificate->common_names();
  return names.empty() ? std::string() : names.front();
}

}  // namespace

server::Task<transport::StreamResult> encrypt(std::unique_ptr<transport::Stream> plain,
                                              const ListenerPolicy& policy,
                                              const server::ConnectionInfo& info, Log& log) {
  const std::shared_ptr<const MailPolicy> current = policy.current();
  if (!current->tls)
    co_return std::unexpected(transport::error_code(transport::error::operation_not_supported));
  std::unique_ptr<transport::TlsEngine> engine = current->tls->engine();
  const transport::SteadyTime deadline = transport::later(info.loop().now(), kHandshake);
  transport::TlsStart started =
      co_await transport::start_tls(info.loop(), std::move(plain), std::move(engine), deadline);
  if (!started) {
    log_failure(log, info, started.error());
    co_return std::unexpected(started.error().error);
  }
  std::unique_ptr<transport::Stream> encrypted = std::move(*started);
  co_return transport::StreamResult(std::move(encrypted));
}

server::AuthPeer auth_peer(const server::ConnectionInfo& info) {
  server::AuthPeer out;
  out.loop = &info.loop();
  out.peer = info.peer();
  out.local = info.local();
  const transport::TlsInfo* tls = info.tls();
  if (tls == nullptr) return out;
  out.connection.encrypted = true;
  out.connection.bindings = transport::channel_bindings(tls);
  if (tls->trust == transport::TlsTrust::trusted) {
    out.connection.certificate = true;
    out.certificate_user = certificate_user(*tls);
  }
  return out;
}

}  // namespace postrider::agent
