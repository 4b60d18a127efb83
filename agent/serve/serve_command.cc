#include "postrider/agent/serve/serve_command.h"

#include <array>
#include <bit>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include "postrider/agent/accounts/account_authenticator.h"
#include "postrider/agent/accounts/dovecot_authenticator.h"
#include "postrider/agent/accounts/dovecot_watch.h"
#include "postrider/agent/accounts/sasl_primitives.h"
#include "postrider/agent/command_line/print_problems.h"
#include "postrider/agent/config/config_reader.h"
#include "postrider/agent/config/not_built.h"
#include "postrider/agent/log/log.h"
#include "postrider/agent/maildir/maildir_store.h"
#include "postrider/agent/queue/queue_service.h"
#include "postrider/agent/serve/file_limit.h"
#include "postrider/agent/serve/mail_agent.h"
#include "postrider/agent/serve/process_signals.h"
#include "postrider/agent/version.h"
#include "postrider/transport/loop.h"

namespace postrider::agent {
namespace {

constexpr std::chrono::seconds kDrain{
    30};  // for transactions under way; service managers wait longer than that

void log_line(Log& log, LogLevel level, std::string_view event) { log.write(LogLine(level, event)); }

void log_start(Log& log, const LoadedConfig& loaded, std::size_t threads) {
  LogLine line(LogLevel::info, "starting");
  line.add("version", kVersion).add("pid", static_cast<unsigned>(::getpid()));
  line.add("configuration", loaded.file).add("hostname", loaded.config.hostname).add("threads", threads);
  log.write(line);
  for (const std::string& notice : left_out_of_defaults(loaded)) log_line(log, LogLevel::warning, notice);
}

// Files that a crash left in the tmp folders of our mailboxes.
void clean_mailboxes(MaildirStore& store, Log& log, const Config& config) {
  std::vector<std::filesystem::path> mailboxes;
  for (const RouteConfig& entry : config.routes) {
    const auto* maildir = std::get_if<ToMaildir>(&entry.route.destination);
    if (maildir == nullptr) continue;
    for (std::filesystem::path& each : maildir->path.existing()) mailboxes.push_back(std::move(each));
  }
  if (mailboxes.empty()) return;
  store.clean(std::move(mailboxes), [&log](std::size_t removed) {
    if (removed == 0) return;
    log.write(LogLine(LogLevel::info, "leftover files removed from tmp").add("files", removed));
  });
}

Config with_records(Config config, const ServeOptions& options) {
  for (Listener& listener : config.listeners) {
    if (!listener.record) listener.record = options.record;
  }
  return config;
}

class Reloader {
 public:
  Reloader(const ServeOptions& options, MailAgent& agent, QueueService& queue, Log& log,
           const Config& started, std::function<void()> reloaded)
      : options_(options),
        agent_(agent),
        queue_(queue),
        log_(log),
        started_(started),
        reloaded_(std::move(reloaded)) {}

  // The old configuration stays in force when anything is wrong with the new one.
  void operator()() {
    const ConfigResult loaded = load_config(options_.config);
    if (!loaded) return refuse(loaded.error());
    if (const auto missing = not_built_yet(*loaded); !missing.empty()) return refuse(missing);
    const Config config = with_records(without_what_is_not_built(*loaded), options_);
    auto routes = queue_.prepare(config);
    if (!routes) return refuse(routes.error());
    if (const auto reloaded = agent_.reload(config); !reloaded) return refuse(reloaded.error().text);
    queue_.reload(*std::move(routes), config);
    log_.configure(config.log);
    reloaded_();
    note_what_needs_a_restart(config);
    log_.write(LogLine(LogLevel::info, "configuration reloaded").add("configuration", loaded->file));
  }

 private:
  void refuse(const std::vector<ConfigProblem>& problems) {
    for (const ConfigProblem& problem : problems) log_line(log_, LogLevel::error, problem.to_text());
    log_line(log_, LogLevel::error, "the new configuration is not used");
  }

  void refuse(std::string_view problem) {
    log_line(log_, LogLevel::error, problem);
    log_line(log_, LogLevel::error, "the new configuration is not used");
  }

  void note_what_needs_a_restart(const Config& config) {
    const auto note = [this](bool changed, std::string_view key) {
      if (!changed) return;
      log_.write(LogLine(LogLevel::warning, "a change that waits for a restart").add("key", key));
    };
    note(config.threads != started_.threads, "threads");
    note(config.accounts_file != started_.accounts_file, "accounts.file");
    note(config.dovecot != started_.dovecot, "accounts.dovecot");
    note(config.state != started_.state, "state");
    note(config.queue.store != started_.queue.store, "queue.store");
    note(config.queue.concurrency_per_destination != started_.queue.concurrency_per_destination,
         "queue.concurrency_per_destination");
    note(config.queue.connections != started_.queue.connections, "queue.connections");
    note(config.queue.rate_per_destination != started_.queue.rate_per_destination,
         "queue.rate_per_destination");
    note(config.resolver != started_.resolver, "resolver");
    note(config.limits.connections != started_.limits.connections, "limits.connections");
    note(config.limits.connections_per_address != started_.limits.connections_per_address,
         "limits.connections_per_address");
  }

  const ServeOptions& options_;
  MailAgent& agent_;
  QueueService& queue_;
  Log& log_;
  const Config& started_;
  std::function<void()> reloaded_;
};

// Logins against the file of accounts.
struct FileLogins {
  FileLogins(const std::filesystem::path& file, const protocol::sasl::Primitives& primitives, Log& log)
      : accounts(file, primitives,
                 [&log](const std::vector<ConfigProblem>& problems) {
                   for (const ConfigProblem& problem : problems) {
                     log_line(log, LogLevel::error, problem.to_text());
                   }
                 }),
        authenticator(AccountAuthenticator::usual_mechanisms(), accounts, hashing, throttle, primitives) {}

  AccountStore accounts;
  HashingPool hashing;
  LoginThrottle throttle;
  AccountAuthenticator authenticator;
};

std::uint32_t random_id(const protocol::sasl::Primitives& primitives) {
  std::array<char, sizeof(std::uint32_t)> octets{};
  primitives.random(octets);
  return std::bit_cast<std::uint32_t>(octets);
}

ExitCode run(const ServeOptions& options, const LoadedConfig& loaded) {
  const Config config = with_records(without_what_is_not_built(loaded), options);
  Log log(config.log);
  raise_file_limit();
  transport::Loops loops(config.threads);
  log_start(log, loaded, loops.size());
  MaildirOptions store_options;
  store_options.hostname = config.hostname;
  MaildirStore store(store_options);
  const SaslPrimitives primitives;
  std::optional<FileLogins> from_file;
  std::optional<DovecotAuthenticator> from_dovecot;
  server::Authenticator* authenticator = nullptr;
  if (config.dovecot) {
    authenticator =
        &from_dovecot.emplace(transport::Endpoint::local(config.dovecot->native()), random_id(primitives));
  } else {
    authenticator = &from_file.emplace(config.accounts_file, primitives, log).authenticator;
  }
  AgentServices services{store, log, authenticator};
  MailAgent agent(loops, services, config);
  std::optional<DovecotWatch> watch;
  if (from_dovecot) {
    watch.emplace(*from_dovecot, *config.dovecot, loops[0], log, [&agent] { agent.offer_again(); });
    watch->ask_first();
  }
  if (const auto started = agent.start(); !started) {
    log_line(log, LogLevel::error, started.error().text);
    return started.error().exit_code;
  }
  // Behind the listeners, so that a second agent hears of the address that is taken; nobody is served yet.
  const auto queue = QueueService::open(config, primitives, store, log);
  if (!queue) {
    log_line(log, LogLevel::error, queue.error().text);
    return queue.error().exit_code;
  }
  services.queue = &(*queue)->intake();
  (*queue)->start();
  if (watch) watch->start();
  clean_mailboxes(store, log, config);
  const auto end = [&](int times) {
    log_line(log, LogLevel::info,
             times == 0 ? "stopping: sessions may finish their messages" : "stopping at once");
    agent.stop(times == 0 ? transport::Duration(kDrain) : transport::Duration::zero());
    if (times != 0) (*queue)->hurry();
    if (watch) watch->stop();
    loops.stop();
  };
  {
    const auto reloaded = [&watch] {
      if (watch) watch->ask_again();
    };
    const SignalWatch signals(end, Reloader(options, agent, **queue, log, config, reloaded));
    loops.run();
    (*queue)->stop(std::chrono::duration_cast<transport::Duration>(kDrain));
  }
  const server::Counters counters = agent.counters();
  LogLine line(LogLevel::info, "stopped");
  line.add("connections", counters.connections).add("messages", counters.messages);
  log.write(line.add("octets", counters.octets));
  return ExitCode::done;
}

}  // namespace

ExitCode serve(const ServeOptions& options) {
  const ConfigResult loaded = load_config(options.config);
  if (!loaded) return print_problems(loaded.error());
  if (const auto missing = not_built_yet(*loaded); !missing.empty()) return print_problems(missing);
  block_process_signals();
  return run(options, *loaded);
}

}  // namespace postrider::agent
