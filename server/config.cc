#include "postrider/server/config.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "postrider/transport/buffer_pool.h"

namespace postrider::server {
namespace {

constexpr std::size_t kLongestLine = transport::BufferPool::octets_of(transport::BufferSize::small) - 1;

protocol::ServerOptions checked(const ServerConfig& config, bool gateway, bool certified) {
  protocol::ServerOptions options = config.protocol;
  if (std::max(options.limits.command_line, options.limits.auth_line) > kLongestLine) {
    throw std::invalid_argument("a line limit is larger than the receive buffer");
  }
  if (certified && config.capabilities_with_certificate) {
    options.capabilities_after_tls = *config.capabilities_with_certificate;
  }
  if (!gateway || config.gateway_keyword.empty()) return options;
  for (protocol::Capabilities* each : {&options.capabilities, &options.capabilities_after_tls}) {
    if (!each->offer_keyword(config.gateway_keyword, config.gateway_parameters)) {
      throw std::invalid_argument("the gateways' keyword cannot be offered");
    }
  }
  return options;
}

protocol::ServerProfile profile_for(const ServerConfig& config, bool gateway, bool certified) {
  return protocol::ServerProfile(checked(config, gateway, certified));
}

std::string greeting_of(const ServerConfig& config) {
  if (!config.greeting.empty()) return config.greeting;
  return config.protocol.hostname + (config.protocol.flavor == protocol::Flavor::lmtp ? " LMTP" : " ESMTP");
}

}  // namespace

std::shared_ptr<const Service> Service::make(ServerConfig config) {
  return std::make_shared<const Service>(std::move(config));
}

// RFC 5321 4.2.3: the text of a 421 begins with the domain.
Service::Service(ServerConfig config)
    : profiles_{profile_for(config, false, false), profile_for(config, true, false),
                profile_for(config, false, true), profile_for(config, true, true)},
      greeting_(greeting_of(config)),
      timeouts_(config.timeouts),
      encrypted_(config.encrypted),
      is_proxy_(std::move(config.is_proxy)),
      is_gateway_(std::move(config.is_gateway)),
      tap_(std::move(config.tap)),
      timed_out_(config.protocol.hostname + " Timeout exceeded, closing connection"),
      stopping_(config.protocol.hostname + " Shutting down, try again later"),
      failed_(config.protocol.hostname + " Internal error, closing connection") {}

protocol::ReplyView Service::greeting() const noexcept { return {protocol::code::service_ready, greeting_}; }

protocol::ReplyView Service::timed_out() const noexcept {
  return {protocol::code::service_not_available, protocol::EnhancedDetail{4, 2}, timed_out_};
}

protocol::ReplyView Service::stopping() const noexcept {
  return {protocol::code::service_not_available, protocol::status::not_accepting, stopping_};
}

protocol::ReplyView Service::failed() const noexcept {
  return {protocol::code::service_not_available, protocol::status::mail_system, failed_};
}

}  // namespace postrider::server
