#include "postrider/agent/serve/sink_command.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <iostream>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include <unistd.h>

#include "postrider/agent/config/config_reader.h"
#include "postrider/agent/log/log.h"
#include "postrider/agent/maildir/maildir_store.h"
#include "postrider/agent/serve/file_limit.h"
#include "postrider/agent/serve/mail_agent.h"
#include "postrider/agent/serve/process_signals.h"
#include "postrider/transport/loop.h"

namespace postrider::agent {
namespace {

constexpr std::chrono::seconds kTick(5);

// A configuration with the one listener, open to everybody for every domain, and no limit but the machine's.
std::optional<Config> sink_config(const SinkOptions& options) {
  Config config = embedded_config().config;
  config.threads = options.threads;
  config.limits.message_size = 0;
  config.limits.recipients = 1'000'000;
  config.limits.connections = 1'000'000;
  config.limits.connections_per_address = 1'000'000;
  config.log.level = LogLevel::warning;
  Listener listener;
  listener.address = options.listen;
  listener.tls = options.tls;
  listener.role = options.lmtp ? Role::lmtp : options.maildir ? Role::mx : Role::sink;
  listener.relay_from = {*Network::parse("0.0.0.0/0"), *Network::parse("::/0")};
  config.listeners = {listener};
  RouteConfig route;
  route.route.domains = {"localhost", "*"};  // a domain of ours is where <Postmaster> goes
  if (options.maildir) {
    auto path = MaildirPath::parse(std::filesystem::absolute(*options.maildir).native());
    if (!path) return std::nullopt;
    route.route.destination = ToMaildir{*std::move(path)};
  }
  config.routes = {route};
  return config;
}

std::string count_of(std::uint64_t count, std::string_view what) {
  return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

std::string summary(const server::Counters& counters) {
  std::string text = count_of(counters.messages, "message") + ", " + count_of(counters.octets, "octet") +
                     ", " + count_of(counters.connections, "connection");
  if (counters.messages_refused != 0) text += ", " + count_of(counters.messages_refused, "refused message");
  if (counters.refused != 0) text += ", " + count_of(counters.refused, "refused connection");
  return text;
}

// Prints what came in, every few seconds, while somebody watches.
class Ticker {
 public:
  explicit Ticker(const MailAgent& agent) : thread_([this, &agent] { run(agent); }) {}
  ~Ticker() {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    ended_.notify_one();
    thread_.join();
  }
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

 private:
  void run(const MailAgent& agent) {
    std::uint64_t last = 0;
    std::unique_lock lock(mutex_);
    while (!ended_.wait_for(lock, kTick, [this] { return over_; })) {
      const server::Counters counters = agent.counters();
      if (counters.messages == last) continue;
      const double rate =
          static_cast<double>(counters.messages - last) / std::chrono::duration<double>(kTick).count();
      std::cerr << summary(counters) << "; " << static_cast<std::uint64_t>(rate) << " messages/s\n";
      last = counters.messages;
    }
  }

  std::mutex mutex_;
  std::condition_variable ended_;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace

ExitCode sink(const SinkOptions& options) {
  const std::optional<Config> config = sink_config(options);
  if (!config) {
    std::cerr << "postrider sink: --maildir: only {local} and {domain} may stand in braces\n";
    return ExitCode::usage;
  }
  block_process_signals();
  Log log(config->log);
  raise_file_limit();
  transport::Loops loops(config->threads);
  MaildirStore store(MaildirOptions{});
  const AgentServices services{store, log};
  MailAgent agent(loops, services, *config);
  if (const auto started = agent.start(); !started) {
    std::cerr << "postrider sink: " << started.error().text << '\n';
    return started.error().exit_code;
  }
  std::cerr << "listening on " << agent.addresses().front().to_string() << '\n';
  std::optional<Ticker> ticker;
  if (::isatty(STDERR_FILENO) == 1) ticker.emplace(agent);
  {
    const auto end = [&](int) {
      agent.stop(transport::Duration::zero());
      loops.stop();
    };
    const SignalWatch watch(end, [] {});
    loops.run();
  }
  ticker.reset();
  std::cout << summary(agent.counters()) << std::endl;
  return ExitCode::done;
}

}  // namespace postrider::agent
