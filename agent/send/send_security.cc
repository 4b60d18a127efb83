#include "postrider/agent/send/send_security.h"

#include <cstdlib>
#include <utility>

#include "postrider/agent/serve/listener_tls.h"

namespace postrider::agent {
namespace {

using Failed = std::unexpected<SendProblem>;

std::expected<std::shared_ptr<const client::ClientLogin>, SendProblem> login_of(
    const SendOptions& options, const HostPort& server, const protocol::sasl::Primitives& primitives) {
  if (!options.user) return nullptr;
  auto login = std::make_shared<client::ClientLogin>();
  login->primitives = &primitives;
  if (options.mechanism) {
    login->only = protocol::parse_mechanism(*options.mechanism);
    if (!login->only) {
      return Failed(
          SendProblem{ExitCode::usage, "--auth: '" + *options.mechanism + "' is not a mechanism known here"});
    }
  }
  login->credentials.user = *options.user;
  login->credentials.host = server.host;
  login->credentials.port = server.port;
  const char* const password = std::getenv(options.password_variable.c_str());
  if (password == nullptr) {
    return Failed(SendProblem{ExitCode::usage, "--password-env: there is no variable '" +
                                                   options.password_variable + "' in the environment"});
  }
  const bool token =
      login->only == protocol::Mechanism::xoauth2 || login->only == protocol::Mechanism::oauthbearer;
  (token ? login->credentials.token : login->credentials.password) = protocol::sasl::Secret(password);
  return login;
}

}  // namespace

std::expected<std::shared_ptr<const transport::TlsClientContext>, SendProblem> client_tls(
    TlsBackend backend, const std::optional<std::filesystem::path>& authorities) {
  const auto provider = tls_provider(backend);
  if (!provider) return Failed(SendProblem{ExitCode::configuration, provider.error()});
  transport::TlsClientConfig tls;
  if (authorities) tls.roots = transport::TlsRoots::given(transport::PemSource::file(authorities->string()));
  auto context = (*provider)->client(tls);
  if (!context) return Failed(SendProblem{ExitCode::bad_input, context.error()});
  return *std::move(context);
}

std::expected<void, SendProblem> secure(const SendOptions& options, TlsBackend backend,
                                        const HostPort& server, const protocol::sasl::Primitives& primitives,
                                        client::ClientConfig& config) {
  auto login = login_of(options, server, primitives);
  if (!login) return Failed(login.error());
  config.login = *std::move(login);
  config.tls.use = options.tls;
  if (options.tls == client::TlsUse::none) return {};
  auto context = client_tls(backend, options.authorities);
  if (!context) return Failed(context.error());
  config.tls.context = *std::move(context);
  config.tls.target.name = server.host;
  config.tls.target.port = server.port;
  config.tls.target.policy = options.insecure ? transport::TlsPolicy::none
                             : options.tls == client::TlsUse::opportunistic
                                 ? transport::TlsPolicy::opportunistic
                                 : transport::TlsPolicy::pkix;
  return {};
}

}  // namespace postrider::agent
