#include "postrider/agent/serve/listener_tls.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "postrider/crypto/provider.h"
#include "postrider/transport/tls/backends/backends.h"

namespace postrider::agent {
namespace {

using transport::PemSource;
using transport::TlsCertificate;
using Failed = std::unexpected<std::string>;

std::string system_error(const std::filesystem::path& path, int number) {
  return path.string() + ": " + std::generic_category().message(number);
}

// Whole or not at all, and never readable by others: written beside it, synced, renamed.
std::expected<void, std::string> write_private(const std::filesystem::path& path, std::string_view text) {
  const std::filesystem::path fresh = path.string() + ".new";
  ::unlink(fresh.c_str());
  const int file = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0) return Failed(system_error(fresh, errno));
  int failure = 0;
  while (!text.empty() && failure == 0) {
    const ::ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno != EINTR) failure = errno;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (failure == 0 && ::fsync(file) != 0) failure = errno;
  ::close(file);
  if (failure == 0 && ::rename(fresh.c_str(), path.c_str()) != 0) failure = errno;
  if (failure == 0) return {};
  ::unlink(fresh.c_str());
  return Failed(system_error(path, failure));
}

// The certificate comes first: a key alone, after a crash in between, is made again with it.
std::expected<TlsCertificate, std::string> own_certificate(const transport::TlsProvider& provider,
                                                           const Config& config, transport::SystemTime now,
                                                           Log& log) {
  const std::filesystem::path certificate = config.state / "certificate.pem";
  const std::filesystem::path key = config.state / "key.pem";
  TlsCertificate out(PemSource::file(certificate.string()), PemSource::file(key.string()));
  std::error_code ignored;
  if (std::filesystem::exists(certificate, ignored) && std::filesystem::exists(key, ignored)) return out;

  auto made = provider.self_signed(transport::SelfSignedOptions(config.hostname, now));
  if (!made) return Failed("no certificate could be made: " + made.error());
  std::error_code failure;
  std::filesystem::create_directories(config.state, failure);
  if (failure) return Failed(config.state.string() + ": " + failure.message());
  if (const auto written = write_private(key, made->key_pem); !written) return Failed(written.error());
  if (const auto written = write_private(certificate, made->certificate_pem); !written) {
    return Failed(written.error());
  }
  LogLine line(LogLevel::warning,
               "a self-signed certificate was made; clients that verify will not accept it");
  log.write(line.add("certificate", certificate.string()).add("hostname", config.hostname));
  return out;
}

std::expected<transport::TlsServerConfig, std::string> common_settings(const transport::TlsProvider& provider,
                                                                       const Config& config,
                                                                       transport::SystemTime now, Log& log) {
  transport::TlsServerConfig tls;
  tls.minimum =
      config.tls.minimum == TlsVersion::v1_3 ? transport::TlsVersion::tls1_3 : transport::TlsVersion::tls1_2;
  if (config.tls.certificate) {
    tls.certificates.emplace_back(PemSource::file(config.tls.certificate->string()),
                                  PemSource::file(config.tls.key->string()));
  } else {
    auto own = own_certificate(provider, config, now, log);
    if (!own) return Failed(own.error());
    tls.certificates.push_back(*std::move(own));
  }
  return tls;
}

void ask_for_certificates(const Config& config, ClientCertificates asking, transport::TlsServerConfig& tls) {
  tls.client_auth = transport::TlsClientAuth::none;
  tls.client_roots = transport::TlsRoots::nobody();
  if (asking == ClientCertificates::none) return;
  tls.client_auth = asking == ClientCertificates::require ? transport::TlsClientAuth::require
                                                          : transport::TlsClientAuth::request;
  tls.client_roots = transport::TlsRoots::given(PemSource::file(config.tls.client_ca->string()));
}

// A hash of everything that makes one context different from another.
std::expected<std::string, std::string> fingerprint(const transport::TlsProvider& provider,
                                                    const transport::TlsServerConfig& tls) {
  const crypto::Provider& hashes = crypto::default_provider();
  const std::unique_ptr<crypto::Hasher> hasher = hashes.start(crypto::Hash::sha256);
  std::string head(provider.name());
  head += static_cast<char>('0' + static_cast<int>(tls.minimum));
  head += static_cast<char>('0' + static_cast<int>(tls.client_auth));
  hasher->update(head);
  const auto add = [&](const PemSource& source, std::string_view what) -> std::expected<void, std::string> {
    const auto text = source.load(what);
    if (!text) return Failed(text.error());
    hasher->update(hashes.hash(crypto::Hash::sha256, *text).view());
    return {};
  };
  for (const TlsCertificate& each : tls.certificates) {
    if (const auto added = add(each.chain, "the certificate chain"); !added) return Failed(added.error());
    if (const auto added = add(each.key, "the private key"); !added) return Failed(added.error());
  }
  if (tls.client_auth != transport::TlsClientAuth::none) {
    const auto added = add(tls.client_roots.pem(), "the certificates that vouch for clients");
    if (!added) return Failed(added.error());
  }
  return std::string(hasher->finish().view());
}

}  // namespace

std::expected<const transport::TlsProvider*, std::string> tls_provider(TlsBackend backend) {
  const std::string_view name = backend == TlsBackend::wolfssl ? "wolfssl" : "openssl";
  if (const transport::TlsProvider* found = transport::find_tls_provider(name)) return found;
  std::string known;
  for (const transport::TlsProvider* each : transport::tls_providers()) {
    known.append(known.empty() ? "" : ", ").append(each->name());
  }
  return Failed("tls.backend: \"" + std::string(name) + "\" is not in this program; it was built with " +
                (known.empty() ? "none" : known));
}

std::expected<ListenerContexts, std::string> server_tls(const Config& config, const ListenerContexts& before,
                                                        transport::SystemTime now, Log& log) {
  ListenerContexts out;
  const auto wanted = [](const Listener& each) { return effective_tls(each) != ListenerTls::none; };
  if (std::ranges::none_of(config.listeners, wanted)) return out;
  const auto provider = tls_provider(config.tls.backend);
  if (!provider) return Failed(provider.error());
  auto tls = common_settings(**provider, config, now, log);
  if (!tls) return Failed(tls.error());
  for (const Listener& listener : config.listeners) {
    const auto place = static_cast<std::size_t>(listener.client_certificates);
    ListenerContexts::Entry& entry = out.entries_[place];
    if (!wanted(listener) || entry.context) continue;
    ask_for_certificates(config, listener.client_certificates, *tls);
    // Before the context: what is written in between looks different the next time.
    auto seen = fingerprint(**provider, *tls);
    if (!seen) return Failed(seen.error());
    entry = before.entries_[place];
    if (entry.context && entry.fingerprint == *seen) continue;
    auto made = (*provider)->server(*tls);
    if (!made) return Failed(made.error());
    entry = {*std::move(made), *std::move(seen)};
  }
  return out;
}

}  // namespace postrider::agent
