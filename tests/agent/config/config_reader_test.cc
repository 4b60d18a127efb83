#include "postrider/agent/config/config_reader.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "postrider/agent/config/default_config.h"

namespace postrider::agent {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

Config good(std::string_view toml) {
  ConfigResult result = read_config(toml, "test.toml", "/etc/mail");
  if (result) return std::move(result->config);
  for (const ConfigProblem& problem : result.error()) ADD_FAILURE() << problem.to_text();
  return {};
}

std::vector<std::string> problems(std::string_view toml) {
  std::vector<std::string> out;
  const ConfigResult result = read_config(toml, "test.toml", "/etc/mail");
  if (result) return out;
  for (const ConfigProblem& problem : result.error()) out.push_back(problem.to_text());
  return out;
}

TEST(ConfigReader, AListenerMayRecordItsSessions) {
  const Config config = good("[[listen]]\naddress = \"127.0.0.1:25\"\nrecord = \"sessions\"\n");
  EXPECT_EQ(config.listeners.at(0).record, "/etc/mail/sessions");
}

// Literal values from the promise to users: whoever changes a default changes this test with it.
TEST(ConfigReader, DefaultTextIsTheDefaults) {
  const Config config = good(default_config_text());
  EXPECT_EQ(config.hostname, "localhost");
  EXPECT_EQ(config.state, "/etc/mail/postrider-state");
  EXPECT_EQ(config.threads, 0U);
  ASSERT_EQ(config.listeners.size(), 3U);
  EXPECT_EQ(config.listeners[0].address, (HostPort{"127.0.0.1", 2525}));
  EXPECT_EQ(config.listeners[0].role, Role::mx);
  EXPECT_EQ(config.listeners[0].tls, ListenerTls::starttls);
  EXPECT_TRUE(config.listeners[0].relay_from.empty());
  EXPECT_EQ(config.listeners[1].address, (HostPort{"127.0.0.1", 2587}));
  EXPECT_EQ(config.listeners[1].role, Role::submission);
  EXPECT_EQ(config.listeners[2].address, (HostPort{"127.0.0.1", 2465}));
  EXPECT_EQ(config.listeners[2].tls, ListenerTls::implicit);
  EXPECT_EQ(config.tls.backend, TlsBackend::wolfssl);
  EXPECT_EQ(config.tls.minimum, TlsVersion::v1_2);
  EXPECT_FALSE(config.tls.certificate);
  EXPECT_EQ(config.resolver.backend, ResolverBackend::system);
  EXPECT_EQ(config.queue.store, QueueStore::rocksdb);
  const std::vector<std::chrono::seconds> retry{minutes(1), minutes(5), minutes(15), minutes(30),
                                                hours(1),   hours(2),   hours(4)};
  EXPECT_EQ(config.queue.retry, retry);
  EXPECT_EQ(config.queue.expire, hours(120));
  EXPECT_EQ(config.queue.warn, hours(4));
  EXPECT_EQ(config.queue.concurrency_per_destination, 20U);
  EXPECT_EQ(config.queue.connections, 500U);
  EXPECT_EQ(config.queue.rate_per_destination, 0U);
  EXPECT_FALSE(config.aliases.file);
  EXPECT_EQ(config.aliases.tag, "");
  EXPECT_EQ(config.limits.message_size, 50U << 20);
  EXPECT_EQ(config.limits.recipients, 1000U);
  EXPECT_EQ(config.limits.command_line, 2048U);
  EXPECT_EQ(config.limits.idle, minutes(5));
  EXPECT_EQ(config.limits.connections, 20000U);
  EXPECT_EQ(config.limits.connections_per_address, 200U);
  EXPECT_EQ(config.limits.errors, 20U);
  EXPECT_EQ(config.accounts_file, "/etc/mail/accounts.toml");
  EXPECT_EQ(config.console.address, (HostPort{"127.0.0.1", 8025}));
  EXPECT_EQ(config.log.format, LogFormat::text);
  EXPECT_EQ(config.log.level, LogLevel::info);
}

TEST(ConfigReader, DefaultRoutesDeliverLocalhostAndNothingElse) {
  const Config config = good(default_config_text());
  ASSERT_EQ(config.routes.size(), 2U);
  EXPECT_EQ(config.routes[0].route.domains, std::vector<std::string>{"localhost"});
  EXPECT_EQ(std::get<ToMaildir>(config.routes[0].route.destination).path.text(),
            "/etc/mail/postrider-state/mail/{domain}/{local}");
  EXPECT_EQ(config.routes[1].route.domains, std::vector<std::string>{"*"});
  EXPECT_EQ(config.routes[1].route.destination, Destination(ToMx{25}));
  EXPECT_EQ(config.routes[1].tls, RelayTls::opportunistic);
}

// toml++ by itself names a line nearby.
TEST(ConfigReader, NamesTheLineThatIsNotUtf8) {
  const std::vector<std::string> found =
      problems("hostname = \"a\"\n\n\n# caf\xE9\n# \xC3\xA9\nstate = \"\xFF\"\n");
  EXPECT_EQ(found, (std::vector<std::string>{"test.toml:4: is not UTF-8; save the file as UTF-8",
                                             "test.toml:6: is not UTF-8; save the file as UTF-8"}));
}

TEST(ConfigReader, LeavesTheDefaultsWhereTheFileIsSilent) {
  const Config config = good("hostname = \"mx.example.org\"\n[limits]\nidle = \"30s\"\n");
  EXPECT_EQ(config.hostname, "mx.example.org");
  EXPECT_EQ(config.limits.idle, std::chrono::seconds(30));
  EXPECT_EQ(config.limits.recipients, 1000U);
  EXPECT_EQ(config.listeners.size(), 3U);
  EXPECT_EQ(config.routes.size(), 2U);
  EXPECT_EQ(good("").hostname, "localhost");
}

TEST(ConfigReader, ListenersAndRoutesReplaceTheDefaultOnes) {
  const Config config = good(R"(
[[listen]]
address = "[::1]:2600"
role = "lmtp"
relay_from = ["127.0.0.0/8", "::1"]
[[route]]
domains = ["example.org", "*.example.org"]
deliver = "maildir:mail/{local}"
[[route]]
domains = ["old.example"]
deliver = "reject:Gone"
)");
  ASSERT_EQ(config.listeners.size(), 1U);
  EXPECT_EQ(config.listeners[0].address, (HostPort{"::1", 2600}));
  EXPECT_EQ(config.listeners[0].role, Role::lmtp);
  EXPECT_FALSE(config.listeners[0].tls);
  EXPECT_EQ(config.listeners[0].relay_from.size(), 2U);
  ASSERT_EQ(config.routes.size(), 2U);
  EXPECT_EQ(std::get<ToMaildir>(config.routes[0].route.destination).path.text(), "/etc/mail/mail/{local}");
  EXPECT_EQ(config.routes[1].route.destination, Destination(Reject{"Gone"}));
}

TEST(ConfigReader, ReadsEveryOtherKey) {
  const Config config = good(R"(
[[listen]]
address = "127.0.0.1:25"
proxy_protocol = ["127.0.0.1/32"]
xclient = ["127.0.0.1/32", "::1"]
client_certificates = "request"
[tls]
backend = "openssl"
certificate = "cert.pem"
key = "/keys/key.pem"
minimum = "1.3"
client_ca = "ca.pem"
[resolver]
backend = "doh"
servers = ["127.0.0.1:5300", "[::1]"]
url = "https://dns.example/dns-query"
zone = "zone.txt"
trust_anchor = "root.key"
[queue]
rate_per_destination = 50
store = "postgresql"
url = "postgresql://host/db"
[[route]]
domains = ["*"]
deliver = "smtp://relay.example:587"
tls = "verify"
user = "u"
password_file = "secret"
[aliases]
file = "aliases"
tag = "+"
[limits]
message_size = 1048576
command_line = "4096"
[accounts]
dovecot = "run/auth-client"
[tls_report]
contact = "tls@example.org"
organization = "Example"
[console]
address = ""
[log]
format = "json"
level = "warn"
)");
  EXPECT_EQ(config.listeners.at(0).xclient.size(), 2U);
  EXPECT_EQ(config.listeners.at(0).client_certificates, ClientCertificates::request);
  EXPECT_EQ(config.tls.client_ca, "/etc/mail/ca.pem");
  EXPECT_EQ(config.dovecot, "/etc/mail/run/auth-client");
  EXPECT_EQ(config.listeners.at(0).proxy_protocol.size(), 1U);
  EXPECT_EQ(config.tls.certificate, "/etc/mail/cert.pem");
  EXPECT_EQ(config.tls.key, "/keys/key.pem");
  EXPECT_EQ(config.tls.minimum, TlsVersion::v1_3);
  const std::vector<HostPort> servers{{"127.0.0.1", 5300}, {"::1", 53}};
  EXPECT_EQ(config.resolver.servers, servers);
  EXPECT_EQ(config.queue.store, QueueStore::postgresql);
  EXPECT_EQ(config.queue.rate_per_destination, 50U);
  const RouteConfig& route = config.routes.at(0);
  EXPECT_EQ(route.route.destination, Destination(ToSmartHost{{"relay.example", 587}, false}));
  EXPECT_EQ(route.tls, RelayTls::verify);
  EXPECT_EQ(route.user, "u");
  EXPECT_EQ(route.password_file, "/etc/mail/secret");
  EXPECT_EQ(config.aliases.file, "/etc/mail/aliases");
  EXPECT_EQ(config.aliases.tag, "+");
  EXPECT_EQ(config.limits.message_size, 1048576U);
  EXPECT_EQ(config.limits.command_line, 4096U);
  EXPECT_EQ(config.tls_report.contact, "tls@example.org");
  EXPECT_EQ(config.tls_report.organization, "Example");
  EXPECT_FALSE(config.console.address);
  EXPECT_EQ(config.log.format, LogFormat::json);
  EXPECT_EQ(config.log.level, LogLevel::warning);
}

struct BadFile {
  std::string_view toml;
  std::string_view message;
};

TEST(ConfigReader, NamesFileLineAndKeyOfEveryBadValue) {
  const std::vector<BadFile> table{
      {"hostnam = \"x\"", "test.toml:1: hostnam: unknown key; did you mean \"hostname\"?"},
      {"\nfoo = 1", "test.toml:2: foo: unknown key"},
      {"[bar]\nx = 1", "test.toml:1: bar: unknown key"},
      {"hostname = 5", "test.toml:1: hostname: must be a string, not an integer"},
      {"hostname = \"a b\"", "test.toml:1: hostname: \"a b\" is no domain and no address literal"},
      {"state = \"\"", "test.toml:1: state: is no path"},
      {"threads = -1", "test.toml:1: threads: -1 is not between 0 and 1024"},
      {"threads = \"4\"", "test.toml:1: threads: must be a whole number, not a string"},
      {"listen = 5", "test.toml:1: listen: must be an array of tables, [[listen]]"},
      {"listen = []", "test.toml:1: listen: names no listener"},
      {"listen = [1]", "test.toml:1: listen: must hold tables alone, [[listen]]"},
      {"[[listen]]\nrole = \"mx\"",
       "test.toml:1: listen[0].address: is missing; write for example \"127.0.0.1:2525\""},
      {"[[listen]]\naddress = \"127.0.0.1:1\"\nrole = \"mxx\"",
       "test.toml:3: listen[0].role: \"mxx\" is not one of mx, submission, lmtp, sink"},
      {"[[listen]]\naddress = \"127.0.0.1:1\"\ntls = \"yes\"",
       "test.toml:3: listen[0].tls: \"yes\" is not one of none, starttls, implicit"},
      {"[[listen]]\naddress = \"127.0.0.1:1\"\nrelay_form = []",
       "test.toml:3: listen[0].relay_form: unknown key; did you mean \"relay_from\"?"},
      {"[[listen]]\naddress = \"127.0.0.1:1\"\nrelay_from = [\"127.0.0.1/8\"]",
       "test.toml:3: listen[0].relay_from: \"127.0.0.1/8\" has bits set behind its prefix length"},
      {"[[listen]]\naddress = \"127.0.0.1:1\"\nrelay_from = \"127.0.0.0/8\"",
       "test.toml:3: listen[0].relay_from: must be an array of strings, not a string"},
      {"[[listen]]\naddress = \"127.0.0.1:1\"\n[[listen]]\naddress = \"127.0.0.1:1\"",
       "test.toml:4: listen[1].address: \"127.0.0.1:1\" is listened on already"},
      {"[[listen]]\naddress = \"mx.example:1\"",
       "test.toml:2: listen[0].address: \"mx.example:1\" has no IP address to listen on; write for example "
       "\"127.0.0.1:2525\""},
      {"[tls]\nbackend = \"gnutls\"", "test.toml:2: tls.backend: \"gnutls\" is not one of wolfssl, openssl"},
      {"[tls]\ncertificate = \"c.pem\"", "test.toml:2: tls.certificate: needs \"key\" beside it"},
      {"[tls]\nkey = \"k.pem\"", "test.toml:2: tls.key: needs \"certificate\" beside it"},
      {"[tls]\nminimum = 1.2", "test.toml:2: tls.minimum: must be a string, not a floating-point number"},
      {"tls = 5", "test.toml:1: tls: must be a table, not an integer"},
      {"[resolver]\nbackend = \"doh\"", "test.toml:2: resolver.backend: \"doh\" needs \"url\""},
      {"[resolver]\nbackend = \"static\"", "test.toml:2: resolver.backend: \"static\" needs \"zone\""},
      {"[resolver]\nservers = [\"dns.example\"]",
       "test.toml:2: resolver.servers: \"dns.example\" has no IP address"},
      {"[resolver]\nurl = \"http://x/\"", "test.toml:2: resolver.url: must begin with https://"},
      {"[queue]\nstore = \"postgresql\"", "test.toml:2: queue.store: \"postgresql\" needs \"url\""},
      {"[queue]\nrate_per_destination = -1",
       "test.toml:2: queue.rate_per_destination: -1 is not between 0 and 4294967295"},
      {"[queue]\nretry = []", "test.toml:2: queue.retry: must hold at least one duration"},
      {"[queue]\nexpire = \"5\"",
       "test.toml:2: queue.expire: \"5\" is no duration; write for example \"8s\", \"5m\", \"4h\" or \"5d\""},
      {"[queue]\nexpire = 5", "test.toml:2: queue.expire: must be a string, not an integer"},
      {"[queue]\nexpire = \"0s\"", "test.toml:2: queue.expire: must be longer than nothing"},
      {"[queue]\nconnections = 0", "test.toml:2: queue.connections: 0 is not between 1 and 4294967295"},
      {"[[route]]\ndeliver = \"discard\"",
       "test.toml:1: route[0].domains: is missing; write for example [\"example.org\"]"},
      {"[[route]]\ndomains = []\ndeliver = \"discard\"", "test.toml:2: route[0].domains: names no domain"},
      {"[[route]]\ndomains = [\"a..b\"]\ndeliver = \"discard\"",
       "test.toml:2: route[0].domains: \"a..b\" is no domain"},
      {"[[route]]\ndomains = [\"x\"]",
       "test.toml:1: route[0].deliver: is missing; write for example \"maildir:./mail/{domain}/{local}\""},
      {"[[route]]\ndomains = [\"x\"]\ndeliver = \"maildir:{user}\"",
       "test.toml:3: route[0].deliver: \"maildir:{user}\" has a placeholder other than {local} and {domain}"},
      {"[[route]]\ndomains = [\"x\"]\ndeliver = \"discard\"\ntls = \"none\"",
       "test.toml:4: route[0].tls: is for routes that deliver to another server"},
      {"[[route]]\ndomains = [\"x\"]\ndeliver = \"mx\"\nuser = \"u\"",
       "test.toml:4: route[0].user: needs \"user\" and \"password_file\""},
      {"[limits]\nmessage_size = \"50MB\"",
       "test.toml:2: limits.message_size: \"50MB\" is no size; write octets (\"2048\") or a number with KiB, "
       "MiB or "
       "GiB (\"50MiB\")"},
      {"[limits]\nmessage_size = 0", "test.toml:2: limits.message_size: must be at least 1"},
      {"[limits]\ncommand_line = 100", "test.toml:2: limits.command_line: must be at least 512"},
      {"[limits]\ncommand_line = \"1MiB\"", "test.toml:2: limits.command_line: must be at most 16383"},
      {"[limits]\nerrors = 0", "test.toml:2: limits.errors: 0 is not between 1 and 4294967295"},
      {"[accounts]\nfile = 1", "test.toml:2: accounts.file: must be a string, not an integer"},
      {"[console]\naddress = \"8025\"",
       "test.toml:2: console.address: \"8025\" names no port; write HOST:PORT"},
      {"[log]\nformat = \"xml\"", "test.toml:2: log.format: \"xml\" is not one of text, json"},
  };
  for (const BadFile& each : table) {
    EXPECT_EQ(problems(each.toml), std::vector<std::string>{std::string(each.message)}) << each.toml;
  }
}

TEST(ConfigReader, NamesFileLineAndKeyOfAContactThatIsNoAddressAtADomain) {
  for (const std::string contact : {"mailto:tls@example.org", "tls@[192.0.2.1]", "tls", ""}) {
    const std::string message =
        "test.toml:2: tls_report.contact: \"" + contact + "\" is no address at a domain";
    EXPECT_EQ(problems("[tls_report]\ncontact = \"" + contact + "\""), std::vector<std::string>{message});
  }
}

TEST(ConfigReader, NamesFileLineAndKeyOfWhatWouldLetInNobodyOrAnybody) {
  const std::vector<BadFile> table{
      {"[[listen]]\naddress = \"127.0.0.1:1\"\nxclient = [\"localhost\"]",
       "test.toml:3: listen[0].xclient: \"localhost\" is no IP address or network; write for example "
       "\"127.0.0.0/8\""},
      {"[[listen]]\naddress = \"127.0.0.1:1\"\nrole = \"sink\"\nxclient = []",
       "test.toml:4: listen[0].xclient: and role = \"sink\" exclude each other: a sink takes from everybody "
       "alike"},
      {"[[listen]]\naddress = \"127.0.0.1:1\"\nclient_certificates = \"maybe\"",
       "test.toml:3: listen[0].client_certificates: \"maybe\" is not one of none, request, require"},
      {"[[listen]]\naddress = \"127.0.0.1:1\"\nclient_certificates = \"require\"",
       "test.toml:3: listen[0].client_certificates: needs tls.client_ca, the certificates that may vouch for "
       "clients"},
      {"[[listen]]\naddress = \"127.0.0.1:1\"\ntls = \"none\"\nclient_certificates = \"request\"\n[tls]\n"
       "client_ca = \"ca.pem\"",
       "test.toml:4: listen[0].client_certificates: needs TLS, and this listener has none"},
      {"[tls]\nclient_ca = 1", "test.toml:2: tls.client_ca: must be a string, not an integer"},
      {"[accounts]\ndovecot = \"\"", "test.toml:2: accounts.dovecot: is no path"},
      {"[accounts]\nfile = \"a.toml\"\ndovecot = \"/run/d\"",
       "test.toml:3: accounts.dovecot: and \"file\" exclude each other: accounts are kept in one place"},
  };
  for (const BadFile& each : table) {
    EXPECT_EQ(problems(each.toml), std::vector<std::string>{std::string(each.message)}) << each.toml;
  }
}

TEST(ConfigReader, RefusesASocketThatNoAddressCanName) {
  const std::vector<std::string> expected{
      "test.toml:2: accounts.dovecot: is longer than a Unix socket's path may be, 107 octets"};
  EXPECT_EQ(problems("[accounts]\ndovecot = \"/" + std::string(107, 'd') + "\""), expected);
  EXPECT_EQ(problems("[accounts]\ndovecot = \"/" + std::string(106, 'd') + "\""), std::vector<std::string>());
}

TEST(ConfigReader, ReportsAllProblemsInTheOrderOfTheFile) {
  const std::vector<std::string> expected{
      "test.toml:1: threads: -1 is not between 0 and 1024",
      "test.toml:3: limits.idle: \"x\" does not begin with a number",
      "test.toml:4: limits.foo: unknown key",
      "test.toml:6: listen[0].address: \"here\" names no port; write HOST:PORT",
      "test.toml:7: listen[0].role: \"boss\" is not one of mx, submission, lmtp, sink",
  };
  EXPECT_EQ(
      problems(
          "threads = -1\n[limits]\nidle = \"x\"\nfoo = 1\n[[listen]]\naddress = \"here\"\nrole = \"boss\"\n"),
      expected);
}

TEST(ConfigReader, ReportsEverySyntaxErrorItCanTellApart) {
  const std::vector<std::string> found =
      problems("hostname = \nthreads = 4\nstate = 'a\n[limits]\nidle == 5\n");
  ASSERT_EQ(found.size(), 3U);
  EXPECT_TRUE(found[0].starts_with("test.toml:1: ")) << found[0];
  EXPECT_TRUE(found[1].starts_with("test.toml:3: ")) << found[1];
  EXPECT_TRUE(found[2].starts_with("test.toml:5: ")) << found[2];
}

TEST(ConfigReader, SurvivesWhatIsNoToml) {
  EXPECT_FALSE(problems("[[listen\naddress = 1").empty());
  EXPECT_FALSE(problems(std::string("\0\x01\xff\xfe", 4)).empty());
  EXPECT_FALSE(problems(std::string(5000, '[')).empty());
  EXPECT_FALSE(problems("a = " + std::string(5000, '[')).empty());
  EXPECT_FALSE(problems("hostname = \"a\"\nhostname = \"b\"").empty());
  EXPECT_EQ(problems(std::string((1 << 20) + 1, '\n')),
            std::vector<std::string>{"test.toml: is larger than 1 MiB"});
}

TEST(ConfigReader, KeepsControlOctetsOutOfMessages) {
  for (const std::string& message : problems("\"a\\u001b[2Jb\" = 1\nhostname = \"\\n\\r\"")) {
    for (const char c : message) EXPECT_GE(static_cast<unsigned char>(c), 0x20) << message;
  }
}

TEST(ConfigReader, LoadsAFileRelativeToItself) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "postrider-config";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "p.toml") << "[accounts]\nfile = \"a.toml\"\n";
  const ConfigResult loaded = load_config(folder / "p.toml");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->config.accounts_file, folder / "a.toml");
  EXPECT_EQ(loaded->file, (folder / "p.toml").native());
  EXPECT_FALSE(loaded->embedded);
  EXPECT_TRUE(loaded->origins.has("accounts.file"));
  EXPECT_EQ(loaded->origins.line("accounts.file"), 2U);
  EXPECT_FALSE(loaded->origins.has("hostname"));

  const ConfigResult missing = load_config(folder / "missing.toml");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().at(0).text, "cannot be opened");
  EXPECT_FALSE(load_config(folder));
  std::filesystem::remove_all(folder);
}

TEST(ConfigReader, ATagIsAMark) {
  for (const char* good_tag : {"", "+", "-", "--", "="}) {
    EXPECT_EQ(good("[aliases]\ntag = \"" + std::string(good_tag) + "\"").aliases.tag, good_tag);
  }
  for (const char* bad_tag : {"x", "@", " ", "+a", "+++++++++", "\xc3\xb6"}) {
    const std::string tag = bad_tag;
    EXPECT_EQ(
        problems("[aliases]\ntag = \"" + tag + "\""),
        std::vector<std::string>{"test.toml:2: aliases.tag: \"" + tag +
                                 "\" is no mark between user and tag; write for example \"+\", or \"\" for "
                                 "none"});
  }
  EXPECT_EQ(problems("[aliases]\nfiles = \"x\""),
            std::vector<std::string>{"test.toml:2: aliases.files: unknown key; did you mean \"file\"?"});
}

}  // namespace
}  // namespace postrider::agent
