// The configuration of an agent, typed: what a TOML file says over the embedded defaults.
//
// Names follow the keys. Paths are absolute (they were relative to the file). Every value was checked when it
// was read; see config_reader.h for that, and default_config.h for the defaults.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "postrider/agent/config/host_port.h"
#include "postrider/agent/config/network.h"
#include "postrider/agent/route/destination.h"
#include "postrider/agent/route/route_table.h"

namespace postrider::agent {

enum class Role : std::uint8_t {
  mx,          // mail for our domains
  submission,  // our users, to anywhere, authenticated
  lmtp,        // RFC 2033, for a mail store behind a transfer agent
  sink,        // accept and discard, whatever it is
};

enum class ListenerTls : std::uint8_t { none, starttls, implicit };

// Whose addresses a user may give as the sender of a submitted message, RFC 6409 6.1.
enum class SenderCheck : std::uint8_t {
  none,     // anybody's
  account,  // the account's own: its name, or where that has no domain any address with it as local part
};

// Whether clients are asked for a certificate during the TLS handshake.
enum class ClientCertificates : std::uint8_t {
  none,
  request,  // one that tls.client_ca vouches for counts; without it a client is like any other
  require,  // without such a one there is no session
};

struct Listener {
  HostPort address;
  Role role = Role::mx;
  std::optional<ListenerTls> tls;  // left out: what suits the role
  std::vector<Network> proxy_protocol;
  std::vector<Network> xclient;  // gateways
  std::vector<Network> relay_from;
  SenderCheck sender_check = SenderCheck::none;
  ClientCertificates client_certificates = ClientCertificates::none;
  std::optional<std::filesystem::path> record;  // folder for transcripts of all sessions
};

enum class TlsBackend : std::uint8_t { wolfssl, openssl };
enum class TlsVersion : std::uint8_t { v1_2, v1_3 };

struct TlsConfig {
  TlsBackend backend = TlsBackend::wolfssl;
  std::optional<std::filesystem::path> certificate;
  std::optional<std::filesystem::path> key;
  TlsVersion minimum = TlsVersion::v1_2;
  std::optional<std::filesystem::path> client_ca;
};

enum class ResolverBackend : std::uint8_t { system, unbound, doh, fixed };  // fixed is written "static"

struct ResolverConfig {
  ResolverBackend backend = ResolverBackend::system;
  std::vector<HostPort> servers;
  std::optional<std::string> url;
  std::optional<std::filesystem::path> zone;
  std::optional<std::filesystem::path> trust_anchor;

  friend bool operator==(const ResolverConfig&, const ResolverConfig&) = default;
};

enum class QueueStore : std::uint8_t { rocksdb, memory, postgresql };

struct QueueConfig {
  QueueStore store = QueueStore::rocksdb;
  std::optional<std::string> url;
  std::vector<std::chrono::seconds> retry;  // never empty; the last one repeats
  std::chrono::seconds expire{};
  std::chrono::seconds warn{};
  std::uint32_t concurrency_per_destination = 0;
  std::uint32_t connections = 0;
  std::uint32_t rate_per_destination = 0;  // messages a second; 0: no limit
};

enum class RelayTls : std::uint8_t { none, opportunistic, required, verify };

struct RouteConfig {
  Route route;
  RelayTls tls = RelayTls::opportunistic;
  std::optional<std::string> user;
  std::optional<std::filesystem::path> password_file;
};

// Who gets the mail for addresses of ours.
struct AliasConfig {
  std::optional<std::filesystem::path> file;
  std::string tag;  // between user and tag; empty: there are none
};

// Reports about TLS to the domains that want them, RFC 8460.
struct TlsReportConfig {
  std::optional<std::string> contact;  // an address; nullopt: none are sent
  std::string organization;            // empty: the contact's domain
};

struct LimitsConfig {
  std::uint64_t message_size = 0;  // octets
  std::uint32_t recipients = 0;    // of one message
  std::uint32_t command_line = 0;  // octets with CRLF
  std::chrono::seconds idle{};
  std::uint32_t connections = 0;
  std::uint32_t connections_per_address = 0;
  std::uint32_t errors = 0;
};

struct ConsoleConfig {
  std::optional<HostPort> address;  // nullopt: off
};

enum class LogFormat : std::uint8_t { text, json };
enum class LogLevel : std::uint8_t { debug, info, warning, error };

struct LogConfig {
  LogFormat format = LogFormat::text;
  LogLevel level = LogLevel::info;
};

struct Config {
  std::string hostname;
  std::filesystem::path state;
  unsigned threads = 0;  // 0: one per core
  std::vector<Listener> listeners;
  TlsConfig tls;
  ResolverConfig resolver;
  QueueConfig queue;
  std::vector<RouteConfig> routes;
  AliasConfig aliases;
  TlsReportConfig tls_report;
  LimitsConfig limits;
  std::filesystem::path accounts_file;
  std::optional<std::filesystem::path> dovecot;  // its authentication socket, instead of accounts_file
  ConsoleConfig console;
  LogConfig log;
};

// The names as the configuration writes them.
std::string_view to_string(Role role) noexcept;
std::string_view to_string(ListenerTls tls) noexcept;

// What a listener does about TLS; left out it is what suits the role: STARTTLS for mx, implicit for
// submission (RFC 8314 3), none for the others.
ListenerTls effective_tls(const Listener& listener) noexcept;

RouteTable route_table(const Config& config);

}  // namespace postrider::agent
