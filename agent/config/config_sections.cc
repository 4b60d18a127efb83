#include "postrider/agent/config/config_sections.h"

#include <algorithm>
#include <array>
#include <limits>

#include "postrider/agent/config/quantity.h"
#include "postrider/protocol/grammar/address.h"

namespace postrider::agent {
namespace {

constexpr std::uint32_t kMany = std::numeric_limits<std::uint32_t>::max();
constexpr unsigned kMostThreads = 1024;
constexpr std::uint32_t kMostRecipients = 1'000'000;
constexpr std::size_t kLongestTag = 8;
constexpr std::uint32_t kLeastCommandLine = 512;            // RFC 5321 4.5.3.1.4
constexpr std::uint32_t kMostCommandLine = (16 << 10) - 1;  // a line fits into the smallest receive buffer

constexpr std::array<Choice<Role>, 4> kRoles{
    {{"mx", Role::mx}, {"submission", Role::submission}, {"lmtp", Role::lmtp}, {"sink", Role::sink}}};
constexpr std::array<Choice<ListenerTls>, 3> kListenerTls{
    {{"none", ListenerTls::none}, {"starttls", ListenerTls::starttls}, {"implicit", ListenerTls::implicit}}};
constexpr std::array<Choice<TlsBackend>, 2> kTlsBackends{
    {{"wolfssl", TlsBackend::wolfssl}, {"openssl", TlsBackend::openssl}}};
constexpr std::array<Choice<TlsVersion>, 2> kTlsVersions{
    {{"1.2", TlsVersion::v1_2}, {"1.3", TlsVersion::v1_3}}};
constexpr std::array<Choice<ResolverBackend>, 4> kResolverBackends{{{"system", ResolverBackend::system},
                                                                    {"unbound", ResolverBackend::unbound},
                                                                    {"doh", ResolverBackend::doh},
                                                                    {"static", ResolverBackend::fixed}}};
constexpr std::array<Choice<QueueStore>, 3> kQueueStores{{{"rocksdb", QueueStore::rocksdb},
                                                          {"memory", QueueStore::memory},
                                                          {"postgresql", QueueStore::postgresql}}};
constexpr std::array<Choice<RelayTls>, 4> kRelayTls{{{"none", RelayTls::none},
                                                     {"opportunistic", RelayTls::opportunistic},
                                                     {"required", RelayTls::required},
                                                     {"verify", RelayTls::verify}}};
constexpr std::array<Choice<LogFormat>, 2> kLogFormats{
    {{"text", LogFormat::text}, {"json", LogFormat::json}}};
constexpr std::array<Choice<LogLevel>, 5> kLogLevels{{{"debug", LogLevel::debug},
                                                      {"info", LogLevel::info},
                                                      {"warning", LogLevel::warning},
                                                      {"warn", LogLevel::warning},
                                                      {"error", LogLevel::error}}};

constexpr std::array<Choice<SenderCheck>, 2> kSenderChecks{
    {{"none", SenderCheck::none}, {"account", SenderCheck::account}}};

constexpr std::array<Choice<ClientCertificates>, 3> kClientCertificates{
    {{"none", ClientCertificates::none},
     {"request", ClientCertificates::request},
     {"require", ClientCertificates::require}}};

// A name for HELO/EHLO: a domain of letters, digits and hyphens, or an address literal. RFC 5321 4.1.3, 2.3.5
bool is_own_name(std::string_view name) {
  if (name.starts_with('[') || name.starts_with('*')) return name.starts_with('[') && name.ends_with(']');
  if (!flaw_of_domain_pattern(name).empty()) return false;
  return std::ranges::none_of(name, [](char c) { return c == '_' || static_cast<unsigned char>(c) >= 0x80; });
}

void read_listener(const toml::table& table, std::size_t index, ReadContext& context, Config& config) {
  TableReader reader(table, "listen[" + std::to_string(index) + "]", context);
  Listener listener;
  if (const auto address = reader.text("address")) {
    auto parsed = parse_listen_address(*address);
    if (parsed) {
      listener.address = *std::move(parsed);
      const bool taken =
          listener.address.port != 0 &&
          std::ranges::find(config.listeners, listener.address, &Listener::address) != config.listeners.end();
      if (taken) reader.problem("address", TableReader::quoted(*address) + " is listened on already");
    } else {
      reader.problem("address", TableReader::quoted(*address) + " " + parsed.error());
    }
  } else if (!reader.has("address")) {
    reader.problem("address", "is missing; write for example \"127.0.0.1:2525\"");
  }
  reader.choice("role", kRoles, listener.role);
  if (reader.has("tls")) {
    ListenerTls tls = ListenerTls::none;
    reader.choice("tls", kListenerTls, tls);
    listener.tls = tls;
  }
  reader.parsed_list<Network>("proxy_protocol", &Network::parse, listener.proxy_protocol);
  reader.parsed_list<Network>("xclient", &Network::parse, listener.xclient);
  if (reader.has("xclient") && listener.role == Role::sink) {
    reader.problem("xclient", "and role = \"sink\" exclude each other: a sink takes from everybody alike");
  }
  reader.parsed_list<Network>("relay_from", &Network::parse, listener.relay_from);
  reader.path("record", listener.record);
  reader.choice("sender_check", kSenderChecks, listener.sender_check);
  if (reader.has("sender_check") && listener.role != Role::submission) {
    reader.problem("sender_check", "is for listeners with role = \"submission\"");
  }
  reader.choice("client_certificates", kClientCertificates, listener.client_certificates);
  if (listener.client_certificates != ClientCertificates::none &&
      effective_tls(listener) == ListenerTls::none) {
    reader.problem("client_certificates", "needs TLS, and this listener has none");
  }
  if (listener.role == Role::submission && effective_tls(listener) == ListenerTls::none) {
    reader.problem(
        "tls", "\"none\" and role = \"submission\" exclude each other: passwords are taken under TLS alone");
  }
  reader.finish();
  config.listeners.push_back(std::move(listener));
}

void read_listeners(TableReader& root, ReadContext& context, Config& config) {
  const auto tables = root.tables("listen");
  if (!tables) return;
  config.listeners.clear();
  if (tables->empty()) root.problem("listen", "names no listener");
  for (std::size_t i = 0; i < tables->size(); ++i) read_listener(*(*tables)[i], i, context, config);
}

void read_tls(const toml::table& table, ReadContext& context, TlsConfig& tls) {
  TableReader reader(table, "tls", context);
  reader.choice("backend", kTlsBackends, tls.backend);
  reader.path("certificate", tls.certificate);
  reader.path("key", tls.key);
  reader.choice("minimum", kTlsVersions, tls.minimum);
  reader.path("client_ca", tls.client_ca);
  if (reader.has("certificate") != reader.has("key")) {
    const bool lacks_key = reader.has("certificate");
    reader.problem(lacks_key ? "certificate" : "key",
                   lacks_key ? "needs \"key\" beside it" : "needs \"certificate\" beside it");
  }
  reader.finish();
}

// Looks at two tables, so it comes after both.
void check_client_certificates(ReadContext& context, const Config& config) {
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    if (config.listeners[i].client_certificates == ClientCertificates::none || config.tls.client_ca) continue;
    std::string key = "listen[" + std::to_string(i) + "].client_certificates";
    const std::uint32_t line = context.origins.line(key);
    context.problems.push_back(
        ConfigProblem{context.file, line, std::move(key),
                      "needs tls.client_ca, the certificates that may vouch for clients"});
  }
}

void read_resolver(const toml::table& table, ReadContext& context, ResolverConfig& resolver) {
  TableReader reader(table, "resolver", context);
  reader.choice("backend", kResolverBackends, resolver.backend);
  reader.parsed_list<HostPort>(
      "servers",
      [](const std::string& each) -> std::expected<HostPort, std::string> {
        constexpr std::uint16_t kDnsPort = 53;
        auto server = parse_host_port(each, kDnsPort);
        if (server && !is_ip_address(server->host)) return std::unexpected("has no IP address");
        return server;
      },
      resolver.servers);
  if (auto url = reader.text("url")) {
    if (!url->starts_with("https://")) reader.problem("url", "must begin with https://");
    resolver.url = std::move(url);
  }
  reader.path("zone", resolver.zone);
  reader.path("trust_anchor", resolver.trust_anchor);
  if (resolver.backend == ResolverBackend::doh && !resolver.url) {
    reader.problem("backend", "\"doh\" needs \"url\"");
  }
  if (resolver.backend == ResolverBackend::fixed && !resolver.zone) {
    reader.problem("backend", "\"static\" needs \"zone\"");
  }
  reader.finish();
}

void read_queue(const toml::table& table, ReadContext& context, QueueConfig& queue) {
  TableReader reader(table, "queue", context);
  reader.choice("store", kQueueStores, queue.store);
  if (auto url = reader.text("url")) {
    if (!url->starts_with("postgresql://") && !url->starts_with("postgres://")) {
      reader.problem("url", "must begin with postgresql://");
    }
    queue.url = std::move(url);
  }
  if (queue.store == QueueStore::postgresql && !queue.url) {
    reader.problem("store", "\"postgresql\" needs \"url\"");
  }
  reader.durations("retry", queue.retry);
  reader.duration("expire", queue.expire);
  reader.duration("warn", queue.warn);
  reader.count("concurrency_per_destination", 1U, kMany, queue.concurrency_per_destination);
  reader.count("connections", 1U, kMany, queue.connections);
  reader.count("rate_per_destination", 0U, kMany, queue.rate_per_destination);
  reader.finish();
}

void resolve_paths(Destination& destination, const std::filesystem::path& folder) {
  if (auto* maildir = std::get_if<ToMaildir>(&destination)) maildir->path.resolve_in(folder);
  if (auto* lmtp = std::get_if<ToLmtpSocket>(&destination)) {
    lmtp->socket = (folder / lmtp->socket).lexically_normal();
  }
}

void read_domains(TableReader& reader, RouteConfig& entry) {
  const auto domains = reader.texts("domains");
  if (!domains) {
    if (!reader.has("domains")) reader.problem("domains", "is missing; write for example [\"example.org\"]");
    return;
  }
  if (domains->empty()) reader.problem("domains", "names no domain");
  for (const std::string& domain : *domains) {
    const std::string flaw = flaw_of_domain_pattern(domain);
    if (!flaw.empty()) reader.problem("domains", TableReader::quoted(domain) + " " + flaw);
  }
  entry.route.domains = *domains;
}

void read_route(const toml::table& table, std::size_t index, ReadContext& context, Config& config) {
  TableReader reader(table, "route[" + std::to_string(index) + "]", context);
  RouteConfig entry;
  read_domains(reader, entry);
  bool good = false;
  if (const auto deliver = reader.text("deliver")) {
    auto destination = parse_destination(*deliver);
    good = destination.has_value();
    if (good) {
      resolve_paths(*destination, context.folder);
      entry.route.destination = *std::move(destination);
    } else {
      reader.problem("deliver", TableReader::quoted(*deliver) + " " + destination.error());
    }
  } else if (!reader.has("deliver")) {
    reader.problem("deliver", "is missing; write for example \"maildir:./mail/{domain}/{local}\"");
  }
  reader.choice("tls", kRelayTls, entry.tls);
  entry.user = reader.text("user");
  reader.path("password_file", entry.password_file);
  for (const std::string_view key : {"tls", "user", "password_file"}) {
    if (good && reader.has(key) && !is_relay(entry.route.destination)) {
      reader.problem(key, "is for routes that deliver to another server");
    }
  }
  if (reader.has("user") != reader.has("password_file")) {
    reader.problem(reader.has("user") ? "user" : "password_file", "needs \"user\" and \"password_file\"");
  }
  reader.finish();
  config.routes.push_back(std::move(entry));
}

void read_routes(TableReader& root, ReadContext& context, Config& config) {
  const auto tables = root.tables("route");
  if (!tables) return;
  config.routes.clear();
  for (std::size_t i = 0; i < tables->size(); ++i) read_route(*(*tables)[i], i, context, config);
}

// What a subaddress may be told by: not what ordinary names are made of.
bool is_tag(std::string_view tag) {
  constexpr std::string_view kMarks = "+-_=~#!$%&*^|?{}'`/.";
  return tag.size() <= kLongestTag && tag.find_first_not_of(kMarks) == std::string_view::npos;
}

void read_aliases(const toml::table& table, ReadContext& context, AliasConfig& aliases) {
  TableReader reader(table, "aliases", context);
  reader.path("file", aliases.file);
  if (auto tag = reader.text("tag")) {
    if (!is_tag(*tag)) {
      reader.problem("tag",
                     TableReader::quoted(*tag) +
                         " is no mark between user and tag; write for example \"+\", or \"\" for none");
    }
    aliases.tag = *std::move(tag);
  }
  reader.finish();
}

void read_limits(const toml::table& table, ReadContext& context, LimitsConfig& limits) {
  TableReader reader(table, "limits", context);
  reader.size("message_size", 1, limits.message_size);
  reader.count("recipients", 1U, kMostRecipients, limits.recipients);
  std::uint64_t line = limits.command_line;
  reader.size("command_line", kLeastCommandLine, line);
  if (line > kMostCommandLine) {
    reader.problem("command_line", "must be at most " + std::to_string(kMostCommandLine));
  } else {
    limits.command_line = static_cast<std::uint32_t>(line);
  }
  reader.duration("idle", limits.idle);
  reader.count("connections", 1U, kMany, limits.connections);
  reader.count("connections_per_address", 1U, kMany, limits.connections_per_address);
  reader.count("errors", 1U, kMany, limits.errors);
  reader.finish();
}

void read_accounts(const toml::table& table, ReadContext& context, Config& config) {
  TableReader reader(table, "accounts", context);
  reader.path("file", config.accounts_file);
  reader.path("dovecot", config.dovecot);
  if (reader.has("file") && reader.has("dovecot")) {
    reader.problem("dovecot", "and \"file\" exclude each other: accounts are kept in one place");
  }
  if (config.dovecot && config.dovecot->native().size() > transport::Endpoint::kMaxPath) {
    reader.problem("dovecot", "is longer than a Unix socket's path may be, " +
                                  std::to_string(transport::Endpoint::kMaxPath) + " octets");
  }
  reader.finish();
}

void read_tls_report(const toml::table& table, ReadContext& context, TlsReportConfig& report) {
  TableReader reader(table, "tls_report", context);
  if (auto contact = reader.text("contact")) {
    const auto mailbox = protocol::Mailbox::parse(*contact);
    if (!mailbox || mailbox->host().kind() != protocol::Host::Kind::domain) {
      reader.problem("contact", TableReader::quoted(*contact) + " is no address at a domain");
    }
    report.contact = std::move(contact);
  }
  if (auto organization = reader.text("organization")) report.organization = *std::move(organization);
  reader.finish();
}

void read_console(const toml::table& table, ReadContext& context, ConsoleConfig& console) {
  TableReader reader(table, "console", context);
  if (const auto address = reader.text("address")) {
    if (address->empty()) {
      console.address.reset();
    } else if (auto parsed = parse_listen_address(*address)) {
      console.address = *std::move(parsed);
    } else {
      reader.problem("address", TableReader::quoted(*address) + " " + parsed.error());
    }
  }
  reader.finish();
}

void read_log(const toml::table& table, ReadContext& context, LogConfig& log) {
  TableReader reader(table, "log", context);
  reader.choice("format", kLogFormats, log.format);
  reader.choice("level", kLogLevels, log.level);
  reader.finish();
}

}  // namespace

void read_sections(const toml::table& root, ReadContext& context, Config& config) {
  TableReader reader(root, "", context);
  if (auto name = reader.text("hostname")) {
    if (!is_own_name(*name)) {
      reader.problem("hostname", TableReader::quoted(*name) + " is no domain and no address literal");
    }
    config.hostname = *std::move(name);
  }
  reader.path("state", config.state);
  reader.count("threads", 0U, kMostThreads, config.threads);
  read_listeners(reader, context, config);
  if (const auto* table = reader.table("tls")) read_tls(*table, context, config.tls);
  check_client_certificates(context, config);
  if (const auto* table = reader.table("resolver")) read_resolver(*table, context, config.resolver);
  if (const auto* table = reader.table("queue")) read_queue(*table, context, config.queue);
  read_routes(reader, context, config);
  if (const auto* table = reader.table("aliases")) read_aliases(*table, context, config.aliases);
  if (const auto* table = reader.table("limits")) read_limits(*table, context, config.limits);
  if (const auto* table = reader.table("accounts")) read_accounts(*table, context, config);
  if (const auto* table = reader.table("tls_report")) read_tls_report(*table, context, config.tls_report);
  if (const auto* table = reader.table("console")) read_console(*table, context, config.console);
  if (const auto* table = reader.table("log")) read_log(*table, context, config.log);
  reader.finish();
}

}  // namespace postrider::agent
