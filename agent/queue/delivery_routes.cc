#include "postrider/agent/queue/delivery_routes.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "postrider/agent/alias/alias_file.h"
#include "postrider/protocol/grammar/owned.h"

namespace postrider::agent {
namespace {

constexpr std::size_t kLongestPassword = 1024;  // a file that is longer is not one with a password

client::TlsLevel level_of(RelayTls tls) noexcept {
  switch (tls) {
    case RelayTls::none: return client::TlsLevel::none;
    case RelayTls::opportunistic: return client::TlsLevel::opportunistic;
    case RelayTls::required: return client::TlsLevel::required;
    case RelayTls::verify: break;
  }
  return client::TlsLevel::verify;
}

// The first line of the file.
std::expected<std::string, std::string> read_password(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::unexpected(file.string() + ": " + std::strerror(errno));
  std::string text(std::istreambuf_iterator<char>(in), {});
  const std::size_t end = text.find_first_of("\r\n");
  if (end != std::string::npos) text.resize(end);
  if (text.empty()) return std::unexpected(file.string() + ": its first line has no password");
  if (text.size() > kLongestPassword) return std::unexpected(file.string() + ": its first line is too long");
  return text;
}

}  // namespace

std::expected<std::shared_ptr<const DeliveryRoutes>, std::string> DeliveryRoutes::make(
    const Config& config, const protocol::sasl::Primitives& primitives) {
  auto out = std::make_shared<DeliveryRoutes>();
  out->hostname = config.hostname;
  out->table = route_table(config);
  auto aliases = load_aliases(config, out->table);
  if (!aliases) return std::unexpected(to_text(aliases.error()));
  out->aliases = *std::move(aliases);
  for (std::size_t i = 0; i < config.routes.size(); ++i) {
    const RouteConfig& entry = config.routes[i];
    RelaySettings& settings = out->relay.emplace_back();
    settings.tls = level_of(entry.tls);
    if (!entry.user) continue;
    auto password = read_password(*entry.password_file);
    if (!password) {
      return std::unexpected("route[" + std::to_string(i) + "].password_file: " + password.error());
    }
    auto login = std::make_shared<client::ClientLogin>();
    login->credentials.user = *entry.user;
    login->credentials.password = protocol::sasl::Secret(*std::move(password));
    login->primitives = &primitives;
    settings.login = std::move(login);
  }
  return out;
}

std::optional<DeliveryRoutes::Place> DeliveryRoutes::find(std::string_view rcpt) const {
  const auto command = protocol::Owned<protocol::Rcpt>::parse(rcpt);
  if (!command) return std::nullopt;
  const protocol::ForwardPath& to = (*command)->to;
  Place place;
  if (to.postmaster) {
    auto domain = table.postmaster_domain(hostname);
    if (!domain) return std::nullopt;
    place.local = "postmaster";
    place.domain = *std::move(domain);
  } else {
    std::array<char, protocol::kMaxLocalPart> buffer{};
    place.local = protocol::unquote_local_part(to.mailbox.local_part(), buffer);
    place.domain = to.mailbox.host().text();
  }
  const auto match = table.find(place.domain);
  if (!match) return std::nullopt;
  place.destination = match->destination;
  place.relay = &relay[match->route];
  place.line = line_of(*match->destination, place.domain);
  return place;
}

std::vector<DeliveryRoutes::Target> DeliveryRoutes::targets_of(std::string_view address) const {
  std::vector<Target> out;
  const auto add = [&](std::string name) {
    auto place = find("RCPT TO:<" + name + ">");
    if (!place || std::holds_alternative<Reject>(*place->destination)) return;
    out.emplace_back(std::move(name), *std::move(place));
  };
  const auto place = find("RCPT TO:<" + std::string(address) + ">");
  AliasTable::Expansion targets;
  if (aliases != nullptr && place) targets = aliases->expand(place->local, place->domain, table);
  // A circle is no reason to lose a report, which would be all that is heard of a message.
  if (!targets || targets->empty()) {
    add(std::string(address));
  } else {
    for (const AliasAddress& each : *targets) add(each.text());
  }
  return out;
}

}  // namespace postrider::agent
