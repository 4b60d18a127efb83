#include "postrider/agent/fuzz/fuzz_command.h"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "postrider/agent/config/config_reader.h"
#include "postrider/agent/fuzz/fuzz_report.h"
#include "postrider/agent/send/host_lookup.h"
#include "postrider/fuzz/campaign/campaign.h"
#include "postrider/fuzz/campaign/comparison.h"
#include "postrider/fuzz/wire/unverified_tls.h"
#include "postrider/transport/loop.h"
#include "postrider/transport/signal.h"
#include "postrider/transport/socket_network.h"

namespace postrider::agent {

using transport::Task;

namespace {

constexpr std::chrono::seconds kProgressEvery(2);

ExitCode fail(ExitCode code, std::string_view what) {
  std::cerr << "postrider fuzz: " << what << '\n';
  return code;
}

// What both ways of running have in common.
struct Setting {
  std::vector<transport::Endpoint> addresses;
  fuzz::SessionSource sources;
  fuzz::PlayOptions play;

  Setting() : sources(0, fuzz::SessionSettings()) {}
};

// An exit code that is not `done`: it was said why.
ExitCode prepare(const FuzzOptions& options, Setting& setting) {
  for (const HostPort& server : options.servers) {
    const auto addresses = look_up(server, embedded_config().config);
    if (!addresses) return fail(ExitCode::unavailable, addresses.error().text);
    if (!addresses->front().is_loopback() && !options.owned) {
      return fail(ExitCode::usage,
                  to_text(server) +
                      " is not on loopback. Fuzz no server but your own: --yes-i-own-it says "
                      "that it is yours");
    }
    setting.addresses.push_back(addresses->front());
  }
  fuzz::SessionSettings sessions;
  sessions.words.sender = options.sender;
  sessions.words.recipient = options.recipient;
  sessions.tls = options.tls;
  std::vector<fuzz::SessionPlan> corpus;
  if (options.corpus) {
    auto read = fuzz::read_corpus(*options.corpus, sessions);
    if (!read) return fail(ExitCode::usage, "--corpus: " + read.error());
    corpus = *std::move(read);
  }
  setting.sources = fuzz::SessionSource(options.seed, sessions, std::move(corpus));
  setting.play.timeout = options.timeout;
  if (options.tls) {
    auto context = fuzz::unverified_tls();
    if (!context) return fail(ExitCode::unavailable, context.error());
    setting.play.tls = *std::move(context);
  }
  return ExitCode::done;
}

Task<void> show_campaign(transport::Loop& loop, const fuzz::Campaign& campaign) {
  transport::SteadyTime next = transport::later(loop.now(), kProgressEvery);
  while (!campaign.over()) {
    co_await transport::pause(loop, std::chrono::milliseconds(100));
    if (loop.now() < next || campaign.over()) continue;
    next = transport::later(loop.now(), kProgressEvery);
    const fuzz::CampaignProgress& progress = campaign.progress();
    std::cerr << progress.sessions << " sessions, " << progress.replies << " replies, "
              << campaign.found().size() << " kinds of findings\n";
  }
}

Task<void> show_comparison(transport::Loop& loop, const fuzz::Comparison& comparison) {
  transport::SteadyTime next = transport::later(loop.now(), kProgressEvery);
  while (!comparison.over()) {
    co_await transport::pause(loop, std::chrono::milliseconds(100));
    if (loop.now() < next || comparison.over()) continue;
    next = transport::later(loop.now(), kProgressEvery);
    std::cerr << comparison.sessions() << " sessions, " << comparison.disagreements().size()
              << " disagreements\n";
  }
}

bool write_file(const std::filesystem::path& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  return static_cast<bool>(file);
}

// Prints the report, and writes what is wanted beside.
template <class Report>
ExitCode publish(const FuzzOptions& options, const Report& report, bool found) {
  std::cout << (options.json ? report.to_json(options) : report.to_text(options)) << std::flush;
  if (options.junit && !write_file(*options.junit, report.to_junit(options))) {
    return fail(ExitCode::internal, options.junit->string() + " cannot be written");
  }
  return found ? ExitCode::bad_input : ExitCode::done;
}

ExitCode run_campaign(const FuzzOptions& options, Setting setting) {
  fuzz::CampaignOptions job;
  job.address = setting.addresses.front();
  job.sources = std::move(setting.sources);
  job.play = std::move(setting.play);
  job.first = options.only.value_or(0);
  job.sessions = options.only ? 1 : options.sessions;
  job.time = options.time;
  job.connections = options.connections;
  transport::Loop loop;
  transport::SocketNetwork network(loop);
  fuzz::Campaign campaign(loop, network, std::move(job));
  const transport::SteadyTime begun = loop.now();
  loop.spawn(campaign.run());
  loop.spawn(show_campaign(loop, campaign));
  loop.stop();  // when both have ended
  loop.run();
  if (campaign.unreachable()) {
    return fail(ExitCode::unavailable, to_text(options.servers.front()) + " does not answer");
  }
  FuzzReport report;
  report.progress = campaign.progress();
  report.found = campaign.found();
  report.time = loop.now() - begun;
  const auto written = write_findings(options, report);
  if (!written) return fail(ExitCode::internal, "--findings: " + written.error());
  return publish(options, report, !report.found.empty());
}

ExitCode run_comparison(const FuzzOptions& options, Setting setting) {
  fuzz::ComparisonOptions job;
  job.addresses = std::move(setting.addresses);
  job.sources = std::move(setting.sources);
  job.play = std::move(setting.play);
  job.first = options.only.value_or(0);
  job.sessions = options.only ? 1 : options.sessions;
  job.connections = options.connections;
  transport::Loop loop;
  transport::SocketNetwork network(loop);
  fuzz::Comparison comparison(loop, network, std::move(job));
  const transport::SteadyTime begun = loop.now();
  loop.spawn(comparison.run());
  loop.spawn(show_comparison(loop, comparison));
  loop.stop();  // when both have ended
  loop.run();
  if (!comparison.unreachable().empty()) {
    return fail(ExitCode::unavailable, comparison.unreachable().front().to_string() + " does not answer");
  }
  ComparisonReport report;
  report.sessions = comparison.sessions();
  report.disagreements = comparison.disagreements();
  report.time = loop.now() - begun;
  return publish(options, report, !report.disagreements.empty());
}

}  // namespace

ExitCode fuzz(const FuzzOptions& options) {
  Setting setting;
  const ExitCode ready = prepare(options, setting);
  if (ready != ExitCode::done) return ready;
  return options.compare ? run_comparison(options, std::move(setting))
                         : run_campaign(options, std::move(setting));
}

}  // namespace postrider::agent
