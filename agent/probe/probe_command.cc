#include "postrider/agent/probe/probe_command.h"

#include <iostream>
#include <memory>
#include <utility>
#include <vector>

#include "postrider/agent/command_line/print_problems.h"
#include "postrider/agent/config/config_reader.h"
#include "postrider/agent/probe/probe_report.h"
#include "postrider/agent/send/host_lookup.h"
#include "postrider/agent/send/send_security.h"
#include "postrider/client/client.h"
#include "postrider/transport/loop.h"
#include "postrider/transport/socket_network.h"

namespace postrider::agent {
namespace {

using client::Client;
using client::ClientConfig;
using client::Outcome;
using client::TlsUse;

// Nobody wants to wait the five minutes of RFC 5321 4.5.3.2 for a look.
constexpr std::chrono::seconds kPatience{30};

ClientConfig config_for(const ProbeOptions& options, const std::string& hostname,
                        std::shared_ptr<const transport::TlsClientContext> context) {
  ClientConfig config;
  config.hello_name = hostname;
  config.timeouts.greeting = config.timeouts.hello = config.timeouts.start_tls = kPatience;
  config.tls.context = std::move(context);
  config.tls.target.name = options.server.host;
  config.tls.target.port = options.server.port;
  config.tls.target.policy = transport::TlsPolicy::opportunistic;  // look, and tell
  return config;
}

void note(ProbeReport& report, const Client& client, const transport::Endpoint& address) {
  report.address = address.to_string();
  if (client.greeting()) report.greeting = protocol::to_log_line(*client.greeting());
}

// What may help whoever sees this; empty: it speaks for itself.
std::string_view advice(const ProbeOptions& options, const client::Failure& failure) {
  const bool late = failure.error == transport::error::timed_out;
  switch (failure.phase) {
    case client::Phase::connect:
      if (late) return "a firewall may be in the way: many networks let nobody out to port 25";
      if (failure.error == transport::error::connection_refused) {
        return "nobody listens there; another port is named as HOST:PORT";
      }
      return "";
    case client::Phase::start_tls:
      return options.implicit ? "a server that greets in clear is asked with --tls starttls" : "";
    case client::Phase::greeting:
      if (options.implicit || failure.reply) return "";
      return "a server that wants TLS from the first octet is asked with --tls implicit";
    default: return "";
  }
}

client::Task<Outcome<void>> look(transport::Loop& loop, ClientConfig config, TlsUse use,
                                 transport::Endpoint address, ProbeReport& report) {
  config.tls.use = use;
  transport::SocketNetwork network(loop);
  Client client(loop, std::move(config));
  Outcome<void> connected = co_await client.connect(network, address);
  if (connected || client.greeting()) note(report, client, address);
  if (connected) {
    auto& offered = use == TlsUse::none ? report.in_clear : report.encrypted;
    offered = keywords_of(client.capabilities());
    if (client.tls() != nullptr) report.tls = *client.tls();
  }
  co_await client.quit();
  co_return connected;
}

// In clear first, then once more with STARTTLS if that was offered.
client::Task<void> run(transport::Loop& loop, const ProbeOptions& options, ClientConfig config,
                       std::vector<transport::Endpoint> addresses, ProbeReport& report) {
  const TlsUse first = options.implicit ? TlsUse::implicit : TlsUse::none;
  for (const transport::Endpoint& address : addresses) {
    const Outcome<void> seen = co_await look(loop, config, first, address, report);
    if (!seen) {
      report.failure = address.to_string() + ": " + seen.error().text();
      const std::string_view help = advice(options, seen.error());
      if (!help.empty()) report.failure.append("; ").append(help);
      continue;
    }
    report.failure.clear();
    if (first == TlsUse::implicit) break;
    const bool offered = std::ranges::find(*report.in_clear, "STARTTLS") != report.in_clear->end();
    if (!offered) {
      report.tls_failure = "STARTTLS is not offered";
      break;
    }
    const Outcome<void> encrypted = co_await look(loop, config, TlsUse::required, address, report);
    if (!encrypted) report.tls_failure = encrypted.error().text();
    break;
  }
  loop.stop();
}

}  // namespace

ExitCode probe(const ProbeOptions& options) {
  const ConfigResult loaded = load_config(options.config);
  if (!loaded) return print_problems(loaded.error());
  auto context = client_tls(loaded->config.tls.backend, options.authorities);
  if (!context) {
    std::cerr << "postrider probe: " << context.error().text << '\n';
    return context.error().code;
  }
  ProbeReport report;
  report.server = to_text(options.server);
  auto addresses = look_up(options.server, loaded->config);
  if (addresses) {
    transport::Loop loop;
    ClientConfig config = config_for(options, loaded->config.hostname, *std::move(context));
    loop.spawn(run(loop, options, std::move(config), *std::move(addresses), report));
    loop.run();
  } else if (addresses.error().code == ExitCode::configuration) {
    std::cerr << "postrider probe: " << addresses.error().text << '\n';
    return addresses.error().code;
  } else {
    report.failure = addresses.error().text;
  }
  std::cout << (options.json ? report.to_json() : report.to_text()) << std::flush;
  return report.failure.empty() ? ExitCode::done : ExitCode::unavailable;
}

}  // namespace postrider::agent
