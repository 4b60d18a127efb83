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

std::expected<std::shared_ptr<const transport::TlsServerContext>, std::string> server_tls(
    const Config& config, transport::SystemTime now, Log& log) {
  const bool wanted = std::ranges::any_of(
      config.listeners, [](const Listener& each) { return effective_tls(each) != ListenerTls::none; });
  if (!wanted) return nullptr;
  const auto provider = tls_provider(config.tls.backend);
  if (!provider) return Failed(provider.error());
  transport::TlsServerConfig tls;
  tls.minimum =
      config.tls.minimum == TlsVersion::v1_3 ? transport::TlsVersion::tls1_3 : transport::TlsVersion::tls1_2;
  if (config.tls.certificate) {
    tls.certificates.emplace_back(PemSource::file(config.tls.certificate->string()),
                                  PemSource::file(config.tls.key->string()));
  } else {
    auto own = own_certificate(**provider, config, now, log);
    if (!own) return Failed(own.error());
    tls.certificates.push_back(*std::move(own));
  }
  return (*provider)->server(tls);
}

}  // namespace postrider::agent
