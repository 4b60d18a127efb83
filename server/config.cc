#include "postrider/server/config.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "postrider/transport/buffer_pool.h"

namespace postrider::server {
namespace {

constexpr std::size_t kLongestLine = transport::BufferPool::octets_of(transport::BufferSize::small) - 1;

void offer(protocol::ServerOptions& options, const std::string& keyword, const std::string& parameters) {
  for (protocol::Capabilities* each : {&options.capabilities, &options.capabilities_after_tls}) {
    if (!each->offer_keyword(keyword, parameters)) {
      throw std::invalid_argument("the keyword " + keyword + " cannot be offered");
    }
  }
}

protocol::ServerOptions checked(const ServerConfig& config, Standing standing, bool certified) {
  protocol::ServerOptions options = config.protocol;
  if (std::max(options.limits.command_line, options.limits.auth_line) > kLongestLine) {
    throw std::invalid_argument("a line limit is larger than the receive buffer");
  }
  if (certified && config.capabilities_with_certificate) {
    options.capabilities_after_tls = *config.capabilities_with_certificate;
  }
  if (standing == Standing::gateway && !config.gateway_keyword.empty()) {
    offer(options, config.gateway_keyword, config.gateway_parameters);
  }
  if (standing == Standing::trusted) {
    for (const auto& [keyword, parameters] : config.trusted_keywords) offer(options, keyword, parameters);
  }
  return options;
}

protocol::ServerProfile profile_for(const ServerConfig& config, Standing standing, bool certified) {
  return protocol::ServerProfile(checked(config, standing, certified));
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
    : profiles_{profile_for(config, Standing::any, false),     profile_for(config, Standing::gateway, false),
                profile_for(config, Standing::trusted, false), profile_for(config, Standing::any, true),
                profile_for(config, Standing::gateway, true),  profile_for(config, Standing::trusted, true)},
      greeting_(greeting_of(config)),
      timeouts_(config.timeouts),
      encrypted_(config.encrypted),
      is_proxy_(std::move(config.is_proxy)),
      is_gateway_(std::move(config.is_gateway)),
      tap_(std::move(config.tap)),
      is_trusted_(std::move(config.is_trusted)),
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
