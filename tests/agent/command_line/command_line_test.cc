#include "postrider/agent/command_line/command_line.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace postrider::agent {
namespace {

using Words = std::vector<std::string>;

template <class T>
T parsed(const Words& words) {
  Command command = parse_command_line(words);
  if (auto* farewell = std::get_if<Farewell>(&command); farewell != nullptr && !std::is_same_v<T, Farewell>) {
    ADD_FAILURE() << farewell->text;
  }
  if (T* wanted = std::get_if<T>(&command)) return std::move(*wanted);
  ADD_FAILURE() << "another command";
  return {};
}

TEST(CommandLine, ServeTakesItsConfigurationBeforeOrAfter) {
  EXPECT_EQ(parsed<ServeOptions>({"serve"}).config, std::nullopt);
  EXPECT_EQ(parsed<ServeOptions>({"serve", "--config", "a.toml"}).config, "a.toml");
  EXPECT_EQ(parsed<ServeOptions>({"--config", "a.toml", "serve"}).config, "a.toml");
  EXPECT_EQ(parsed<ServeOptions>({"serve", "--config=a.toml"}).config, "a.toml");
}

TEST(CommandLine, ConfigChecksAFile) {
  EXPECT_EQ(parsed<ConfigCheckOptions>({"config", "check"}).file, std::nullopt);
  EXPECT_EQ(parsed<ConfigCheckOptions>({"config", "check", "a.toml"}).file, "a.toml");
  EXPECT_EQ(parsed<ConfigCheckOptions>({"config", "check", "--config", "a.toml"}).file, "a.toml");
  EXPECT_EQ(parsed<ConfigCheckOptions>({"--config", "a.toml", "config", "check"}).file, "a.toml");
  parsed<ConfigDefaultOptions>({"config", "default"});
}

TEST(CommandLine, SendKnowsItsOptions) {
  const SendOptions send = parsed<SendOptions>({"send", "--server", "h:26", "--from", "a@x", "--to", "b@y",
                                                "--to", "c@y", "--header", "X-A: 1", "--header", "X-B: 2",
                                                "--lmtp", "--transcript", "--tls", "none", "m.eml"});
  EXPECT_EQ(send.server, "h:26");
  EXPECT_EQ(send.from, "a@x");
  EXPECT_EQ(send.to, (Words{"b@y", "c@y"}));
  EXPECT_EQ(send.headers, (Words{"X-A: 1", "X-B: 2"}));
  EXPECT_EQ(send.file, "m.eml");
  EXPECT_TRUE(send.lmtp);
  EXPECT_TRUE(send.transcript);
  EXPECT_EQ(parsed<SendOptions>({"send", "--from", "<>", "--to", "b@y", "-"}).file, "-");
  const SendOptions made =
      parsed<SendOptions>({"send", "--from", "a@x", "--to", "b@y", "--subject", "", "--body", "x y"});
  EXPECT_EQ(made.subject, "");
  EXPECT_EQ(made.body, "x y");
  EXPECT_EQ(made.file, std::nullopt);
  EXPECT_EQ(made.server, std::nullopt);
}

TEST(CommandLine, FuzzKnowsItsOptionsAndItsServers) {
  const FuzzOptions plain = parsed<FuzzOptions>({"fuzz", "h"});
  EXPECT_EQ(plain.servers.front(), (HostPort{"h", 25}));
  EXPECT_EQ(plain.sessions, 1000u);
  EXPECT_TRUE(plain.tls && !plain.compare && !plain.owned && !plain.only);
  const FuzzOptions all = parsed<FuzzOptions>(
      {"fuzz", "h:26", "--seconds", "60", "--seed", "7", "--session", "3", "--connections", "2", "--timeout",
       "5", "--recipient", "b@y", "--findings", "f", "--no-tls", "--json", "--yes-i-own-it"});
  EXPECT_EQ(all.sessions, 0u) << "as many as the time allows";
  EXPECT_EQ(all.time, std::chrono::seconds(60));
  EXPECT_EQ(all.seed, 7u);
  EXPECT_EQ(all.only, 3u);
  EXPECT_EQ(all.timeout, std::chrono::seconds(5));
  EXPECT_EQ(all.recipient, "b@y");
  EXPECT_TRUE(!all.tls && all.json && all.owned);
  EXPECT_EQ(parsed<FuzzOptions>({"fuzz", "--compare", "h:1", "h:2"}).servers.size(), 2u);
  for (const Words& wrong : std::vector<Words>{{"fuzz"},
                                               {"fuzz", "h:1", "h:2"},
                                               {"fuzz", "--compare", "h:1"},
                                               {"fuzz", "--compare", "h:1", "h:2", "--seconds", "9"},
                                               {"fuzz", "h:0"},
                                               {"fuzz", "h", "--sender", "nobody"},
                                               {"fuzz", "h", "--timeout", "0"}}) {
    EXPECT_EQ(parsed<Farewell>(wrong).code, ExitCode::usage);
  }
}

TEST(CommandLine, SinkKnowsItsOptions) {
  const SinkOptions sink =
      parsed<SinkOptions>({"sink", "--listen", "127.0.0.1:0", "--maildir", "d", "--threads", "3"});
  EXPECT_EQ(sink.listen, (HostPort{"127.0.0.1", 0}));
  EXPECT_EQ(sink.tls, ListenerTls::none);
  EXPECT_EQ(parsed<SinkOptions>({"sink", "--listen", "127.0.0.1:0", "--tls", "implicit"}).tls,
            ListenerTls::implicit);
  EXPECT_EQ(sink.maildir, "d");
  EXPECT_EQ(sink.threads, 3U);
  EXPECT_FALSE(sink.lmtp);
}

TEST(CommandLine, ConformKnowsItsOptions) {
  const ConformOptions conform = parsed<ConformOptions>({"conform",
                                                         "h:26",
                                                         "--recipient",
                                                         "b@y",
                                                         "--sender",
                                                         "a@x",
                                                         "--refused",
                                                         "c@y",
                                                         "--user",
                                                         "u",
                                                         "--password-env",
                                                         "P",
                                                         "--login",
                                                         "--tls-only",
                                                         "--check",
                                                         "one",
                                                         "--check",
                                                         "two",
                                                         "--json",
                                                         "--html",
                                                         "r.html",
                                                         "--junit",
                                                         "r.xml",
                                                         "--connections",
                                                         "3",
                                                         "--patience",
                                                         "7",
                                                         "--transcripts",
                                                         "--yes-i-own-it"});
  EXPECT_EQ(conform.server, (HostPort{"h", 26}));
  EXPECT_EQ(conform.recipient, "b@y");
  EXPECT_EQ(conform.sender, "a@x");
  EXPECT_EQ(conform.refused, "c@y");
  EXPECT_EQ(conform.user, "u");
  EXPECT_EQ(conform.password_variable, "P");
  EXPECT_EQ(conform.checks, (Words{"one", "two"}));
  EXPECT_EQ(conform.html, "r.html");
  EXPECT_EQ(conform.junit, "r.xml");
  EXPECT_EQ(conform.connections, 3U);
  EXPECT_EQ(conform.patience, 7U);
  EXPECT_TRUE(conform.login_always && conform.tls_only && conform.json && conform.verbose && conform.owner);
  EXPECT_TRUE(parsed<ConformOptions>({"conform", "--list"}).list) << "nobody has to be named for that";
  EXPECT_EQ(parsed<ConformOptions>({"conform", "h"}).server.port, 25);
}

TEST(CommandLine, ReplayKnowsItsOptions) {
  const ReplayOptions live = parsed<ReplayOptions>({"replay", "f", "h", "--timing", "--exact", "--json"});
  EXPECT_EQ(live.file, "f");
  EXPECT_EQ(live.server, (HostPort{"h", 25}));
  EXPECT_EQ(live.into, ReplayInto::live);
  EXPECT_TRUE(live.timing && live.exact && live.json);
  EXPECT_EQ(parsed<ReplayOptions>({"replay", "f", "--session", "server"}).into, ReplayInto::server_session);
  EXPECT_EQ(parsed<ReplayOptions>({"replay", "f", "--session", "client"}).into, ReplayInto::client_session);
}

TEST(CommandLine, SessionsAreRecordedWhereThatIsWanted) {
  EXPECT_EQ(parsed<ServeOptions>({"serve", "--record", "d"}).record, "d");
  EXPECT_EQ(parsed<SendOptions>({"send", "--from", "a@x", "--to", "b@y", "--record", "f"}).record, "f");
  EXPECT_EQ(parsed<LoadOptions>({"load", "h:25", "--record", "d"}).record, "d");
  EXPECT_EQ(parsed<SendOptions>({"send", "--mx", "--from", "a@x", "--to", "b@y", "--record", "d/"}).record,
            "d/");
  EXPECT_EQ(parsed<Farewell>({"send", "--mx", "--from", "a@x", "--to", "b@y", "--record", "no-folder"}).code,
            ExitCode::usage);
}

TEST(CommandLine, MistakesAreUsageErrors) {
  for (const Words& words : std::vector<Words>{{},
                                               {"bogus"},
                                               {"--bogus"},
                                               {"serve", "x"},
                                               {"serve", "--config"},
                                               {"config"},
                                               {"config", "bogus"},
                                               {"config", "check", "a", "b"},
                                               {"send"},
                                               {"conform"},
                                               {"conform", "h", "--user", "u"},
                                               {"conform", "h", "--login"},
                                               {"replay"},
                                               {"replay", "f"},
                                               {"replay", "f", "h", "--session", "server"},
                                               {"replay", "f", "--session", "neither"},
                                               {"send", "--from", "a@x"},
                                               {"send", "--to", "b@y"},
                                               {"send", "--from", "a", "--to", "b", "--tls", "maybe"},
                                               {"send", "--from", "a", "--to", "b", "f", "g"},
                                               {"send", "--from", "a", "--to", "b", "--subject", "s", "f"},
                                               {"sink"},
                                               {"sink", "--listen", "nowhere"},
                                               {"sink", "--listen", "mx.example:25"},
                                               {"help", "bogus"}}) {
    const Farewell farewell = parsed<Farewell>(words);
    EXPECT_EQ(farewell.code, ExitCode::usage) << (words.empty() ? "" : words.front());
    EXPECT_FALSE(farewell.text.empty());
  }
}

TEST(CommandLine, ManagesAccounts) {
  const auto add =
      parsed<UserOptions>({"user", "add", "fred@example.org", "--replace", "--config", "c.toml"});
  EXPECT_EQ(add.action, UserOptions::Action::add);
  EXPECT_EQ(add.name, "fred@example.org");
  EXPECT_TRUE(add.replace);
  EXPECT_EQ(add.config, "c.toml");
  const auto remove = parsed<UserOptions>({"--config", "c.toml", "user", "remove", "fred"});
  EXPECT_EQ(remove.action, UserOptions::Action::remove);
  EXPECT_EQ(remove.name, "fred");
  EXPECT_EQ(remove.config, "c.toml");
  const auto list = parsed<UserOptions>({"user", "--config", "c.toml", "list", "--json"});
  EXPECT_EQ(list.action, UserOptions::Action::list);
  EXPECT_TRUE(list.json);
  EXPECT_EQ(list.config, "c.toml");
  for (const Words& words : std::vector<Words>{
           {"user"}, {"user", "add"}, {"user", "remove"}, {"user", "list", "x"}, {"user", "add", "a", "b"}}) {
    EXPECT_EQ(parsed<Farewell>(words).code, ExitCode::usage);
  }
}

TEST(CommandLine, LooksAtAndActsOnTheQueue) {
  using Action = QueueOptions::Action;
  const auto list = parsed<QueueOptions>({"queue", "list", "--json", "--config", "c.toml"});
  EXPECT_EQ(list.action, Action::list);
  EXPECT_TRUE(list.json);
  EXPECT_EQ(list.config, "c.toml");
  EXPECT_EQ(parsed<QueueOptions>({"--config", "c.toml", "queue", "list"}).config, "c.toml");
  EXPECT_EQ(parsed<QueueOptions>({"queue", "--config", "c.toml", "list"}).config, "c.toml");
  const auto show = parsed<QueueOptions>({"queue", "show", "0cb9k3v8m4q1e", "--content"});
  EXPECT_EQ(show.action, Action::show);
  EXPECT_EQ(show.id, queue::MessageId::parse("0cb9k3v8m4q1e"));
  EXPECT_TRUE(show.content);
  const auto retry = parsed<QueueOptions>({"queue", "retry"});
  EXPECT_EQ(retry.action, Action::retry);
  EXPECT_EQ(retry.id, std::nullopt);
  EXPECT_EQ(retry.domain, "");
  EXPECT_EQ(parsed<QueueOptions>({"queue", "retry", "--domain", "example.org"}).domain, "example.org");
  EXPECT_TRUE(parsed<QueueOptions>({"queue", "retry", "0cb9k3v8m4q1e"}).id);
  EXPECT_EQ(parsed<QueueOptions>({"queue", "hold", "0cb9k3v8m4q1e"}).action, Action::hold);
  EXPECT_EQ(parsed<QueueOptions>({"queue", "release", "0cb9k3v8m4q1e"}).action, Action::release);
  EXPECT_EQ(parsed<QueueOptions>({"queue", "drop", "0cb9k3v8m4q1e", "--json"}).action, Action::drop);
  for (const Words& words : std::vector<Words>{{"queue"},
                                               {"queue", "bogus"},
                                               {"queue", "list", "x"},
                                               {"queue", "show"},
                                               {"queue", "show", "x"},
                                               {"queue", "show", "0cb9k3v8m4q1e", "--content", "--json"},
                                               {"queue", "hold"},
                                               {"queue", "drop", "0CB9K3V8M4Q1E"},
                                               {"queue", "drop", "0cb9k3v8m4q1e", "0cb9k3v8m4q1e"},
                                               {"queue", "retry", "--domain", ""},
                                               {"queue", "retry", "--domain", "d", "0cb9k3v8m4q1e"}}) {
    EXPECT_EQ(parsed<Farewell>(words).code, ExitCode::usage) << words.size() << words.back();
  }
  const Farewell help = parsed<Farewell>({"help", "queue"});
  EXPECT_NE(help.text.find("postrider queue retry --domain example.org"), std::string::npos);
}

TEST(CommandLine, SendKnowsTlsAndAccounts) {
  using client::TlsUse;
  const auto send = [](Words more) {
    Words words{"send", "--from", "a@x", "--to", "b@y"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  EXPECT_EQ(parsed<SendOptions>(send({})).tls, TlsUse::opportunistic);
  EXPECT_EQ(parsed<SendOptions>(send({"--lmtp"})).tls, TlsUse::none);
  EXPECT_EQ(parsed<SendOptions>(send({"--tls", "none"})).tls, TlsUse::none);
  EXPECT_EQ(parsed<SendOptions>(send({"--tls", "starttls"})).tls, TlsUse::required);
  EXPECT_EQ(parsed<SendOptions>(send({"--tls", "implicit"})).tls, TlsUse::implicit);
  const auto login = parsed<SendOptions>(
      send({"--user", "u", "--password-env", "PW", "--auth", "PLAIN", "--ca", "roots.pem", "--insecure"}));
  EXPECT_EQ(login.tls, TlsUse::required);  // a password never goes in clear
  EXPECT_EQ(login.user, "u");
  EXPECT_EQ(login.password_variable, "PW");
  EXPECT_EQ(login.mechanism, "PLAIN");
  EXPECT_EQ(login.authorities, "roots.pem");
  EXPECT_TRUE(login.insecure);
  for (const Words& wrong :
       std::vector<Words>{{"--user", "u"},
                          {"--password-env", "PW"},
                          {"--auth", "PLAIN"},
                          {"--user", "u", "--password-env", "PW", "--tls", "opportunistic"},
                          {"--tls", "maybe"}}) {
    EXPECT_EQ(parsed<Farewell>(send(wrong)).code, ExitCode::usage) << wrong.front();
  }
}

TEST(CommandLine, ProbeKnowsItsPorts) {
  const auto plain = parsed<ProbeOptions>({"probe", "mx.example.org"});
  EXPECT_EQ(plain.server, (HostPort{"mx.example.org", 25}));
  EXPECT_FALSE(plain.implicit);
  EXPECT_TRUE(parsed<ProbeOptions>({"probe", "h:465"}).implicit);
  EXPECT_FALSE(parsed<ProbeOptions>({"probe", "h:465", "--tls", "starttls"}).implicit);
  EXPECT_TRUE(parsed<ProbeOptions>({"probe", "h:26", "--tls", "implicit", "--json"}).json);
  EXPECT_EQ(parsed<Farewell>({"probe", "h:port"}).code, ExitCode::usage);
}

TEST(CommandLine, MxTakesADomain) {
  const auto mx = parsed<MxOptions>({"mx", "example.org", "--json", "--config", "a.toml"});
  EXPECT_EQ(mx.domain, "example.org");
  EXPECT_TRUE(mx.json);
  EXPECT_EQ(mx.config, "a.toml");
  EXPECT_EQ(parsed<Farewell>({"mx"}).code, ExitCode::usage);
}

TEST(CommandLine, SendByMxNamesNoServer) {
  const Words words{"send", "--mx", "--from", "a@x", "--to", "b@y"};
  EXPECT_TRUE(parsed<SendOptions>(words).mx);
  for (const Words& more : std::vector<Words>{{"--server", "h"},
                                              {"--lmtp"},
                                              {"--insecure"},
                                              {"--tls", "implicit"},
                                              {"--user", "u", "--password-env", "PW"}}) {
    Words wrong = words;
    wrong.insert(wrong.end(), more.begin(), more.end());
    EXPECT_EQ(parsed<Farewell>(wrong).code, ExitCode::usage) << more.front();
  }
}

TEST(CommandLine, TakesWhatSmuggleAndHostileServersNeed) {
  const auto smuggle =
      parsed<SmuggleOptions>({"smuggle", "--inbound", "h", "--outbound", "127.0.0.1:2", "--recipient",
                              "b@example.net", "--variant", "lf-dot-lf", "--wait", "3", "--sender", "<>"});
  EXPECT_EQ(smuggle.inbound, (HostPort{"h", 25}));
  EXPECT_EQ(smuggle.outbound, (HostPort{"127.0.0.1", 2}));
  EXPECT_EQ(smuggle.only, std::vector<std::string>{"lf-dot-lf"});
  EXPECT_EQ(smuggle.wait, std::chrono::seconds(3));
  EXPECT_EQ(smuggle.sender, "");
  EXPECT_TRUE(parsed<SmuggleOptions>({"smuggle", "--list"}).list);
  for (const Words& wrong :
       std::vector<Words>{{"smuggle"},
                          {"smuggle", "--inbound", "h", "--outbound", "127.0.0.1:2"},
                          {"smuggle", "--inbound", "h", "--outbound", "name:2", "--recipient", "b@c"},
                          {"smuggle", "--inbound", "h", "--outbound", "127.0.0.1:2", "--recipient", "b"},
                          {"fuzz", "--listen", "name:2"},
                          {"fuzz"}}) {
    EXPECT_EQ(parsed<Farewell>(wrong).code, ExitCode::usage) << wrong.front();
  }
  const auto listen =
      parsed<FuzzListenOptions>({"fuzz", "--listen", "127.0.0.1:0", "--behaviour", "all", "--behaviour",
                                 "polite", "--seed", "7", "--seconds", "5", "--keep", "kept"});
  EXPECT_EQ(listen.keep, "kept");
  EXPECT_EQ(listen.listen, (HostPort{"127.0.0.1", 0}));
  EXPECT_EQ(listen.behaviours, (std::vector<std::string>{"all", "polite"}));
  EXPECT_EQ(listen.seed, 7U);
  EXPECT_EQ(listen.time, std::chrono::seconds(5));
  EXPECT_TRUE(parsed<FuzzListenOptions>({"fuzz", "--list"}).list);
}

TEST(CommandLine, TeachesWithExamples) {
  EXPECT_EQ(parsed<Farewell>({"--version"}).text.substr(0, 10), "postrider ");
  EXPECT_EQ(parsed<Farewell>({"--help"}).text, parsed<Farewell>({"help"}).text);
  for (const char* name : {"serve", "config", "send", "sink", "queue"}) {
    const Farewell help = parsed<Farewell>({"help", name});
    EXPECT_EQ(help.code, ExitCode::done);
    EXPECT_NE(help.text.find("Examples:\n  postrider " + std::string(name)), std::string::npos) << help.text;
    EXPECT_NE(help.text.find("Usage: postrider " + std::string(name)), std::string::npos) << help.text;
    EXPECT_EQ(parsed<Farewell>({name, "--help"}).text, help.text);
  }
}

}  // namespace
}  // namespace postrider::agent
