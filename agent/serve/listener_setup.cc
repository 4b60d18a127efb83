#include "postrider/agent/serve/listener_setup.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>
#include <iostream>
#include <utility>

#include "postrider/agent/record/session_records.h"
#include "postrider/agent/serve/delivery_wishes.h"
#include "postrider/agent/serve/xclient.h"

namespace postrider::agent {
namespace {

// What every listener offers, RFC by RFC: 2920, 1870, 6152, 6531, 3030 (both), 3461, 2034, 9422.
protocol::Capabilities capabilities(const LimitsConfig& limits) {
  using protocol::Extension;
  protocol::Capabilities offered;
  offered.offer(Extension::pipelining)
      .offer(Extension::eight_bit_mime)
      .offer(Extension::smtputf8)
      .offer(Extension::chunking)
      .offer(Extension::binarymime)
      .offer(Extension::dsn)
      .offer(Extension::enhanced_status_codes);
  offered.offer_size(limits.message_size == 0 ? std::nullopt : std::optional(limits.message_size));
  protocol::SessionLimits session;
  session.rcpt_max = limits.recipients;
  return offered.offer_limits(session);
}

// When their mail is delivered is for users to say, and for servers whose mail we relay: RFC 6710, RFC 2852.
constexpr std::array kRelayWishes = {protocol::Extension::mt_priority, protocol::Extension::deliver_by};

// A message is held back for users alone, RFC 4865.
void offer_wishes(protocol::Capabilities& offered) {
  for (const protocol::Extension each : kRelayWishes) offered.offer(each);
  [[maybe_unused]] const bool fits = offered.offer_keyword("FUTURERELEASE", future_release_bounds());
}

// What every client is under TLS, as far as it matters for what is offered.
server::AuthPeer encrypted_peer(bool certified) {
  server::AuthPeer peer;
  peer.connection.encrypted = true;
  for (const std::string_view type : {protocol::sasl::kTlsExporter, protocol::sasl::kTlsServerEndPoint}) {
    peer.connection.bindings.push_back({std::string(type), "?"});
  }
  peer.connection.certificate = certified;
  return peer;
}

std::function<std::shared_ptr<transport::StreamTap>(const transport::Endpoint&)> recording(
    const Listener& listener) {
  if (!listener.record) return nullptr;
  const auto records =
      SessionRecords::open(*listener.record, SessionRecords::Files::each, transport::RealClock::instance());
  if (!records) {
    std::cerr << "postrider: sessions are not recorded: " << records.error() << '\n';
    return nullptr;
  }
  return [records = *records](const transport::Endpoint& peer) {
    return records.tap(fuzz::WireRole::server, peer);
  };
}

std::function<bool(const transport::Endpoint&)> is_among(const std::vector<Network>& networks) {
  if (networks.empty()) return nullptr;
  return [networks](const transport::Endpoint& peer) {
    return peer.is_ip() && contains(networks, octets_of(peer));
  };
}

}  // namespace

server::ServerConfig server_config(const Config& config, const Listener& listener,
                                   const server::Authenticator* authenticator) {
  server::ServerConfig out;
  out.protocol.hostname = config.hostname;
  out.protocol.flavor = listener.role == Role::lmtp ? protocol::Flavor::lmtp : protocol::Flavor::smtp;
  out.protocol.limits.command_line = config.limits.command_line;
  out.protocol.limits.message_octets = config.limits.message_size;
  out.protocol.limits.recipients = config.limits.recipients;
  out.protocol.limits.errors = config.limits.errors;
  out.protocol.capabilities = capabilities(config.limits);
  if (listener.role == Role::submission) offer_wishes(out.protocol.capabilities);
  out.protocol.capabilities_after_tls = out.protocol.capabilities;
  out.protocol.capabilities_after_tls.offer(protocol::Extension::require_tls);  // RFC 8689 2
  if (listener.role == Role::mx) {
    out.is_trusted = is_among(listener.relay_from);
    for (const protocol::Extension each : kRelayWishes) {
      out.trusted_keywords.emplace_back(protocol::keyword(each), "");
    }
  }
  const ListenerTls tls = effective_tls(listener);
  out.encrypted = tls == ListenerTls::implicit;
  if (tls == ListenerTls::starttls) out.protocol.capabilities.offer(protocol::Extension::starttls);
  if (listener.role == Role::submission && authenticator != nullptr) {
    protocol::Capabilities certified = out.protocol.capabilities_after_tls;
    authenticator->offer(encrypted_peer(false), out.protocol.capabilities_after_tls);
    if (listener.client_certificates != ClientCertificates::none) {
      authenticator->offer(encrypted_peer(true), certified);
      out.capabilities_with_certificate = certified;
    }
  }
  out.timeouts.command = config.limits.idle;
  out.timeouts.data_block = config.limits.idle;
  out.timeouts.write = config.limits.idle;
  out.is_proxy = is_among(listener.proxy_protocol);
  out.tap = recording(listener);
  if (listener.role == Role::sink) return out;
  out.protocol.extensions = &xclient_extensions();
  out.is_gateway = is_among(listener.xclient);
  out.gateway_keyword = kXclient;
  out.gateway_parameters = kXclientAttributes;
  return out;
}

std::shared_ptr<const MailPolicy> mail_policy(const Config& config, const Listener& listener,
                                              const Shared& shared) {
  auto policy = std::make_shared<MailPolicy>();
  policy->hostname = config.hostname;
  policy->role = listener.role;
  policy->relay_from = listener.relay_from;
  policy->routes = shared.routes;
  policy->aliases = shared.aliases;
  policy->sender_check = listener.sender_check;
  if (effective_tls(listener) != ListenerTls::none) policy->tls = shared.tls.of(listener.client_certificates);
  return policy;
}

server::AdmissionLimits admission_limits(const LimitsConfig& limits) {
  server::AdmissionLimits out;
  out.connections = limits.connections;
  out.connections_per_address = limits.connections_per_address;
  return out;
}

transport::Endpoint endpoint_of(const HostPort& address) {
  return transport::Endpoint::parse_address(address.host, address.port).value_or(transport::Endpoint());
}

std::string why_not_listening(const HostPort& address, const transport::error_code& error) {
  constexpr std::uint16_t kFirstFreePort = 1024;  // those before are reserved on every usual system
  std::string text = "cannot listen on " + to_text(address) + ": " + error.message();
  if (error.value() == EADDRINUSE) {
    text +=
        "; is another postrider or mail server running? `ss -ltnp` shows it; or choose another address "
        "under [[listen]] (sink: --listen)";
  } else if (error.value() == EACCES && address.port < kFirstFreePort) {
    text +=
        "; ports below 1024 need CAP_NET_BIND_SERVICE: `setcap cap_net_bind_service=+ep "
        "/path/to/postrider`, or AmbientCapabilities= in a systemd unit";
  }
  return text;
}

}  // namespace postrider::agent
