#include "postrider/agent/config/config.h"

namespace postrider::agent {

std::string_view to_string(Role role) noexcept {
  switch (role) {
    case Role::mx: return "mx";
    case Role::submission: return "submission";
    case Role::lmtp: return "lmtp";
    case Role::sink: return "sink";
  }
  return "";
}

std::string_view to_string(ListenerTls tls) noexcept {
  switch (tls) {
    case ListenerTls::none: return "none";
    case ListenerTls::starttls: return "starttls";
    case ListenerTls::implicit: return "implicit";
  }
  return "";
}

ListenerTls effective_tls(const Listener& listener) noexcept {
  if (listener.tls) return *listener.tls;
  switch (listener.role) {
    case Role::mx: return ListenerTls::starttls;
    case Role::submission: return ListenerTls::implicit;
    case Role::lmtp:
    case Role::sink: break;
  }
  return ListenerTls::none;
}

RouteTable route_table(const Config& config) {
  std::vector<Route> routes;
  routes.reserve(config.routes.size());
  for (const RouteConfig& entry : config.routes) routes.push_back(entry.route);
  return RouteTable(std::move(routes));
}

}  // namespace postrider::agent
