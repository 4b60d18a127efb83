#include "postrider/agent/serve/mail_agent.h"

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <utility>

#include "postrider/agent/alias/alias_file.h"
#include "postrider/agent/serve/encryption.h"
#include "postrider/agent/serve/listener_setup.h"
#include "postrider/agent/serve/listener_tls.h"
#include "postrider/agent/serve/mail_handler.h"
#include "postrider/agent/serve/sink_handler.h"
#include "postrider/transport/socket_network.h"

namespace postrider::agent {
namespace {

constexpr std::chrono::seconds kRetirement{60};  // what sessions of a listener that is gone have to finish

// The sink of a listener, which may have TLS.
class ListeningSink final : public SinkHandler {
 public:
  ListeningSink(const server::ConnectionInfo& info, Log& log, const ListenerPolicy& policy)
      : info_(info), log_(log), policy_(policy) {}

  server::Answer on_start_tls() override { return kReadyForTls; }
  server::Task<transport::StreamResult> upgrade(std::unique_ptr<transport::Stream> plain) override {
    return encrypt(std::move(plain), policy_, info_, log_);
  }

 private:
  const server::ConnectionInfo& info_;
  Log& log_;
  const ListenerPolicy& policy_;
};

// Makes the handler that the listener's role calls for; a reload may change the role.
class HandlerFactory final : public server::HandlerFactory {
 public:
  HandlerFactory(const AgentServices& services, const ListenerPolicy& policy)
      : services_(services), policy_(policy) {}

  std::unique_ptr<server::Handler> make(const server::ConnectionInfo& info) override {
    if (policy_.current()->role == Role::sink) {
      return std::make_unique<ListeningSink>(info, services_.log, policy_);
    }
    return std::make_unique<MailHandler>(info, services_, policy_);
  }

  void on_bad_proxy_header(const transport::Endpoint& proxy,
                           const transport::error_code& why) noexcept override {
    LogLine line(LogLevel::warning, "no PROXY header, connection closed");
    const bool malformed = why == transport::error::invalid_argument;
    line.add("proxy", proxy.to_string()).add("reason", malformed ? "malformed" : why.message());
    services_.log.write(line);
  }

 private:
  const AgentServices& services_;
  const ListenerPolicy& policy_;
};

ExitCode exit_code_of(const transport::error_code& error) {
  switch (error.value()) {
    case EACCES:
    case EPERM: return ExitCode::permission;
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT: return ExitCode::configuration;
    default: return ExitCode::unavailable;
  }
}

std::unexpected<StartFailure> cannot_listen(const HostPort& address, const transport::error_code& error) {
  return std::unexpected(StartFailure{why_not_listening(address, error), exit_code_of(error)});
}

std::expected<Shared, StartFailure> shared_by_listeners(const Config& config, const ListenerContexts& before,
                                                        transport::SystemTime now, Log& log) {
  Shared shared;
  shared.routes = std::make_shared<const RouteTable>(route_table(config));
  auto aliases = load_aliases(config, *shared.routes);
  if (!aliases) return std::unexpected(StartFailure{to_text(aliases.error()), ExitCode::configuration});
  shared.aliases = *std::move(aliases);
  auto tls = server_tls(config, before, now, log);
  if (!tls) return std::unexpected(StartFailure{tls.error(), ExitCode::configuration});
  shared.tls = *std::move(tls);
  return shared;
}

}  // namespace

struct MailAgent::Open {
  Open(transport::Loops& loops, const AgentServices& services, const Config& config, const Listener& listener,
       std::shared_ptr<const MailPolicy> initial, server::Admission& admission)
      : address(listener.address),
        tls(effective_tls(listener)),
        policy(std::move(initial)),
        factory(services, policy),
        server(loops, server_config(config, listener, services.authenticator), factory, admission) {}

  HostPort address;
  ListenerTls tls;
  transport::Endpoint actual;
  ListenerPolicy policy;
  HandlerFactory factory;
  server::Server server;
};

MailAgent::MailAgent(transport::Loops& loops, const AgentServices& services, const Config& config)
    : loops_(loops), services_(services), config_(config), admission_(admission_limits(config.limits)) {}

MailAgent::~MailAgent() = default;

std::expected<void, StartFailure> MailAgent::start() { return reload(config_); }

std::expected<void, StartFailure> MailAgent::reload(const Config& config) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return {};
  // First what can fail.
  const auto shared = shared_by_listeners(config, tls_, loops_[0].clock().system_now(), services_.log);
  if (!shared) return std::unexpected(shared.error());
  // A listener that was opened for a reload which then fails has served nobody yet.
  std::vector<std::unique_ptr<Open>> added;
  for (const Listener& listener : config.listeners) {
    if (find(listener.address) != nullptr) continue;
    auto opened = open(config, listener, *shared);
    if (!opened) {
      for (auto& each : added) {
        each->server.stop(transport::Duration::zero());
        retired_.push_back(std::move(each));
      }
      return std::unexpected(opened.error());
    }
    added.push_back(*std::move(opened));
  }
  std::vector<std::unique_ptr<Open>> kept;
  for (const Listener& listener : config.listeners) {
    const auto is_it = [&](const auto& each) { return each && each->address == listener.address; };
    const auto old = std::ranges::find_if(open_, is_it);
    if (old == open_.end()) {
      kept.push_back(std::move(*std::ranges::find_if(added, is_it)));
      announce(*kept.back(), "listening");
      continue;
    }
    const bool changed =
        (*old)->policy.current()->role != listener.role || (*old)->tls != effective_tls(listener);
    (*old)->tls = effective_tls(listener);
    (*old)->policy.replace(mail_policy(config, listener, *shared));
    (*old)->server.reconfigure(server_config(config, listener, services_.authenticator));
    if (changed) announce(**old, "listener changed");
    kept.push_back(std::move(*old));
  }
  for (auto& gone : open_) {
    if (!gone) continue;
    LogLine line(LogLevel::info, "listener closed");
    services_.log.write(line.add("address", gone->actual.to_string()));
    gone->server.stop(kRetirement);
    retired_.push_back(std::move(gone));
  }
  open_ = std::move(kept);
  config_ = config;
  tls_ = shared->tls;
  return {};
}

void MailAgent::offer_again() {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < open_.size(); ++i) {  // in the order of the configuration
    open_[i]->server.reconfigure(server_config(config_, config_.listeners[i], services_.authenticator));
  }
}

std::expected<std::unique_ptr<MailAgent::Open>, StartFailure> MailAgent::open(const Config& config,
                                                                              const Listener& listener,
                                                                              const Shared& shared) {
  const transport::Endpoint at = endpoint_of(listener.address);
  if (at.port() != 0) {
    // Listeners of one address on several threads need SO_REUSEPORT, and with it a second agent of the same
    // user would come in beside the first and take half of its mail. Without it the system says whether the
    // address is free.
    transport::SocketNetwork network(loops_[0]);
    const transport::ListenResult probe = network.listen(at, {});
    if (!probe) return cannot_listen(listener.address, probe.error());
    (*probe)->close();
  }
  auto opened = std::make_unique<Open>(loops_, services_, config, listener,
                                       mail_policy(config, listener, shared), admission_);
  const auto actual = opened->server.listen(at);
  if (!actual) return cannot_listen(listener.address, actual.error());
  opened->actual = *actual;
  return opened;
}

MailAgent::Open* MailAgent::find(const HostPort& address) {
  for (const auto& each : open_) {
    if (each->address == address) return each.get();
  }
  return nullptr;
}

void MailAgent::announce(const Open& open, std::string_view event) {
  const std::shared_ptr<const MailPolicy> policy = open.policy.current();
  LogLine line(LogLevel::info, event);
  line.add("address", open.actual.to_string())
      .add("role", to_string(policy->role))
      .add("tls", to_string(open.tls));
  services_.log.write(line);
  if (policy->role != Role::sink && !policy->routes->names_a_domain()) {
    LogLine warning(LogLevel::warning,
                    "no route before the catch-all names a domain: only relay_from may send mail");
    services_.log.write(warning.add("address", open.actual.to_string()));
  }
}

void MailAgent::stop(transport::Duration drain) {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  for (auto& each : open_) each->server.stop(drain);
  for (auto& each : retired_) each->server.stop(drain);
}

server::Counters MailAgent::counters() const {
  const std::lock_guard lock(mutex_);
  server::Counters sum;
  const auto add = [&sum](const std::unique_ptr<Open>& each) {
    const server::Counters one = each->server.counters();
    sum.connections += one.connections;
    sum.ended += one.ended;
    sum.refused += one.refused;
    sum.messages += one.messages;
    sum.messages_refused += one.messages_refused;
    sum.octets += one.octets;
    sum.commands_refused += one.commands_refused;
    sum.timeouts += one.timeouts;
    sum.lost += one.lost;
    sum.failures += one.failures;
  };
  std::ranges::for_each(open_, add);
  std::ranges::for_each(retired_, add);
  return sum;
}

std::vector<transport::Endpoint> MailAgent::addresses() const {
  const std::lock_guard lock(mutex_);
  std::vector<transport::Endpoint> out;
  for (const auto& each : open_) out.push_back(each->actual);
  return out;
}

}  // namespace postrider::agent
