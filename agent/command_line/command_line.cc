#include "postrider/agent/command_line/command_line.h"

#include <algorithm>
#include <functional>
#include <utility>

#include <CLI/CLI.hpp>

#include "postrider/agent/command_line/help_text.h"
#include "postrider/agent/fuzz/fuzz_arguments.h"
#include "postrider/agent/fuzz/listen_command.h"
#include "postrider/agent/smuggle/smuggle_arguments.h"
#include "postrider/agent/version.h"

namespace postrider::agent {
namespace {

constexpr std::string_view kProgram = "postrider";
constexpr std::uint16_t kPort = 25;
constexpr std::uint16_t kEncryptedPort = 465;  // RFC 8314 3.3

std::string line(std::string_view text) { return std::string(text) + "\n"; }

Farewell usage_error(std::string_view subcommand, std::string_view what) {
  const std::string name =
      subcommand.empty() ? std::string(kProgram) : "postrider " + std::string(subcommand);
  return Farewell{ExitCode::usage, line(name + ": " + std::string(what)) + line("Try: " + name + " --help")};
}

// Of a subcommand that reads its own options.
template <class Options>
Command chosen_by(std::expected<Options, std::string> options, std::string_view subcommand) {
  if (!options) return usage_error(subcommand, options.error());
  return *std::move(options);
}

// The options as CLI11 fills them in; turned into a Command afterwards.
class Parser {
 public:
  Parser();
  Command parse(std::vector<std::string> arguments);

 private:
  CLI::App& subcommand(CLI::App& parent, std::string_view name, std::string_view description);
  void add_config_option(CLI::App& app);
  void add_send();
  void add_sink();
  void add_load();
  void add_mx();
  void add_probe();
  void add_user();
  void add_queue();
  void add_conform();
  void add_replay();
  CLI::App& add_queue_action(CLI::App& queue, std::string_view name, std::string_view description);
  Command chosen();
  Command chosen_send();
  client::TlsUse chosen_tls(bool given) const;
  Command chosen_sink();
  Command chosen_load();
  Command chosen_probe();
  Command chosen_user(const CLI::App& user);
  Command chosen_queue(const CLI::App& queue);
  Command chosen_conform();
  Command chosen_replay();
  // CLI11 would take the word behind "help" for the subcommand itself.
  Command help(const std::vector<std::string>& arguments);

  std::optional<std::filesystem::path> config_file() const {
    return config_.empty() ? std::nullopt : std::optional<std::filesystem::path>(config_);
  }

  std::optional<std::filesystem::path> record_path() const {
    return record_.empty() ? std::nullopt : std::optional<std::filesystem::path>(record_);
  }

  CLI::App app_;
  std::string config_;
  std::string check_file_;
  SendOptions send_;
  SinkOptions sink_;
  LoadOptions load_;
  UserOptions user_options_;
  QueueOptions queue_;
  ConformOptions conform_;
  ReplayOptions replay_;
  std::string session_;
  std::string html_;
  std::string record_;
  std::string junit_;
  std::string id_;
  bool no_pipelining_ = false;
  std::string tls_ = "none";
  std::string listen_;
  std::string maildir_;
  std::string server_;
  std::string domain_;
  std::string file_;
  std::string subject_;
  std::string body_;
  bool mx_ = false;
  bool insecure_ = false;
  bool json_ = false;
  std::string user_;
  std::string password_variable_;
  std::string mechanism_;
  std::string authorities_;
  FuzzArguments fuzz_;
  SmuggleArguments smuggle_;
  FuzzListenArguments listen_arguments_;
};

Parser::Parser()
    : app_("An SMTP toolkit: a mail server, a mail client, and the tools around them.",
           std::string(kProgram)) {
  app_.set_version_flag("--version", "postrider " + std::string(kVersion), "Print the version and exit");
  app_.footer("\n" + std::string(help_examples("")));
  app_.get_formatter()->column_width(34);
  add_config_option(app_);

  CLI::App& serve = subcommand(app_, "serve", "run a mail server until SIGTERM or SIGINT");
  add_config_option(serve);
  serve
      .add_option("--record", record_,
                  "write a transcript of every session into this folder, secrets taken out")
      ->type_name("DIR");
  CLI::App& config = subcommand(app_, "config", "check a configuration, or print the defaults");
  config.require_subcommand(1);
  CLI::App& check =
      subcommand(config, "check", "validate a configuration: every error with file, line and key");
  add_config_option(check);
  check.add_option("FILE", check_file_,
                   "the file; default: --config, ./postrider.toml, the embedded defaults");
  subcommand(config, "default", "print the defaults, commented");
  add_send();
  add_sink();
  add_load();
  add_mx();
  add_probe();
  add_user();
  add_queue();
  add_conform();
  add_replay();
  smuggle_.add_to(subcommand(app_, "smuggle", "find end-of-data disagreements through a relay"));
  CLI::App& fuzz =
      subcommand(app_, "fuzz", "play hostile clients against a server, or a hostile server to clients");
  fuzz_.add_to(fuzz);
  listen_arguments_.add_to(fuzz);
  subcommand(app_, "help", "help SUBCOMMAND: the options and examples of one subcommand");
}

CLI::App& Parser::subcommand(CLI::App& parent, std::string_view name, std::string_view description) {
  CLI::App& added = *parent.add_subcommand(std::string(name), std::string(description));
  const std::string_view examples = help_examples(name);
  if (!examples.empty()) added.footer("\n" + std::string(examples));
  return added;
}

void Parser::add_config_option(CLI::App& app) {
  app.add_option("--config", config_,
                 "configuration; default: ./postrider.toml if it exists, else the embedded defaults")
      ->type_name("FILE");
}

void Parser::add_send() {
  CLI::App& send = subcommand(app_, "send", "submit one message, as a mail program does");
  add_config_option(send);
  send.add_option("--server", server_,
                  "server to hand the message to; default: our own, from the configuration")
      ->type_name("HOST[:PORT]");
  send.add_flag("--mx", mx_, "deliver to the recipients' mail exchangers instead, as a transfer agent does")
      ->excludes("--server");
  send.add_option("--from", send_.from, "sender; '<>' for none")->type_name("A")->required();
  send.add_option("--to", send_.to, "recipient; may be given several times")
      ->type_name("B")
      ->required()
      ->allow_extra_args(false);
  send.add_option("FILE", file_, "the message; '-': stdin");
  send.add_option("--header", send_.headers,
                  "header line to put in front of the message's own; several times")
      ->type_name("'K: V'")
      ->allow_extra_args(false);
  send.add_option("--subject", subject_, "make a message with this subject")->type_name("S");
  send.add_option("--body", body_, "make a message with this text")->type_name("S");
  send.add_flag("--lmtp", send_.lmtp, "speak LMTP: each recipient has a reply of its own");
  send.add_flag("--transcript", send_.transcript, "print the dialogue on stdout");
  send.add_option("--record", record_,
                  "write a transcript, secrets taken out, that `replay` plays; DIR/: one of each connection")
      ->type_name("FILE");
  send.add_option(
          "--tls", tls_,
          "none; opportunistic: STARTTLS where it is offered; starttls: or nothing; implicit: from the\n"
          "first octet; default: opportunistic, with --user starttls, with --lmtp none")
      ->check(CLI::IsMember({"none", "opportunistic", "starttls", "implicit"}))
      ->type_name("MODE");
  send.add_option("--user", user_, "account to log in to")->type_name("U");
  send.add_option("--password-env", password_variable_,
                  "variable of the environment that holds the password, or the token")
      ->type_name("VAR");
  send.add_option("--auth", mechanism_, "SASL mechanism; default: the strongest that both have")
      ->type_name("MECH");
  send.add_option("--ca", authorities_, "certificates to trust, in PEM; default: the system's")
      ->type_name("FILE");
  send.add_flag("--insecure", insecure_, "accept any certificate");
}

void Parser::add_sink() {
  CLI::App& sink = subcommand(app_, "sink", "accept mail and discard it, for tests and load runs");
  sink.add_option("--listen", listen_, "where to listen; port 0: any")->type_name("ADDR:PORT")->required();
  sink.add_option("--maildir", maildir_,
                  "keep the messages in this Maildir; {local} and {domain} are replaced")
      ->type_name("DIR");
  sink.add_option("--threads", sink_.threads, "default 0: one for each core")
      ->type_name("N")
      ->check(CLI::Range(0, 1024));
  sink.add_flag("--lmtp", sink_.lmtp, "speak LMTP");
  sink.add_option(
          "--tls", tls_,
          "none | starttls | implicit; default none. The certificate is the one of `serve` in this\n"
          "folder, postrider-state/certificate.pem; without it one is made, self-signed for localhost")
      ->check(CLI::IsMember({"none", "starttls", "implicit"}))
      ->type_name("MODE");
}

void Parser::add_load() {
  CLI::App& load = subcommand(app_, "load", "send many messages to a server, and say how fast that was");
  load.add_option("SERVER", server_, "server to load; port 25 if none is given, 465 with --tls implicit")
      ->type_name("HOST[:PORT]")
      ->required();
  load.add_option("--messages", load_.messages, "how many in all; default 1000")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 62));
  load.add_option("--sessions", load_.sessions, "connections at a time; default 1")
      ->type_name("N")
      ->check(CLI::Range(1, 1'000'000));
  load.add_option("--size", load_.size, "octets of each message's body, without its headers; default 1024")
      ->type_name("OCTETS")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1} << 30));
  load.add_option("--per-connection", load_.per_connection, "messages on each connection; default: all")
      ->type_name("N");
  load.add_flag("--no-pipelining", no_pipelining_, "one command a turn, whatever the server offers");
  load.add_option("--record", record_, "write a transcript of every connection into this folder")
      ->type_name("DIR");
  load.add_flag("--json", load_.json, "print the result as JSON");
  load.add_option("--from", load_.from, "sender; default a@example.org")->type_name("A");
  load.add_option("--to", load_.to, "recipient; default b@example.net")->type_name("B");
  load.add_option("--threads", load_.threads, "default 1")->type_name("N")->check(CLI::Range(1, 1024));
  load.add_option("--tls", tls_, "none | starttls | implicit; default none. Handshakes are counted and timed")
      ->check(CLI::IsMember({"none", "starttls", "implicit"}))
      ->type_name("MODE");
  load.add_option("--ca", authorities_, "certificates to trust, in PEM; default: the system's")
      ->type_name("FILE");
  load.add_flag("--insecure", insecure_, "accept any certificate");
}

void Parser::add_mx() {
  CLI::App& mx = subcommand(app_, "mx", "show where mail for a domain goes, and how it would be secured");
  add_config_option(mx);
  mx.add_option("DOMAIN", domain_, "a domain, or an address literal: '[192.0.2.1]'")->required();
  mx.add_flag("--json", json_, "print the result as JSON");
}

void Parser::add_probe() {
  CLI::App& probe =
      subcommand(app_, "probe", "connect to a server and report what it offers, and its certificate");
  add_config_option(probe);
  probe.add_option("SERVER", server_, "server to look at; port 25 if none is given")
      ->type_name("HOST[:PORT]")
      ->required();
  probe.add_option("--tls", tls_, "starttls | implicit; default: implicit for port 465, else starttls")
      ->check(CLI::IsMember({"starttls", "implicit"}))
      ->type_name("MODE");
  probe.add_option("--ca", authorities_, "certificates to trust, in PEM; default: the system's")
      ->type_name("FILE");
  probe.add_flag("--json", json_, "print the result as JSON");
}

void Parser::add_user() {
  CLI::App& user = subcommand(app_, "user", "manage submission accounts");
  add_config_option(user);
  user.require_subcommand(1);
  CLI::App& add =
      subcommand(user, "add", "make an account; the password comes from a prompt, or a line of stdin");
  add_config_option(add);
  add.add_option("NAME", user_options_.name, "name to log in with, often a mail address")->required();
  add.add_flag("--replace", user_options_.replace, "give an account that is there a new password");
  CLI::App& remove = subcommand(user, "remove", "remove an account");
  add_config_option(remove);
  remove.add_option("NAME", user_options_.name, "name of the account")->required();
  CLI::App& list = subcommand(user, "list", "print the names of all accounts");
  add_config_option(list);
  list.add_flag("--json", user_options_.json, "print them as JSON");
}

CLI::App& Parser::add_queue_action(CLI::App& queue, std::string_view name, std::string_view description) {
  CLI::App& action = subcommand(queue, name, description);
  add_config_option(action);
  action.add_flag("--json", queue_.json, "print the result as JSON");
  return action;
}

void Parser::add_queue() {
  CLI::App& queue = subcommand(app_, "queue", "look at and act on the queue of a running or stopped agent");
  add_config_option(queue);
  queue.require_subcommand(1);
  const std::string_view which = "id of the message, as `queue list`, the log and the 250 have it";
  add_queue_action(queue, "list", "every message, with its recipients and their last replies");
  CLI::App& show = add_queue_action(queue, "show", "everything that is known of one message, and its header");
  show.add_option("ID", id_, std::string(which))->required();
  show.add_flag("--content", queue_.content, "print the message instead, as it stands")->excludes("--json");
  CLI::App& retry =
      add_queue_action(queue, "retry", "try one message, those to a domain, or all of them now");
  CLI::Option* id = retry.add_option("ID", id_, std::string(which));
  retry.add_option("--domain", domain_, "recipients of this domain, of every message")
      ->type_name("D")
      ->excludes(id);
  add_queue_action(queue, "hold", "try a message no more until it is released")
      .add_option("ID", id_, std::string(which))
      ->required();
  add_queue_action(queue, "release", "try a message again that was held")
      .add_option("ID", id_, std::string(which))
      ->required();
  add_queue_action(queue, "drop", "remove a message for good; its sender is not told")
      .add_option("ID", id_, std::string(which))
      ->required();
}

void Parser::add_conform() {
  CLI::App& conform =
      subcommand(app_, "conform", "ask a server what RFCs ask of one, and report what it does otherwise");
  conform.add_option("SERVER", server_, "server to ask; port 25 if none is given")->type_name("HOST[:PORT]");
  conform
      .add_option("--recipient", conform_.recipient,
                  "mailbox that the server takes; without it half is not tried")
      ->type_name("B");
  conform.add_option("--sender", conform_.sender, "sender of all messages; default conformance@example.org")
      ->type_name("A");
  conform.add_option("--refused", conform_.refused, "address that the server refuses for good")
      ->type_name("C");
  conform.add_option("--user", conform_.user, "account for the checks about AUTH")->type_name("U");
  conform
      .add_option("--password-env", conform_.password_variable,
                  "variable of the environment that holds the password")
      ->type_name("VAR");
  conform.add_flag("--login", conform_.login_always, "log in before every message: for submission")
      ->needs("--user");
  conform.add_flag("--tls-only", conform_.tls_only, "try everything under STARTTLS");
  conform
      .add_option("--check", conform_.checks, "only this check, or those whose ids begin so; several times")
      ->type_name("ID")
      ->allow_extra_args(false);
  conform.add_flag("--list", conform_.list, "print the checks and ask nobody");
  conform.add_flag("--transcripts", conform_.verbose,
                   "print the transcript of every check, not of failures alone");
  conform.add_flag("--json", conform_.json, "print the result as JSON");
  conform.add_option("--html", html_, "write a page with the result")->type_name("FILE");
  conform.add_option("--junit", junit_, "write the result as JUnit XML, for CI")->type_name("FILE");
  conform.add_option("--connections", conform_.connections, "connections at a time; default 8")
      ->type_name("N")
      ->check(CLI::Range(1, 64));
  conform.add_option("--patience", conform_.patience, "seconds to wait for one reply; default 10")
      ->type_name("S")
      ->check(CLI::Range(1, 600));
  conform.add_flag("--yes-i-own-it", conform_.owner,
                   "the server may be asked, though it is not this machine");
}

void Parser::add_replay() {
  CLI::App& replay =
      subcommand(app_, "replay", "play a recorded session again, and show what is different now");
  replay.add_option("FILE", file_, "the transcript: of --record, of a report, or written by hand")
      ->required();
  CLI::Option* server =
      replay.add_option("SERVER", server_, "server to play it to; port 25 if none is given")
          ->type_name("HOST[:PORT]");
  replay
      .add_option("--session", session_, "server | client: into our own, in this process, without a network")
      ->check(CLI::IsMember({"server", "client"}))
      ->type_name("SIDE")
      ->excludes(server);
  replay.add_flag("--timing", replay_.timing, "at the times of the transcript, and not as fast as it goes");
  replay.add_flag("--exact", replay_.exact, "compare the texts of replies too, not code and status alone");
  replay.add_option("--patience", replay_.patience, "seconds to wait for one reply; default 10")
      ->type_name("S")
      ->check(CLI::Range(1, 600));
  replay.add_flag("--json", replay_.json, "print the result as JSON");
  replay.add_flag("--yes-i-own-it", replay_.owner,
                  "the server may be played to, though it is not this machine");
}

Command Parser::parse(std::vector<std::string> arguments) {
  if (!arguments.empty() && arguments.front() == "help") return help(arguments);
  std::ranges::reverse(arguments);  // CLI11 takes them from the back
  try {
    app_.parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    return Farewell{ExitCode::done, app_.help()};
  } catch (const CLI::CallForVersion& version) {
    return Farewell{ExitCode::done, line(version.what())};
  } catch (const CLI::ParseError& error) {
    std::string name;
    for (const CLI::App* at = &app_; !at->get_subcommands().empty();) {
      at = at->get_subcommands().front();
      name += (name.empty() ? "" : " ") + at->get_name();
    }
    return usage_error(name, error.what());
  }
  return chosen();
}

Command Parser::chosen() {
  if (app_.get_subcommands().empty()) return Farewell{ExitCode::usage, app_.help()};
  const CLI::App& sub = *app_.get_subcommands().front();
  const std::string name = sub.get_name();
  if (name == "serve") return ServeOptions{config_file(), record_path()};
  if (name == "send") return chosen_send();
  if (name == "sink") return chosen_sink();
  if (name == "load") return chosen_load();
  if (name == "mx") return MxOptions{config_file(), domain_, json_};
  if (name == "probe") return chosen_probe();
  if (name == "user") return chosen_user(sub);
  if (name == "queue") return chosen_queue(sub);
  if (name == "conform") return chosen_conform();
  if (name == "replay") return chosen_replay();
  if (name == "smuggle") return chosen_by(smuggle_.options(), name);
  if (name == "config") {
    if (sub.get_subcommands().front()->get_name() == "default") return ConfigDefaultOptions{};
    return ConfigCheckOptions{check_file_.empty() ? config_file() : std::filesystem::path(check_file_)};
  }
  if (FuzzListenArguments::chosen(sub)) return chosen_by(listen_arguments_.options(sub), name);
  return chosen_by(fuzz_.options(sub), name);
}

Command Parser::chosen_send() {
  const CLI::App& send = *app_.get_subcommands().front();
  if (mx_ && (send.count("--user") != 0 || send_.lmtp || insecure_ || tls_ == "implicit")) {
    return usage_error(
        "send",
        "--mx goes without --user, --lmtp, --insecure and --tls implicit: it speaks to servers of others");
  }
  send_.mx = mx_;
  if (send.count("--user") != send.count("--password-env")) {
    return usage_error("send", "--user and --password-env need each other");
  }
  if (send.count("--auth") != 0 && send.count("--user") == 0) {
    return usage_error("send", "--auth needs --user");
  }
  if (send.count("--user") != 0) send_.user = user_;
  if (send.count("--auth") != 0) send_.mechanism = mechanism_;
  if (send.count("--ca") != 0) send_.authorities = authorities_;
  send_.password_variable = password_variable_;
  send_.insecure = insecure_;
  send_.tls = chosen_tls(send.count("--tls") != 0);
  if (send_.user && send_.tls == client::TlsUse::opportunistic) {
    return usage_error("send", "--user asks for --tls starttls or implicit: a password must not go in clear");
  }
  send_.config = config_file();
  send_.record = record_path();
  if (mx_ && send_.record && !record_.ends_with('/') && !std::filesystem::is_directory(record_)) {
    return usage_error("send", "--mx has connections at the same time: --record needs a folder, DIR/");
  }
  if (send.count("--server") != 0) send_.server = server_;
  if (send.count("FILE") != 0) send_.file = file_;
  if (send.count("--subject") != 0) send_.subject = subject_;
  if (send.count("--body") != 0) send_.body = body_;
  if (send_.file && (send_.subject || send_.body)) {
    return usage_error("send", "a FILE and --subject or --body exclude each other; --header adds to a FILE");
  }
  return std::move(send_);
}

client::TlsUse Parser::chosen_tls(bool given) const {
  using client::TlsUse;
  if (!given) return send_.lmtp ? TlsUse::none : send_.user ? TlsUse::required : TlsUse::opportunistic;
  if (tls_ == "starttls") return TlsUse::required;
  if (tls_ == "implicit") return TlsUse::implicit;
  return tls_ == "opportunistic" ? TlsUse::opportunistic : TlsUse::none;
}

Command Parser::chosen_sink() {
  auto listen = parse_listen_address(listen_);
  if (!listen) return usage_error("sink", "--listen: '" + listen_ + "' " + listen.error());
  sink_.listen = *std::move(listen);
  if (!maildir_.empty()) sink_.maildir = maildir_;
  sink_.tls = tls_ == "starttls"   ? ListenerTls::starttls
              : tls_ == "implicit" ? ListenerTls::implicit
                                   : ListenerTls::none;
  return std::move(sink_);
}

Command Parser::chosen_probe() {
  ProbeOptions options;
  auto server = parse_host_port(server_, kPort);
  if (!server) return usage_error("probe", "'" + server_ + "' " + server.error());
  const bool given = app_.get_subcommands().front()->count("--tls") != 0;
  options.implicit = given ? tls_ == "implicit" : server->port == kEncryptedPort;
  options.server = *std::move(server);
  options.config = config_file();
  if (!authorities_.empty()) options.authorities = authorities_;
  options.json = json_;
  return options;
}

Command Parser::chosen_load() {
  load_.tls = chosen_tls(true);
  const bool implicit = load_.tls == client::TlsUse::implicit;
  auto server = parse_host_port(server_, implicit ? kEncryptedPort : kPort);
  if (!server) return usage_error("load", "'" + server_ + "' " + server.error());
  if (!authorities_.empty()) load_.authorities = authorities_;
  load_.insecure = insecure_;
  load_.server = *std::move(server);
  load_.record = record_path();
  load_.pipelining = !no_pipelining_;
  return std::move(load_);
}

Command Parser::chosen_user(const CLI::App& user) {
  const std::string action = user.get_subcommands().front()->get_name();
  user_options_.config = config_file();
  user_options_.action = action == "add"      ? UserOptions::Action::add
                         : action == "remove" ? UserOptions::Action::remove
                                              : UserOptions::Action::list;
  return std::move(user_options_);
}

Command Parser::chosen_queue(const CLI::App& queue) {
  using Action = QueueOptions::Action;
  const CLI::App& sub = *queue.get_subcommands().front();
  const std::string action = sub.get_name();
  queue_.config = config_file();
  queue_.action = action == "show"      ? Action::show
                  : action == "retry"   ? Action::retry
                  : action == "hold"    ? Action::hold
                  : action == "release" ? Action::release
                  : action == "drop"    ? Action::drop
                                        : Action::list;
  if (!id_.empty()) {
    queue_.id = queue::MessageId::parse(id_);
    if (!queue_.id) return usage_error("queue " + action, "'" + id_ + "' is no id: 13 of 0-9 and a-v");
  }
  if (action == "retry" && sub.count("--domain") != 0) {
    if (domain_.empty()) return usage_error("queue retry", "--domain: a domain is not empty");
    queue_.domain = domain_;
  }
  return std::move(queue_);
}

Command Parser::chosen_conform() {
  const CLI::App& conform = *app_.get_subcommands().front();
  if (conform.count("--user") != conform.count("--password-env")) {
    return usage_error("conform", "--user and --password-env need each other");
  }
  if (conform.count("SERVER") == 0 && !conform_.list) return usage_error("conform", "SERVER is required");
  auto server = parse_host_port(conform_.list ? "localhost" : server_, kPort);
  if (!server) return usage_error("conform", "'" + server_ + "' " + server.error());
  conform_.server = *std::move(server);
  if (conform.count("--html") != 0) conform_.html = html_;
  if (conform.count("--junit") != 0) conform_.junit = junit_;
  return std::move(conform_);
}

Command Parser::chosen_replay() {
  replay_.file = file_;
  if (!session_.empty()) {
    replay_.into = session_ == "server" ? ReplayInto::server_session : ReplayInto::client_session;
    return std::move(replay_);
  }
  if (server_.empty()) return usage_error("replay", "a SERVER is required, or --session");
  auto server = parse_host_port(server_, kPort);
  if (!server) return usage_error("replay", "'" + server_ + "' " + server.error());
  replay_.server = *std::move(server);
  return std::move(replay_);
}

Command Parser::help(const std::vector<std::string>& arguments) {
  if (arguments.size() == 1) return Farewell{ExitCode::done, app_.help()};
  const std::string& wanted = arguments[1];
  const std::vector<CLI::App*> all = app_.get_subcommands([](CLI::App*) { return true; });
  const auto about = std::ranges::find(all, wanted, [](const CLI::App* each) { return each->get_name(); });
  if (about == all.end()) return usage_error("help", "there is no subcommand '" + wanted + "'");
  return Farewell{ExitCode::done, (*about)->help(std::string(kProgram))};
}

}  // namespace

Command parse_command_line(std::vector<std::string> arguments) {
  return Parser().parse(std::move(arguments));
}

}  // namespace postrider::agent
