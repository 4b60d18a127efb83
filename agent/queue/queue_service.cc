#include "postrider/agent/queue/queue_service.h"

#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include <absl/random/random.h>

#include "postrider/agent/names/name_service.h"
#include "postrider/agent/queue/control_server.h"
#include "postrider/agent/queue/open_spool.h"
#include "postrider/agent/queue/queue_runner.h"
#include "postrider/agent/send/send_security.h"
#include "postrider/agent/tls_report/report_sender.h"
#include "postrider/agent/tls_report/report_store.h"
#include "postrider/agent/tls_report/tls_recorder.h"
#include "postrider/transport/signal.h"
#include "postrider/transport/socket_network.h"

namespace postrider::agent {
namespace {

constexpr int kTries = 50;  // to open the store, before it is said to be somebody else's
constexpr std::chrono::milliseconds kPause{100};

transport::Task<void> rest_on(transport::Loop& loop) {
  co_await transport::sleep_until(loop, transport::later(loop.now(), kPause));
  loop.halt();
}

void rest() {
  transport::Loop loop;
  loop.spawn(rest_on(loop));
  loop.run();
}

std::unexpected<StartFailure> wrong_configuration(std::string text) {
  return std::unexpected(StartFailure{std::move(text), ExitCode::configuration});
}

}  // namespace

class QueueService::Impl {
 public:
  Impl(const Config& config, const protocol::sasl::Primitives& primitives, MaildirStore& mailboxes, Log& log)
      : primitives_(primitives),
        mailboxes_(mailboxes),
        log_(log),
        network_(loop_),
        policies_(config.state / "mta-sts"),
        tls_counts_(config.state / "tls-report"),
        tls_recorder_(loop_.clock(), tls_counts_.counts(), &policies_) {}

  std::expected<void, StartFailure> open(const Config& config) {
    auto routes = DeliveryRoutes::make(config, primitives_);
    if (!routes) return wrong_configuration(routes.error());
    auto names = NameService::make(loop_, network_, config, policies_);
    if (!names) return wrong_configuration(names.error());
    names_ = *std::move(names);
    auto tls = client_tls(config.tls.backend, std::nullopt);
    if (!tls) return std::unexpected(StartFailure{tls.error().text, tls.error().code});
    std::error_code ignored;  // what fails now fails below, and is said
    std::filesystem::create_directories(config.state, ignored);
    auto spool = open_spool(config);
    // `postrider queue` may have found no agent, and have the store for a moment.
    for (int left = kTries; left > 0 && !spool && spool.error().exit_code == ExitCode::temporary; --left) {
      rest();
      spool = open_spool(config);
    }
    if (!spool) return std::unexpected(spool.error());
    spool_ = *std::move(spool);
    if (const auto error = policies_.open()) {
      LogLine line(LogLevel::warning, "MTA-STS policies are not kept on disk");
      log_.write(line.add("reason", *error));
    }
    if (const auto problem = tls_counts_.open()) {
      LogLine line(LogLevel::warning, "earlier TLS counters are not there");
      log_.write(line.add("reason", *problem));
    }
    absl::BitGen random;
    DelivererParts parts{.loop = loop_,
                         .network = network_,
                         .resolver = names_->resolver(),
                         .sts = names_.get(),
                         .spool = *spool_,
                         .mailboxes = mailboxes_,
                         .tls = *std::move(tls),
                         .routes = *std::move(routes),
                         .pool = {},
                         .seed = 0,
                         .observer = &tls_recorder_};
    RunnerParts runner(std::move(parts), config.queue, log_);
    runner.seed = absl::Uniform<std::uint64_t>(random);
    runner_.emplace(std::move(runner));
    ReportSenderParts reports{
        .loop = loop_,
        .network = network_,
        .resolver = names_->resolver(),
        .addresses = names_->addresses(),
        .tls = names_->https(),
        .store = tls_counts_,
        .spool = *spool_,
        .intake = *runner_,
        .line_of = [this](std::string_view address) { return runner_->line_of(address); },
        .log = log_,
        .hostname = config.hostname,
        .config = config.tls_report,
        .seed = absl::Uniform<std::uint64_t>(random)};
    tls_reports_.emplace(std::move(reports));
    control_.emplace(loop_, network_, config.state / kControlSocket, *runner_, log_);
    return {};
  }

  void start() {
    if (const auto started = control_->start(); !started) {
      // The mail goes its way without it; a path may be too long for a socket, for one.
      LogLine line(LogLevel::warning, "`postrider queue` cannot reach this agent");
      log_.write(line.add("reason", started.error().text));
    }
    runner_->start();
    tls_reports_->start();
    LogLine line(LogLevel::info, "queue opened");
    log_.write(line.add("messages", spool_->size()));
    thread_ = std::thread([this] { loop_.run(); });
  }

  void stop(transport::Duration drain) {
    if (!thread_.joinable()) return;
    control_->stop();
    loop_.post([this, drain] { loop_.spawn(wind_down(transport::later(loop_.now(), drain))); });
    thread_.join();
  }

  const protocol::sasl::Primitives& primitives_;
  MaildirStore& mailboxes_;
  Log& log_;
  transport::Loop loop_;
  transport::SocketNetwork network_;
  resolver::StsStore policies_;
  ReportStore tls_counts_;
  TlsRecorder tls_recorder_;
  std::unique_ptr<NameService> names_;
  std::optional<QueueRunner> runner_;
  // Destroyed before the runner: until then it may still call what it was handed for a message.
  std::unique_ptr<queue::Spool> spool_;
  std::optional<ReportSender> tls_reports_;
  std::optional<ControlServer> control_;
  std::thread thread_;

 private:
  transport::Task<void> wind_down(transport::SteadyTime deadline) {
    co_await runner_->stop(deadline);
    co_await tls_reports_->stop();
    // What may still be under way (a look-up, a farewell) is not worth waiting for.
    loop_.halt();
  }
};

QueueService::QueueService(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
QueueService::~QueueService() { stop(transport::Duration::zero()); }

std::expected<std::unique_ptr<QueueService>, StartFailure> QueueService::open(
    const Config& config, const protocol::sasl::Primitives& primitives, MaildirStore& mailboxes, Log& log) {
  auto impl = std::make_unique<Impl>(config, primitives, mailboxes, log);
  if (auto opened = impl->open(config); !opened) return std::unexpected(opened.error());
  return std::unique_ptr<QueueService>(new QueueService(std::move(impl)));
}

QueueIntake& QueueService::intake() noexcept { return *impl_->runner_; }

void QueueService::start() { impl_->start(); }

std::expected<std::shared_ptr<const DeliveryRoutes>, std::string> QueueService::prepare(
    const Config& config) const {
  return DeliveryRoutes::make(config, impl_->primitives_);
}

void QueueService::reload(std::shared_ptr<const DeliveryRoutes> routes, const Config& config) {
  impl_->loop_.post(
      [this, routes = std::move(routes), queue = config.queue, reports = config.tls_report]() mutable {
        impl_->tls_reports_->use(routes->hostname, reports);
        impl_->runner_->use(std::move(routes), queue);
      });
}

void QueueService::stop(transport::Duration drain) { impl_->stop(drain); }

void QueueService::hurry() {
  impl_->loop_.post([this] { impl_->runner_->give_up(); });
}

}  // namespace postrider::agent
