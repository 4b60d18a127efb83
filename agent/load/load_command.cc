#include "postrider/agent/load/load_command.h"

#include <chrono>
#include <expected>
#include <iostream>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

#include "postrider/agent/config/config_reader.h"
#include "postrider/agent/load/load_job.h"
#include "postrider/agent/load/load_report.h"
#include "postrider/agent/load/load_session.h"
#include "postrider/agent/record/session_records.h"
#include "postrider/agent/send/host_lookup.h"
#include "postrider/agent/send/send_security.h"
#include "postrider/agent/serve/file_limit.h"
#include "postrider/transport/signal.h"
#include "postrider/transport/socket_network.h"

namespace postrider::agent {

using transport::Task;

namespace {

constexpr std::chrono::seconds kProgressEvery(2);

// One thread's part of a run.
struct Part {
  Part(transport::Loop& its_loop, const SessionRecords* records)
      : loop(its_loop), sockets(its_loop), watched(recording(its_loop, sockets, records)), ended(its_loop) {}

  transport::Network& network() { return watched ? static_cast<transport::Network&>(*watched) : sockets; }

  transport::Loop& loop;
  transport::SocketNetwork sockets;
  std::unique_ptr<transport::TappedNetwork> watched;  // nullptr: nothing is recorded
  transport::Signal ended;
  std::vector<std::unique_ptr<LoadSession>> sessions;
  std::size_t running = 0;
  LoadCounts counts;
};

Task<void> run_session(LoadSession& session, Part& part) {
  co_await session.run();
  if (--part.running == 0) part.ended.notify();
}

Task<void> show_progress(const std::vector<std::unique_ptr<Part>>& parts, std::uint64_t messages) {
  Part& mine = *parts.front();
  std::uint64_t before = 0;
  for (;;) {
    const transport::error_code woken =
        co_await mine.ended.wait(transport::later(mine.loop.now(), kProgressEvery));
    if (woken != transport::error::timed_out) co_return;
    std::uint64_t accepted = 0;
    std::uint64_t failed = 0;
    for (const auto& part : parts) {
      accepted += part->counts.delivered.value();
      failed += part->counts.failed.value();
    }
    const std::uint64_t rate = (accepted - before) / static_cast<std::uint64_t>(kProgressEvery.count());
    before = accepted;
    std::cerr << accepted << " of " << messages << " accepted, " << failed << " not, " << rate
              << " a second\n";
  }
}

std::chrono::nanoseconds processor_time() noexcept {
  ::rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto part = [](const ::timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
  };
  return part(usage.ru_utime) + part(usage.ru_stime);
}

std::expected<LoadTls, SendProblem> tls_of(const LoadOptions& options) {
  if (options.tls == client::TlsUse::none) return LoadTls();
  auto context = client_tls(embedded_config().config.tls.backend, options.authorities);
  if (!context) return std::unexpected(context.error());
  LoadTls tls{*std::move(context), {}};
  tls.target.name = options.server.host;
  tls.target.port = options.server.port;
  tls.target.policy = options.insecure ? transport::TlsPolicy::none : transport::TlsPolicy::pkix;
  return tls;
}

ExitCode fail(ExitCode code, std::string_view what) {
  std::cerr << "postrider load: " << what << '\n';
  return code;
}

LoadReport run(LoadJob& job, const SessionRecords* records) {
  const LoadOptions& options = job.options();
  transport::Loops loops(std::max(1U, options.threads));
  std::vector<std::unique_ptr<Part>> parts;
  for (std::size_t index = 0; index < loops.size(); ++index) {
    parts.push_back(std::make_unique<Part>(loops[index], records));
  }
  for (std::uint32_t number = 0; number < options.sessions; ++number) {
    Part& part = *parts[number % parts.size()];
    part.sessions.push_back(std::make_unique<LoadSession>(part.loop, part.network(), job, part.counts));
    ++part.running;
    part.loop.spawn(run_session(*part.sessions.back(), part));
  }
  if (::isatty(STDERR_FILENO) != 0) loops[0].spawn(show_progress(parts, options.messages));
  loops.stop();  // when every session has ended

  LoadReport report;
  const std::chrono::nanoseconds processor = processor_time();
  const transport::SteadyTime begin = loops[0].now();
  loops.run();
  report.time = loops[0].now() - begin;
  report.processor = processor_time() - processor;
  report.octets = job.content().size();
  for (const auto& part : parts) report.add(part->counts);
  return report;
}

}  // namespace

ExitCode load(const LoadOptions& options) {
  const auto addresses = look_up(options.server, embedded_config().config);
  if (!addresses) return fail(addresses.error().code, addresses.error().text);
  auto tls = tls_of(options);
  if (!tls) return fail(tls.error().code, tls.error().text);
  auto job = LoadJob::make(options, addresses->front(), *std::move(tls));
  if (!job) return fail(ExitCode::usage, job.error());
  raise_file_limit();
  std::optional<SessionRecords> records;
  if (options.record) {
    auto opened =
        SessionRecords::open(*options.record, SessionRecords::Files::each, transport::RealClock::instance());
    if (!opened) return fail(ExitCode::bad_input, "--record: " + opened.error());
    records = *std::move(opened);
  }
  const LoadReport report = run(*job, records ? &*records : nullptr);
  std::cout << (options.json ? report.to_json(options) : report.to_text(options)) << std::flush;
  if (report.delivered == options.messages) return ExitCode::done;
  return report.delivered == 0 ? ExitCode::unavailable : ExitCode::temporary;
}

}  // namespace postrider::agent
